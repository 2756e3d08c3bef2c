/*
 * load-generator: OpenFlow 1.3 switches that ask a controller for verdicts.
 *
 *     load-generator port=N [switches=1] [window=64] [warm=1] [seconds=3] [known=50] [frame=80] [rate=0]
 *                    [reconnects=0] [all_out=0] [destinations=65536]
 *
 * Connects the switches to 127.0.0.1:port, waits until the controller has nothing more to set up, then keeps `window`
 * packet_ins in flight per switch, or sends `rate` a second over all switches as far as the windows let it. Each carries
 * a frame of `frame` octets with a DNS query of its own. `known` percent of them go to a random one of the first
 * `destinations` of 198.18.0.0/16, which the controller is to know, the others each to a fresh one of 241.0.0.0/8. These
 * addresses are octets in packet_ins only; nothing is sent to them. `reconnects` times a second a random switch drops
 * its connection and makes a new one.
 *
 * A packet_in is answered once: to a known destination by the packet_out that carries its DNS ID, to an unknown one by
 * the flow_mod that matches on its destination; with all_out=1 to any by the packet_out. Answers count from `warm` on,
 * for `seconds`. Standard output says `measuring` and `measured` when that begins and ends, and then has one line of
 * JSON; the exit status is 0 when the load ran to its end.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <poll.h>
#include <time.h>

#include "switch-end.h"

enum { MAX_SWITCHES = 256, LATENCY_BUCKETS = 1 << 20, FRESH_ADDRESSES = 1 << 24, KNOWN_ADDRESSES = 1 << 16 };

static const uint64_t SECOND_NS = 1000000000, QUIET_NS = 300000000, HANDSHAKE_NS = 30000000000, DRAIN_NS = 2000000000;

static struct { double port, switches, window, warm, seconds, known, frame, rate, reconnects, all_out, destinations; }
    options = {.switches = 1, .window = 64, .warm = 1, .seconds = 3, .known = 50, .frame = PLAIN_FRAME_BYTES,
               .destinations = KNOWN_ADDRESSES};

static struct switch_end *switches[MAX_SWITCHES];
static uint32_t switch_count, slot_count;
static uint64_t now_ns, measured_from_ns, measured_until_ns;
static uint64_t sent, answers, unanswered, abandoned, closed, reconnects, flow_mods, packet_outs, errors, octets;
static uint64_t latency_us[LATENCY_BUCKETS];

static void read_clock(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  now_ns = (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
}

/* ---- the question ---- */

/* in_port and metadata, as Open vSwitch sends them from the second table: 4 + 8 + 12 octets, no padding */
enum { MATCH_BYTES = 24, FRAME_AT = 24 + MATCH_BYTES + 2 };

static uint32_t known_destination(void) {
  return 198u << 24 | 18u << 16 | next_random() % (uint32_t)options.destinations;
}

/* A destination of this switch alone: its addresses are those whose number is its index modulo the switches. */
static uint32_t fresh_destination(struct switch_end *end) {
  end->next_fresh = (end->next_fresh + 1) % (FRESH_ADDRESSES / switch_count);
  return 241u << 24 | (end->next_fresh * switch_count + end->index);
}

static struct pending *unknown_slot(struct switch_end *end, uint32_t destination) {
  return &end->unknown[(destination & (FRESH_ADDRESSES - 1)) / switch_count % slot_count];
}

static void send_packet_in(struct switch_end *end) {
  bool is_known = next_random() % 100 < (uint32_t)options.known;
  uint32_t source = 10u << 24 | (next_random() & 0x3ff);
  uint32_t destination = is_known ? known_destination() : fresh_destination(end);
  uint16_t dns_id = end->next_dns_id++;
  uint8_t *message = begin_message(end, PACKET_IN, FRAME_AT + frame_bytes, ++end->next_xid);
  write32(message + 8, 0xffffffff);
  write16(message + 12, frame_bytes);
  message[15] = 1;
  write64(message + 16, 0x6757000000000013);
  write16(message + 24, 1);
  write16(message + 26, MATCH_BYTES);
  write32(message + 28, 0x80000004);
  write32(message + 32, 1);
  write32(message + 36, 0x80000408);
  write64(message + 40, 1);
  write_frame(message + FRAME_AT, source, destination, dns_id);

  bool is_out = is_known || options.all_out;
  struct pending *slot = is_out ? &end->known[dns_id % slot_count] : unknown_slot(end, destination);
  if (slot->sent_ns != 0) unanswered++, end->in_flight--;
  *slot = (struct pending){.key = is_out ? dns_id : destination, .sent_ns = now_ns};
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
  end->answers++;
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
    if (destination >> 24 == 241) count_answer(end, unknown_slot(end, destination), destination);
    return;
  }
}

static void heed_packet_out(struct switch_end *end, const uint8_t *message, size_t length) {
  packet_outs++;
  if (length < 24) return;
  size_t frame = 24 + read16(message + 16);
  if (frame + frame_bytes > length) return;
  uint16_t dns_id = read16(message + frame + DNS_AT);
  count_answer(end, &end->known[dns_id % slot_count], dns_id);
}

static void heed(struct switch_end *end, const uint8_t *message, size_t length) {
  uint8_t type = message[1];
  if (now_ns >= measured_from_ns && now_ns < measured_until_ns) octets += length;
  if (type == FLOW_MOD) heed_flow_mod(end, message, length);
  else if (type == PACKET_OUT) heed_packet_out(end, message, length);
  else if (type == ERROR) errors++;
  else reply_to(end, message, length);
}

/* ---- connections ---- */

/* What has only just been sent may have been answered: nobody can tell. */
static void forget_pending(struct switch_end *end) {
  for (uint32_t at = 0; at < 2 * slot_count; at++) {
    struct pending *slot = &(at < slot_count ? end->known : end->unknown)[at % slot_count];
    if (slot->sent_ns != 0) *(now_ns - slot->sent_ns > SECOND_NS ? &unanswered : &abandoned) += 1;
    slot->sent_ns = 0;
  }
  end->in_flight = 0;
}

static void connect_again(struct switch_end *end) {
  if (end->fd >= 0) close(end->fd);
  forget_pending(end);
  connect_switch(end, options.port);
  end->heard_ns = now_ns;
}

/* A controller that may see a switch twice refuses the second: a switch that reconnects tries again later. */
static void lose_connection(struct switch_end *end) {
  if (options.reconnects == 0) fail("the controller closed the connection of switch %u", end->index + 1);
  close(end->fd);
  end->fd = -1;
  end->is_ready = false;
  end->retry_ns = now_ns + SECOND_NS;
  forget_pending(end);
  closed++;
}

static void receive(struct switch_end *end) {
  ssize_t count = recv(end->fd, end->input + end->filled, INPUT_BYTES - end->filled, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return lose_connection(end);
  end->filled += (size_t)count;
  read_clock();
  end->heard_ns = now_ns;
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

/* ---- the load ---- */

static void start_switches(void) {
  for (uint32_t index = 0; index < switch_count; index++) {
    struct switch_end *end = switches[index] = calloc(1, sizeof *end);
    if (end == NULL || (end->known = calloc(2 * slot_count, sizeof *end->known)) == NULL) fail("no memory");
    end->unknown = end->known + slot_count;
    end->index = index;
    connect_switch(end, options.port);
  }
}

/* Hears every switch that has something to say and sends what waits. */
static void turn(int wait_ms) {
  struct pollfd polled[MAX_SWITCHES];
  for (uint32_t index = 0; index < switch_count; index++) {
    short wants_room = switches[index]->queued > 0 ? POLLOUT : 0;
    polled[index] = (struct pollfd){.fd = switches[index]->fd, .events = POLLIN | wants_room};
  }
  if (poll(polled, switch_count, wait_ms) < 0 && errno != EINTR) fail("cannot wait: %s", strerror(errno));
  read_clock();
  for (uint32_t index = 0; index < switch_count; index++) {
    struct switch_end *end = switches[index];
    if (polled[index].revents & (POLLIN | POLLHUP | POLLERR)) receive(end);
    if (end->is_ready && options.rate == 0 && now_ns < measured_until_ns)
      while (end->in_flight < options.window) send_packet_in(end);
    if (end->fd >= 0 && !flush_output(end)) lose_connection(end);
  }
}

/* A controller that has asked who the switch is and has then been silent for a while has set it up. */
static bool are_all_ready(void) {
  bool are_all = true;
  for (uint32_t index = 0; index < switch_count; index++) {
    struct switch_end *end = switches[index];
    if (end->fd < 0 && now_ns >= end->retry_ns) connect_again(end);
    if (!end->is_ready) end->is_ready = end->fd >= 0 && end->is_identified && now_ns - end->heard_ns >= QUIET_NS;
    are_all &= end->is_ready;
  }
  return are_all;
}

static void set_up(void) {
  read_clock();
  uint64_t started_ns = now_ns;
  while (!are_all_ready()) {
    turn(10);
    if (now_ns - started_ns > HANDSHAKE_NS) fail("the controller does not end its handshake");
  }
}

/* Sends up to `due` packet_ins, each by the next switch that has room for it; the result is how many. */
static uint64_t send_paced(uint64_t due) {
  static uint32_t next;
  uint64_t done = 0;
  for (uint32_t passed = 0; done < due && passed < switch_count; next = (next + 1) % switch_count) {
    struct switch_end *end = switches[next];
    bool has_room = end->is_ready && end->in_flight < options.window;
    passed = has_room ? 0 : passed + 1;
    if (has_room) send_packet_in(end), done++;
  }
  return done;
}

static uint32_t total_in_flight(void) {
  uint32_t total = 0;
  for (uint32_t index = 0; index < switch_count; index++) total += switches[index]->in_flight;
  return total;
}

static void tell(const char *word) {
  puts(word);
  fflush(stdout);
}

static void load(void) {
  uint64_t started_ns = now_ns, paced = 0;
  measured_from_ns = now_ns + (uint64_t)(options.warm * 1e9);
  measured_until_ns = measured_from_ns + (uint64_t)(options.seconds * 1e9);
  bool is_told = false;
  while (now_ns < measured_until_ns) {
    turn(options.rate > 0 ? 1 : 10);
    if (!is_told && now_ns >= measured_from_ns) tell("measuring"), is_told = true;
    double elapsed = (double)(now_ns - started_ns) / 1e9;
    if (options.rate > 0) {
      uint64_t wanted = (uint64_t)(options.rate * elapsed);
      send_paced(wanted - paced);
      paced = wanted;
    }
    if (options.reconnects == 0) continue;
    are_all_ready();
    struct switch_end *end = switches[next_random() % switch_count];
    if ((double)reconnects < options.reconnects * elapsed && end->is_ready) connect_again(end), reconnects++;
  }
  tell("measured");
  while (total_in_flight() > 0 && now_ns < measured_until_ns + DRAIN_NS) turn(10);
}

static uint64_t latency_quantile(double share) {
  uint64_t wanted = (uint64_t)(share * (double)answers), seen = 0;
  for (uint32_t us = 0; us < LATENCY_BUCKETS; us++)
    if ((seen += latency_us[us]) > wanted) return us;
  return 0;
}

/* The least answers of a switch by the mean of all. */
static double least_share(void) {
  uint64_t least = UINT64_MAX;
  for (uint32_t index = 0; index < switch_count; index++)
    if (switches[index]->answers < least) least = switches[index]->answers;
  return answers == 0 ? 0 : (double)least * switch_count / (double)answers;
}

static void read_options(int count, char **arguments) {
  const struct { const char *name; double *value, least, most; } KNOWN[] = {
    {"port", &options.port, 1, 65535}, {"switches", &options.switches, 1, MAX_SWITCHES},
    {"window", &options.window, 1, 1024}, {"warm", &options.warm, 0, 120}, {"seconds", &options.seconds, 0.01, 86400},
    {"known", &options.known, 0, 100}, {"frame", &options.frame, PLAIN_FRAME_BYTES, MOST_FRAME_BYTES},
    {"rate", &options.rate, 0, 1e7}, {"reconnects", &options.reconnects, 0, 100}, {"all_out", &options.all_out, 0, 1},
    {"destinations", &options.destinations, 1, KNOWN_ADDRESSES},
  };
  enum { KNOWN_COUNT = sizeof KNOWN / sizeof KNOWN[0] };
  for (int index = 1; index < count; index++) {
    char *equals = strchr(arguments[index], '='), *rest;
    size_t length = equals == NULL ? 0 : (size_t)(equals - arguments[index]), at = 0;
    while (at < KNOWN_COUNT && (strlen(KNOWN[at].name) != length || strncmp(KNOWN[at].name, arguments[index], length) != 0)) at++;
    if (at == KNOWN_COUNT) fail("what is %s?", arguments[index]);
    double value = strtod(equals + 1, &rest);
    if (rest == equals + 1 || *rest != 0 || !(value >= KNOWN[at].least && value <= KNOWN[at].most))
      fail("%s must be from %g to %g", KNOWN[at].name, KNOWN[at].least, KNOWN[at].most);
    *KNOWN[at].value = value;
  }
  if (options.port == 0) fail("no port is given");
  if (!is_frame_length(options.frame)) fail("a frame has %d octets, or from %d on", PLAIN_FRAME_BYTES, LEAST_PADDED_BYTES);
}

int main(int count, char **arguments) {
  read_options(count, arguments);
  switch_count = options.switches;
  frame_bytes = options.frame;
  // Far more than are in flight: a slot comes up again only when its packet_in is long overdue.
  slot_count = options.window * 64;
  start_switches();
  set_up();
  load();
  printf("{\"answersPerSecond\":%.0f,\"p50Us\":%" PRIu64 ",\"p99Us\":%" PRIu64 ",\"leastShare\":%.4f,\"sent\":%" PRIu64
         ",\"answers\":%" PRIu64 ",\"unanswered\":%" PRIu64 ",\"abandoned\":%" PRIu64 ",\"reconnects\":%" PRIu64
         ",\"closed\":%" PRIu64 ",\"flowMods\":%" PRIu64 ",\"packetOuts\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"octets\":%" PRIu64 "}\n",
         (double)answers / options.seconds, latency_quantile(0.5), latency_quantile(0.99), least_share(), sent, answers,
         unanswered + total_in_flight(), abandoned, reconnects, closed, flow_mods, packet_outs, errors, octets);
  return 0;
}
