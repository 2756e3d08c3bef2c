/**
 * Where the fields of an observation lie in a batch. A batch is a row of records, each beginning at a multiple of eight
 * octets, in words of 32 bits of the machine's own octet order:
 *
 *     0       length of the record in octets, a multiple of eight
 *     1       kind | transport << 8 | flags << 16
 *     2, 3    time, a 64-bit float
 *     4       ID | RCODE << 16
 *     5       client port | server port << 16
 *     6       query type | query class << 16
 *     7-10    client;  11-14  server: an IPv4 address in the first word, or the octets of an IPv6 address
 *     15      VLAN | first two octets of the client's MAC << 16
 *     16      last four octets of the MAC
 *     17      NS records | address records of the answer section << 16
 *     18      address records of the additional section | names << 16
 *     19      records that found no room
 *     20      offset of the question's name from the start of the record, in octets
 *     21      offset of each name, one word each; then NS records of three words (owner, TTL, name server) and address
 *             records of six (owner and family, TTL, address); then the octets of the names
 *
 * What a field does not need holds anything. Names lie uncompressed; those of records are canonical and stand once, and records name them by their index.
 */
export const WORD = {
  LENGTH: 0,
  KIND: 1,
  TIME: 2,
  ID: 4,
  PORTS: 5,
  TYPE: 6,
  CLIENT: 7,
  SERVER: 11,
  LINK: 15,
  MAC: 16,
  COUNTS: 17,
  MORE_COUNTS: 18,
  LEFT_OUT: 19,
  QUESTION: 20,
  NAMES: 21,
} as const;

/**
 * Messages of DNS; and the segments that begin a TCP connection (SYN without ACK, from the client) and accept it (SYN with ACK, to the
 * client), which have no question: the root stands in its place, and all counts are 0.
 */
export const KIND = { QUERY: 0, RESPONSE: 1, SYN: 2, SYN_ACK: 3 } as const;
export const TRANSPORT = { UDP: 0, TCP: 1 } as const;

/**
 * AA, TC, RD and RA as in the header of the message. ANSWERS: its answer section is not empty. IPV6: client and server are
 * of that family. LINK: words 15 and 16 hold.
 */
export const FLAG = { AA: 1, TC: 2, RD: 4, RA: 8, ANSWERS: 16, IPV6: 32, LINK: 64 } as const;

export const NS_WORDS = 3;
export const ADDRESS_WORDS = 6;
/** In the first word of an address record: its address is of IPv6. */
export const IPV6_RECORD = 1 << 30;
/** In the first word of an NS record: it stands in the answer section, not in the authority section. */
export const ANSWER_RECORD = 1 << 30;
export const INDEX_MASK = 0xffff;
/** In the place of a VLAN: the frame had no tag. */
export const NO_VLAN = 0xffff;

/** The most NS records and the most address records of each section that an observation carries; others are counted. */
export const MAX_RECORDS = 300;
/** Records name at most two names each. */
export const MAX_NAMES = 4 * MAX_RECORDS;
/** No record is longer. */
export const MAX_RECORD_OCTETS =
  4 * (WORD.NAMES + MAX_NAMES + MAX_RECORDS * (NS_WORDS + 2 * ADDRESS_WORDS)) + 256 * (MAX_NAMES + 1) + 8;
