/*
 * load-generator: OpenFlow 1.3 switches that ask a controller for verdicts as fast as it gives them.
 *
 *     load-generator PORT SWITCHES WINDOW WARM_SECONDS SECONDS KNOWN_PERCENT
 *
 * Connects SWITCHES switches to 127.0.0.1:PORT, waits until the controller has nothing more to set up, then keeps
 * WINDOW packet_ins in flight per switch, each with a DNS query of its own. KNOWN_PERCENT of them go to a random
 * address of 198.18.0.0/16, which the controller is to know, the others each to a fresh one of 241.0.0.0/8. These
 * addresses are octets in packet_ins only; nothing is sent to them.
 *
 * A packet_in is answered once: to a known destination by the packet_out that carries its DNS ID, to an unknown one by
 * the flow_mod that matches on its destination. Answers count from WARM_SECONDS on, for SECONDS. The one line on
 * standard output is JSON; the exit status is 0 when the load ran to its end.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "query-frame.h"

enum { MAX_SWITCHES = 256, MAX_WINDOW = 1024, MAX_SECONDS = 120 };
enum { INPUT_BYTES = 1 << 18, OUTPUT_BYTES = 1 << 20, SLOTS = 1 << 16, LATENCY_BUCKETS = 1 << 20 };
enum { HELLO = 0, ERROR = 1, ECHO_REQUEST = 2, EXPERIMENTER = 4, FEATURES_REQUEST = 5, GET_CONFIG_REQUEST = 7,
       SET_CONFIG = 9, PACKET_IN = 10, PACKET_OUT = 13, FLOW_MOD = 14, MULTIPART_REQUEST = 18, BARRIER_REQUEST = 20,
       QUEUE_CONFIG_REQUEST = 22, ROLE_REQUEST = 24, GET_ASYNC_REQUEST = 26 };
enum { MULTIPART_DESC = 0, MULTIPART_METER_FEATURES = 11, MULTIPART_PORT_DESC = 13 };

static const uint64_t SECOND_NS = 1000000000, QUIET_NS = 300000000, HANDSHAKE_NS = 15000000000, DRAIN_NS = 500000000;

/* A packet_in that waits for its answer; sent_ns is 0 when the slot is free. */
struct pending {
  uint32_t key;
  uint64_t sent_ns;
};

struct switch_end {
  int fd;
  uint64_t datapath_id;
  uint8_t input[INPUT_BYTES], output[OUTPUT_BYTES];
  size_t filled, queued, written;
  bool is_identified;
  uint16_t config_flags, next_dns_id;
  uint32_t next_xid, in_flight;
  struct pending known[SLOTS], unknown[SLOTS];
};

static struct switch_end *switches[MAX_SWITCHES];
static uint32_t switch_count, window, known_percent, next_fresh;
static uint64_t now_ns, last_heard_ns, measured_from_ns, measured_until_ns;
static uint64_t sent, answers, lost, flow_mods, packet_outs, errors, latency_us[LATENCY_BUCKETS];

static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("load-generator: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

static void read_clock(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  now_ns = (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
}

/* Room for a message in the output, all zero but its header. */
static uint8_t *begin_message(struct switch_end *end, uint8_t type, size_t length, uint32_t xid) {
  if (end->queued + length > OUTPUT_BYTES) fail("the controller does not read");
  uint8_t *message = end->output + end->queued;
  end->queued += length;
  memset(message, 0, length);
  message[0] = 4;
  message[1] = type;
  write16(message + 2, length);
  write32(message + 4, xid);
  return message;
}

/* ---- the question ---- */

/* in_port and metadata, as Open vSwitch sends them from the second table: 4 + 8 + 12 octets, no padding */
enum { MATCH_BYTES = 24, PACKET_IN_BYTES = 24 + MATCH_BYTES + 2 + FRAME_BYTES };

static void send_packet_in(struct switch_end *end) {
  bool is_known = next_random() % 100 < known_percent;
  uint32_t source = 10u << 24 | (next_random() & 0x3ff);
  uint32_t fresh = next_fresh = is_known ? next_fresh : (next_fresh + 1) & 0xffffff;
  uint32_t destination = is_known ? 198u << 24 | 18u << 16 | (next_random() & 0xffff) : 241u << 24 | fresh;
  uint16_t dns_id = end->next_dns_id++;
  uint8_t *message = begin_message(end, PACKET_IN, PACKET_IN_BYTES, ++end->next_xid);
  write32(message + 8, 0xffffffff);
  write16(message + 12, FRAME_BYTES);
  message[15] = 1;
  write64(message + 16, 0x6757000000000013);
  write16(message + 24, 1);
  write16(message + 26, MATCH_BYTES);
  write32(message + 28, 0x80000004);
  write32(message + 32, 1);
  write32(message + 36, 0x80000408);
  write64(message + 40, 1);
  write_frame(message + 24 + MATCH_BYTES + 2, source, destination, dns_id);

  struct pending *slot = is_known ? &end->known[dns_id] : &end->unknown[fresh % SLOTS];
  if (slot->sent_ns != 0) lost++, end->in_flight--;
  *slot = (struct pending){.key = is_known ? dns_id : destination, .sent_ns = now_ns};
  end->in_flight++;
  sent++;
}

/* ---- the answer ---- */

static void count_answer(struct switch_end *end, struct pending *slot, uint32_t key) {
  if (slot->sent_ns == 0 || slot->key != key) return;
  uint64_t us = (now_ns - slot->sent_ns + 500) / 1000;
  slot->sent_ns = 0;
  end->in_flight--;
  if (now_ns < measured_from_ns || now_ns >= measured_until_ns) return;
  answers++;
  latency_us[us < LATENCY_BUCKETS ? us : LATENCY_BUCKETS - 1]++;
}

static void heed_flow_mod(struct switch_end *end, const uint8_t *message, size_t length) {
  flow_mods++;
  if (length < 56) return;
  size_t match_end = 48 + read16(message + 50);
  if (match_end > length) return;
  for (size_t at = 52; at + 8 <= match_end; at += 4 + message[at + 3]) {
    if (read32(message + at) != 0x80001804) continue;
    uint32_t destination = read32(message + at + 4);
    if (destination >> 24 == 241) count_answer(end, &end->unknown[destination % SLOTS], destination);
    return;
  }
}

static void heed_packet_out(struct switch_end *end, const uint8_t *message, size_t length) {
  packet_outs++;
  if (length < 24) return;
  size_t frame = 24 + read16(message + 16);
  if (frame + FRAME_BYTES > length) return;
  uint16_t dns_id = read16(message + frame + 42);
  count_answer(end, &end->known[dns_id], dns_id);
}

/* ---- the rest of a switch ---- */

static void reply_multipart(struct switch_end *end, uint32_t xid, uint16_t kind) {
  size_t body = kind == MULTIPART_DESC ? 1056 : kind == MULTIPART_PORT_DESC ? 128 : kind == MULTIPART_METER_FEATURES ? 16 : 0;
  uint8_t *reply = begin_message(end, MULTIPART_REQUEST + 1, 16 + body, xid);
  write16(reply + 8, kind);
  if (kind == MULTIPART_DESC) strcpy((char *)reply + 16, "gluewall load generator");
  if (kind == MULTIPART_METER_FEATURES) write32(reply + 16, 1024), write32(reply + 20, 2), write32(reply + 24, 0xf), reply[28] = 1;
  for (int number = 1; kind == MULTIPART_PORT_DESC && number <= 2; number++) {
    uint8_t *port = reply + 16 + (number - 1) * 64;
    write32(port, number);
    port[8] = 2;
    port[13] = number;
    sprintf((char *)port + 16, "port%d", number);
    write32(port + 36, 4);
  }
}

static void reply_features(struct switch_end *end, uint32_t xid) {
  uint8_t *reply = begin_message(end, FEATURES_REQUEST + 1, 32, xid);
  write64(reply + 8, end->datapath_id);
  reply[20] = 254;
  write32(reply + 24, 0x4f);
  end->is_identified = true;
}

static void refuse_experimenter(struct switch_end *end, const uint8_t *message, size_t length, uint32_t xid) {
  size_t quoted = length < 64 ? length : 64;
  uint8_t *reply = begin_message(end, ERROR, 12 + quoted, xid);
  write16(reply + 8, 1);
  write16(reply + 10, 3);
  memcpy(reply + 12, message, quoted);
}

/* Answers with the message itself under the reply's type, as ECHO and ROLE want it. */
static void mirror(struct switch_end *end, const uint8_t *message, size_t length, uint32_t xid) {
  memcpy(begin_message(end, message[1] + 1, length, xid) + 8, message + 8, length - 8);
}

static void heed(struct switch_end *end, const uint8_t *message, size_t length) {
  uint32_t xid = read32(message + 4);
  uint8_t type = message[1];
  if (type == FLOW_MOD) heed_flow_mod(end, message, length);
  else if (type == PACKET_OUT) heed_packet_out(end, message, length);
  else if (type == ERROR) errors++;
  else if (type == ECHO_REQUEST || type == ROLE_REQUEST) mirror(end, message, length, xid);
  else if (type == EXPERIMENTER) refuse_experimenter(end, message, length, xid);
  else if (type == FEATURES_REQUEST) reply_features(end, xid);
  else if (type == SET_CONFIG && length >= 12) end->config_flags = read16(message + 8);
  else if (type == GET_CONFIG_REQUEST) write32(begin_message(end, type + 1, 12, xid) + 8, (uint32_t)end->config_flags << 16 | 0xffff);
  else if (type == MULTIPART_REQUEST && length >= 16) reply_multipart(end, xid, read16(message + 8));
  else if (type == BARRIER_REQUEST) begin_message(end, type + 1, 8, xid);
  else if (type == QUEUE_CONFIG_REQUEST) begin_message(end, type + 1, 16, xid);
  else if (type == GET_ASYNC_REQUEST) begin_message(end, type + 1, 32, xid);
}

static void receive(struct switch_end *end) {
  ssize_t count = recv(end->fd, end->input + end->filled, INPUT_BYTES - end->filled, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) fail("the controller closed the connection");
  end->filled += (size_t)count;
  read_clock();
  last_heard_ns = now_ns;
  size_t at = 0;
  while (end->filled - at >= 8) {
    size_t length = read16(end->input + at + 2);
    if (length < 8) fail("the controller sent a message of %zu octets", length);
    if (end->filled - at < length) break;
    heed(end, end->input + at, length);
    at += length;
  }
  end->filled -= at;
  memmove(end->input, end->input + at, end->filled);
}

static void flush(struct switch_end *end) {
  while (end->written < end->queued) {
    int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    ssize_t count = send(end->fd, end->output + end->written, end->queued - end->written, flags);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count < 0) fail("cannot send: %s", strerror(errno));
    end->written += (size_t)count;
  }
  end->queued = end->written = 0;
}

/* ---- the load ---- */

static void connect_switch(uint32_t index, uint16_t port) {
  struct switch_end *end = calloc(1, sizeof *end);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  int yes = 1;
  if (end == NULL) fail("no memory");
  switches[index] = end;
  end->datapath_id = index + 1;
  end->fd = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (end->fd < 0 || connect(end->fd, (struct sockaddr *)&address, sizeof address) < 0)
    fail("cannot connect to port %u: %s", port, strerror(errno));
  setsockopt(end->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  uint8_t *hello = begin_message(end, HELLO, 16, 0);
  write16(hello + 8, 1);
  write16(hello + 10, 8);
  write32(hello + 12, 1 << 4);
  flush(end);
}

/* Hears every switch that has something to say; keeps `target` packet_ins in flight on each. */
static void turn(uint32_t target) {
  struct pollfd polled[MAX_SWITCHES];
  for (uint32_t index = 0; index < switch_count; index++) {
    short wants_room = switches[index]->queued > 0 ? POLLOUT : 0;
    polled[index] = (struct pollfd){.fd = switches[index]->fd, .events = POLLIN | wants_room};
  }
  if (poll(polled, switch_count, 10) < 0 && errno != EINTR) fail("cannot wait: %s", strerror(errno));
  read_clock();
  for (uint32_t index = 0; index < switch_count; index++) {
    struct switch_end *end = switches[index];
    if (polled[index].revents & (POLLIN | POLLHUP | POLLERR)) receive(end);
    while (end->in_flight < target) send_packet_in(end);
    flush(end);
  }
}

static uint32_t total_in_flight(void) {
  uint32_t total = 0;
  for (uint32_t index = 0; index < switch_count; index++) total += switches[index]->in_flight;
  return total;
}

static bool are_all_identified(void) {
  for (uint32_t index = 0; index < switch_count; index++)
    if (!switches[index]->is_identified) return false;
  return true;
}

/* A controller that has asked who the switch is and has then been silent for a while has set it up. */
static void set_up(void) {
  read_clock();
  uint64_t started_ns = now_ns;
  last_heard_ns = now_ns;
  while (!are_all_identified() || now_ns - last_heard_ns < QUIET_NS) {
    turn(0);
    if (now_ns - started_ns > HANDSHAKE_NS) fail("the controller does not end its handshake");
  }
}

static void load(double warm_seconds, double seconds) {
  measured_from_ns = now_ns + (uint64_t)(warm_seconds * 1e9);
  measured_until_ns = measured_from_ns + (uint64_t)(seconds * 1e9);
  while (now_ns < measured_until_ns) turn(window);
  while (total_in_flight() > 0 && now_ns < measured_until_ns + DRAIN_NS) turn(0);
}

static uint64_t latency_quantile(double share) {
  uint64_t wanted = (uint64_t)(share * (double)answers), seen = 0;
  for (uint32_t us = 0; us < LATENCY_BUCKETS; us++)
    if ((seen += latency_us[us]) > wanted) return us;
  return 0;
}

static double argument(const char *text, const char *name, double least, double most) {
  char *rest;
  double value = strtod(text, &rest);
  if (rest == text || *rest != 0 || !(value >= least && value <= most)) fail("%s must be from %g to %g, not %s", name, least, most, text);
  return value;
}

int main(int count, char **arguments) {
  if (count != 7) fail("usage: load-generator PORT SWITCHES WINDOW WARM_SECONDS SECONDS KNOWN_PERCENT");
  uint16_t port = argument(arguments[1], "PORT", 1, 65535);
  switch_count = argument(arguments[2], "SWITCHES", 1, MAX_SWITCHES);
  window = argument(arguments[3], "WINDOW", 1, MAX_WINDOW);
  double warm_seconds = argument(arguments[4], "WARM_SECONDS", 0, MAX_SECONDS);
  double seconds = argument(arguments[5], "SECONDS", 0.01, MAX_SECONDS);
  known_percent = argument(arguments[6], "KNOWN_PERCENT", 0, 100);
  for (uint32_t index = 0; index < switch_count; index++) connect_switch(index, port);
  set_up();
  load(warm_seconds, seconds);
  printf("{\"answersPerSecond\":%.0f,\"p50Us\":%" PRIu64 ",\"p99Us\":%" PRIu64 ",\"sent\":%" PRIu64 ",\"answers\":%" PRIu64
         ",\"unanswered\":%" PRIu64 ",\"flowMods\":%" PRIu64 ",\"packetOuts\":%" PRIu64 ",\"errors\":%" PRIu64 "}\n",
         (double)answers / seconds, latency_quantile(0.5), latency_quantile(0.99), sent, answers,
         lost + total_in_flight(), flow_mods, packet_outs, errors);
  return 0;
}
