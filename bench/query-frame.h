/* The DNS query that each packet_in of the load generator carries, and how numbers are written to the wire. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static uint32_t random_state = 2463534242u;

/* Marsaglia's xorshift: fast, and the same load in every run. */
static uint32_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  return random_state ^= random_state << 5;
}

static void write16(uint8_t *at, uint32_t value) { at[0] = value >> 8, at[1] = value; }
static void write32(uint8_t *at, uint32_t value) { write16(at, value >> 16), write16(at + 2, value); }
static void write64(uint8_t *at, uint64_t value) { write32(at, value >> 32), write32(at + 4, value); }
static uint32_t read16(const uint8_t *at) { return at[0] << 8 | at[1]; }
static uint32_t read32(const uint8_t *at) { return read16(at) << 16 | read16(at + 2); }

static uint16_t ip_checksum(const uint8_t *header) {
  uint32_t sum = 0;
  for (int at = 0; at < 20; at += 2) sum += read16(header + at);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum;
}

/* hNNNNNNN.example.com. IN A, recursion desired (RFC 1035 §4.1) */
enum { QNAME_BYTES = 22, DNS_AT = 14 + 20 + 8, PLAIN_FRAME_BYTES = DNS_AT + 12 + QNAME_BYTES + 4 };
/* An OPT record with nothing but the padding option (RFC 6891 §6.1.2, RFC 7830 §3) */
enum { OPT_BYTES = 11, PADDING_HEAD_BYTES = 4, LEAST_PADDED_BYTES = PLAIN_FRAME_BYTES + OPT_BYTES + PADDING_HEAD_BYTES,
       MOST_FRAME_BYTES = 1514 };

/* Octets of every frame: without EDNS, or padded to a longer one. */
static uint32_t frame_bytes = PLAIN_FRAME_BYTES;

static bool is_frame_length(uint32_t length) {
  return length == PLAIN_FRAME_BYTES || (length >= LEAST_PADDED_BYTES && length <= MOST_FRAME_BYTES);
}

static void write_padding(uint8_t *opt, uint32_t length) {
  write16(opt + 1, 41);
  write16(opt + 3, 4096);
  write16(opt + 9, length - OPT_BYTES);
  write16(opt + 11, 12);
  write16(opt + 13, length - OPT_BYTES - PADDING_HEAD_BYTES);
}

static void write_query(uint8_t *dns, uint16_t id) {
  static const uint8_t NAME[QNAME_BYTES] = "\x08h0000000\x07" "example\x03" "com";
  write16(dns, id);
  write16(dns + 2, 0x0100);
  write16(dns + 4, 1);
  memcpy(dns + 12, NAME, sizeof NAME);
  uint32_t digits = next_random();
  for (int at = 0; at < 7; at++, digits /= 10) dns[14 + at] = '0' + digits % 10;
  write16(dns + 12 + QNAME_BYTES, 1);
  write16(dns + 12 + QNAME_BYTES + 2, 1);
  if (frame_bytes == PLAIN_FRAME_BYTES) return;
  write16(dns + 10, 1);
  write_padding(dns + 12 + QNAME_BYTES + 4, frame_bytes - PLAIN_FRAME_BYTES);
}

/* `frame` is `frame_bytes` zeros. */
static void write_frame(uint8_t *frame, uint32_t source, uint32_t destination, uint16_t dns_id) {
  frame[0] = frame[6] = 2;
  write32(frame + 2, destination);
  write32(frame + 8, source);
  write16(frame + 12, 0x0800);
  uint8_t *ip = frame + 14, *udp = ip + 20;
  ip[0] = 0x45;
  write16(ip + 2, frame_bytes - 14);
  write16(ip + 4, next_random());
  ip[8] = 64;
  ip[9] = 17;
  write32(ip + 12, source);
  write32(ip + 16, destination);
  write16(ip + 10, ip_checksum(ip));
  write16(udp, 1024 + next_random() % 60000);
  write16(udp + 2, 53);
  write16(udp + 4, frame_bytes - 34);
  write_query(udp + 8, dns_id);
}
