/* One simulated switch: its connection, and what it answers to all but flow_mods and packet_outs. */
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "query-frame.h"

enum { INPUT_BYTES = 1 << 18, OUTPUT_BYTES = 1 << 21 };
enum { HELLO = 0, ERROR = 1, ECHO_REQUEST = 2, EXPERIMENTER = 4, FEATURES_REQUEST = 5, GET_CONFIG_REQUEST = 7,
       SET_CONFIG = 9, PACKET_IN = 10, PACKET_OUT = 13, FLOW_MOD = 14, MULTIPART_REQUEST = 18, BARRIER_REQUEST = 20,
       QUEUE_CONFIG_REQUEST = 22, ROLE_REQUEST = 24, GET_ASYNC_REQUEST = 26 };
enum { MULTIPART_DESC = 0, MULTIPART_METER_FEATURES = 11, MULTIPART_PORT_DESC = 13 };

/* A packet_in that waits for its answer; sent_ns is 0 when the slot is free. */
struct pending {
  uint32_t key;
  uint64_t sent_ns;
};

struct switch_end {
  int fd; /* -1 while it is to connect again */
  uint32_t index;
  uint8_t input[INPUT_BYTES], output[OUTPUT_BYTES];
  size_t filled, queued, written;
  bool is_identified, is_ready;
  uint64_t heard_ns, retry_ns;
  uint16_t config_flags, next_dns_id;
  uint32_t next_xid, next_fresh, in_flight;
  uint64_t answers;
  struct pending *known, *unknown;
};

static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("load-generator: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
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

/* False when the connection is gone. */
static bool flush_output(struct switch_end *end) {
  while (end->written < end->queued) {
    int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    ssize_t count = send(end->fd, end->output + end->written, end->queued - end->written, flags);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (count < 0) return false;
    end->written += (size_t)count;
  }
  end->queued = end->written = 0;
  return true;
}

static void connect_switch(struct switch_end *end, uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  int yes = 1;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  end->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (end->fd < 0 || connect(end->fd, (struct sockaddr *)&address, sizeof address) < 0)
    fail("cannot connect to port %u: %s", port, strerror(errno));
  setsockopt(end->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  end->filled = end->queued = end->written = 0;
  end->is_identified = end->is_ready = false;
  uint8_t *hello = begin_message(end, HELLO, 16, 0);
  write16(hello + 8, 1);
  write16(hello + 10, 8);
  write32(hello + 12, 1 << 4);
  if (!flush_output(end)) fail("cannot send to port %u: %s", port, strerror(errno));
}

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
  write64(reply + 8, end->index + 1);
  reply[20] = 254;
  write32(reply + 24, 0x4f);
  end->is_identified = true;
}

/* OFPET_BAD_REQUEST, OFPBRC_BAD_EXPERIMENTER */
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

/* Meters and flows are taken and forgotten: the switch says that it has none. */
static void reply_to(struct switch_end *end, const uint8_t *message, size_t length) {
  uint32_t xid = read32(message + 4);
  uint8_t type = message[1];
  if (type == ECHO_REQUEST || type == ROLE_REQUEST) mirror(end, message, length, xid);
  else if (type == EXPERIMENTER) refuse_experimenter(end, message, length, xid);
  else if (type == FEATURES_REQUEST) reply_features(end, xid);
  else if (type == SET_CONFIG && length >= 12) end->config_flags = read16(message + 8);
  else if (type == GET_CONFIG_REQUEST) write32(begin_message(end, type + 1, 12, xid) + 8, (uint32_t)end->config_flags << 16 | 0xffff);
  else if (type == MULTIPART_REQUEST && length >= 16) reply_multipart(end, xid, read16(message + 8));
  else if (type == BARRIER_REQUEST) begin_message(end, type + 1, 8, xid);
  else if (type == QUEUE_CONFIG_REQUEST) begin_message(end, type + 1, 16, xid);
  else if (type == GET_ASYNC_REQUEST) begin_message(end, type + 1, 32, xid);
}
