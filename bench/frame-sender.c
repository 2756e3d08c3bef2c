/*
 * frame-sender: plays a capture of DNS onto both ends of a veth pair, as fast as it is told.
 *
 *     frame-sender file=CAPTURE out=IFACE in=IFACE [rate=1000] [seconds=3] [every=10] [first=0]
 *
 * What goes to port 53 leaves by `out`, the interface that is captured on; all else is sent into `in`, its peer, and so comes in
 * there. `rate` counts packets. Of every `every` exchanges one is marked: a query of a zone of its own, and a referral with one
 * AAAA record 2001:db8::/32, of which octets 4 to 11 are the time of sending (CLOCK_MONOTONIC, nanoseconds, most significant
 * octet first) and octets 12 to 15 its number, counted from `first`. The capture begins anew when it ends. Standard output has one line of JSON.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BURST = 32, FRAME_BYTES = 512, LEAST_FRAME = 42, IP_AT = 14, UDP_AT = 34, DNS_AT = 42, PCAP_HEAD = 24, RECORD_HEAD = 16 };
static const uint64_t SECOND_NS = 1000000000;

struct lane {
  int socket;
  unsigned count;
  struct mmsghdr messages[2 * BURST];
  struct iovec parts[2 * BURST];
};

static const char *file_name, *out_name, *in_name;
static double rate = 1000, seconds = 3, every = 10, first = 0;
static uint8_t *capture, *end, *next_record;
static struct lane out_lane, in_lane;
static uint8_t marked[BURST][2][FRAME_BYTES];
static uint8_t *stamps[BURST];
static unsigned stamp_count;
static uint64_t queries, responses, marks;

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
}

static void write16(uint8_t *to, unsigned value) {
  to[0] = (uint8_t)(value >> 8);
  to[1] = (uint8_t)value;
}

static void write_number(uint8_t *to, uint64_t value, int octets) {
  for (int at = octets - 1; at >= 0; at--, value >>= 8) to[at] = (uint8_t)value;
}

/* ---- lanes ---- */

static void open_lane(struct lane *lane, const char *name) {
  lane->socket = socket(AF_PACKET, SOCK_RAW, 0);
  if (lane->socket < 0) fail("a packet socket");
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(name)};
  if (address.sll_ifindex == 0 || bind(lane->socket, (struct sockaddr *)&address, sizeof address) < 0) fail(name);
  for (unsigned at = 0; at < 2 * BURST; at++) {
    lane->messages[at].msg_hdr = (struct msghdr){.msg_iov = &lane->parts[at], .msg_iovlen = 1};
  }
}

static void add(struct lane *lane, uint8_t *frame, size_t length) {
  lane->parts[lane->count++] = (struct iovec){.iov_base = frame, .iov_len = length};
}

static void send_lane(struct lane *lane) {
  for (unsigned sent = 0; sent < lane->count;) {
    int count = sendmmsg(lane->socket, lane->messages + sent, lane->count - sent, 0);
    if (count > 0) sent += (unsigned)count;
    else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) fail("sending");
  }
  lane->count = 0;
}

/* ---- marked exchanges ---- */

static const uint8_t RESOLVER[4] = {203, 0, 113, 53}, SERVER[4] = {192, 0, 2, 30};

static size_t begin_frame(uint8_t *frame, uint32_t number, bool is_response) {
  static const uint8_t ETHERNET[14] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
  unsigned port = 1024 + number % 60000;
  memset(frame, 0, FRAME_BYTES);
  memcpy(frame, ETHERNET, sizeof ETHERNET);
  write16(frame + IP_AT, 0x4500);
  write16(frame + IP_AT + 8, 0x4011);
  memcpy(frame + IP_AT + 12, is_response ? SERVER : RESOLVER, 4);
  memcpy(frame + IP_AT + 16, is_response ? RESOLVER : SERVER, 4);
  write16(frame + UDP_AT, is_response ? 53 : port);
  write16(frame + UDP_AT + 2, is_response ? port : 53);
  write16(frame + DNS_AT, number & 0xffff);
  frame[DNS_AT + 2] = is_response ? 0x80 : 0;
  frame[DNS_AT + 5] = 1;
  char name[32];
  int length = snprintf(name, sizeof name, "mark%" PRIu32, number);
  uint8_t *at = frame + DNS_AT + 12;
  *at++ = (uint8_t)length;
  memcpy(at, name, (size_t)length);
  at += length;
  memcpy(at, "\3com\0\0\1\0\1", 9);
  return (size_t)(at + 9 - frame);
}

static size_t end_frame(uint8_t *frame, size_t length) {
  write16(frame + IP_AT + 2, (unsigned)(length - IP_AT));
  write16(frame + UDP_AT + 4, (unsigned)(length - UDP_AT));
  return length;
}

static void add_marked(void) {
  uint32_t number = (uint32_t)first + (uint32_t)marks++;
  uint8_t *query = marked[stamp_count][0], *response = marked[stamp_count][1];
  add(&out_lane, query, end_frame(query, begin_frame(query, number, false)));
  uint8_t *at = response + begin_frame(response, number, true);
  response[DNS_AT + 9] = 1;
  response[DNS_AT + 11] = 1;
  /* NS: the question's name, TTL two days, ns1 below it */
  memcpy(at, "\xc0\x0c\0\2\0\1\0\2\xa3\0\0\6\3ns1\xc0\x0c", 18);
  unsigned name_at = (unsigned)(at + 12 - (response + DNS_AT));
  at += 18;
  write16(at, 0xc000 | name_at);
  memcpy(at + 2, "\0\34\0\1\0\2\xa3\0\0\20\x20\x01\x0d\xb8", 14);
  stamps[stamp_count++] = at + 16;
  write_number(at + 24, number, 4);
  add(&in_lane, response, end_frame(response, (size_t)(at + 28 - response)));
  queries++;
  responses++;
}

/* ---- the capture ---- */

static void read_capture(void) {
  FILE *file = fopen(file_name, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) fail(file_name);
  long size = ftell(file);
  rewind(file);
  capture = malloc((size_t)size);
  if (capture == NULL || size < PCAP_HEAD || fread(capture, 1, (size_t)size, file) != (size_t)size) fail(file_name);
  fclose(file);
  end = capture + size;
  next_record = capture + PCAP_HEAD;
}

static void add_recorded(void) {
  for (;;) {
    uint32_t length;
    if (end - next_record < RECORD_HEAD) next_record = capture + PCAP_HEAD;
    memcpy(&length, next_record + 8, 4);
    if ((size_t)(end - next_record) < RECORD_HEAD + (size_t)length) {
      next_record = capture + PCAP_HEAD;
      continue;
    }
    uint8_t *frame = next_record + RECORD_HEAD;
    next_record = frame + length;
    if (length < LEAST_FRAME) continue;
    bool is_query = frame[UDP_AT + 2] == 0 && frame[UDP_AT + 3] == 53;
    add(is_query ? &out_lane : &in_lane, frame, length);
    if (is_query) queries++;
    else responses++;
    return;
  }
}

static void send_burst(uint64_t packets) {
  static uint64_t exchanges;
  stamp_count = 0;
  while (packets >= 2) {
    if (exchanges++ % (uint64_t)every == 0) {
      add_marked();
    } else {
      add_recorded();
      add_recorded();
    }
    packets -= 2;
  }
  send_lane(&out_lane);
  uint64_t time = now_ns();
  for (unsigned at = 0; at < stamp_count; at++) write_number(stamps[at], time, 8);
  send_lane(&in_lane);
}

static void read_options(int count, char **options) {
  for (int at = 1; at < count; at++) {
    char *value = strchr(options[at], '=');
    if (value == NULL) exit(2);
    *value++ = 0;
    if (strcmp(options[at], "file") == 0) file_name = value;
    else if (strcmp(options[at], "out") == 0) out_name = value;
    else if (strcmp(options[at], "in") == 0) in_name = value;
    else if (strcmp(options[at], "rate") == 0) rate = atof(value);
    else if (strcmp(options[at], "seconds") == 0) seconds = atof(value);
    else if (strcmp(options[at], "every") == 0) every = atof(value);
    else if (strcmp(options[at], "first") == 0) first = atof(value);
    else exit(2);
  }
  if (file_name == NULL || out_name == NULL || in_name == NULL || rate <= 0 || seconds <= 0 || every < 1) exit(2);
}

int main(int count, char **options) {
  read_options(count, options);
  read_capture();
  open_lane(&out_lane, out_name);
  open_lane(&in_lane, in_name);
  uint64_t start = now_ns(), stop = start + (uint64_t)(seconds * 1e9), sent = 0, now;
  while ((now = now_ns()) < stop) {
    uint64_t due = (uint64_t)((double)(now - start) / 1e9 * rate);
    uint64_t waiting = due > sent ? due - sent : 0;
    if (waiting < 2) {
      uint64_t gap_ns = (uint64_t)(2e9 / rate);
      struct timespec pause = {.tv_nsec = (long)(gap_ns > 1000000 ? 1000000 : gap_ns)};
      nanosleep(&pause, NULL);
      continue;
    }
    uint64_t burst = waiting > BURST ? BURST : waiting & ~1ull;
    send_burst(burst);
    sent += burst;
  }
  printf("{\"queries\":%" PRIu64 ",\"responses\":%" PRIu64 ",\"marks\":%" PRIu64 ",\"seconds\":%.3f}\n", queries, responses,
         marks, (double)(now - start) / 1e9);
  return 0;
}
