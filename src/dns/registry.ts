/** Numbers from the IANA registries for the DNS, as far as this program reads or shows them. */

/** Resource record types (RFC 1035 §3.2.2 and later): all that the registry names. */
export const RECORD_TYPE = {
  A: 1,
  NS: 2,
  MD: 3,
  MF: 4,
  CNAME: 5,
  SOA: 6,
  MB: 7,
  MG: 8,
  MR: 9,
  NULL: 10,
  WKS: 11,
  PTR: 12,
  HINFO: 13,
  MINFO: 14,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  X25: 19,
  ISDN: 20,
  RT: 21,
  NSAP: 22,
  'NSAP-PTR': 23,
  SIG: 24,
  KEY: 25,
  PX: 26,
  GPOS: 27,
  AAAA: 28,
  LOC: 29,
  NXT: 30,
  EID: 31,
  NIMLOC: 32,
  SRV: 33,
  ATMA: 34,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  A6: 38,
  DNAME: 39,
  SINK: 40,
  OPT: 41,
  APL: 42,
  DS: 43,
  SSHFP: 44,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  HIP: 55,
  NINFO: 56,
  RKEY: 57,
  TALINK: 58,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  DSYNC: 66,
  HHIT: 67,
  BRID: 68,
  SPF: 99,
  UINFO: 100,
  UID: 101,
  GID: 102,
  UNSPEC: 103,
  NID: 104,
  L32: 105,
  L64: 106,
  LP: 107,
  EUI48: 108,
  EUI64: 109,
  NXNAME: 128,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  URI: 256,
  CAA: 257,
  AVC: 258,
  DOA: 259,
  AMTRELAY: 260,
  RESINFO: 261,
  WALLET: 262,
  CLA: 263,
  IPN: 264,
  TA: 32768,
  DLV: 32769,
} as const;

const MNEMONICS: ReadonlyMap<number, string> = new Map(
  Object.entries(RECORD_TYPE).map(([mnemonic, type]) => [type, mnemonic]),
);
const TYPES: ReadonlyMap<string, number> = new Map(Object.entries(RECORD_TYPE));

/** Classes (RFC 1035 §3.2.4, RFC 2136 §1.3). */
export const RECORD_CLASS = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const;

/** Values of the OPCODE field (RFC 1035 §4.1.1, RFC 1996, RFC 2136, RFC 8490). */
export const OPCODE = { QUERY: 0, STATUS: 2, NOTIFY: 4, UPDATE: 5, DSO: 6 } as const;

/** Response codes (RFC 1035 §4.1.1, RFC 2136 §2.2, RFC 6891 §9, RFC 7873 §8, RFC 8490 §10.2). */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  DSOTYPENI: 11,
  BADVERS: 16,
  BADCOOKIE: 23,
} as const;

const CLASSES: ReadonlyMap<string, number> = new Map(Object.entries(RECORD_CLASS));
const RESPONSE_CODES: ReadonlyMap<string, number> = new Map(Object.entries(RCODE));

/** The port of DNS over UDP and TCP. */
export const DNS_PORT = 53;

/** The mnemonic of a record type, or the form of RFC 3597 §5 (`TYPE65280`) for one without a name here. */
export function formatRecordType(type: number): string {
  return MNEMONICS.get(type) ?? `TYPE${type}`;
}

/** The number of a record type's mnemonic in any case, or of the form `TYPE65280` (RFC 3597 §5); undefined when it is neither. */
export function parseRecordType(text: string): number | undefined {
  const upper = text.toUpperCase();
  const known = TYPES.get(upper);
  if (known !== undefined) return known;
  const match = /^TYPE(\d{1,5})$/.exec(upper);
  const type = Number(match?.[1]);
  return type <= 0xffff ? type : undefined;
}

/** As `parseRecordType`, for classes: `IN`, or `CLASS7`. */
export function parseRecordClass(text: string): number | undefined {
  const upper = text.toUpperCase();
  const known = CLASSES.get(upper);
  if (known !== undefined) return known;
  const match = /^CLASS(\d{1,5})$/.exec(upper);
  const dnsClass = Number(match?.[1]);
  return dnsClass <= 0xffff ? dnsClass : undefined;
}

/** The number of a response code's mnemonic in any case, of its number, or of `RESERVED12` or `RCODE12`; undefined when it is none. */
export function parseResponseCode(text: string): number | undefined {
  const upper = text.toUpperCase();
  const known = RESPONSE_CODES.get(upper);
  if (known !== undefined) return known;
  const match = /^(?:RESERVED|RCODE)?(\d{1,4})$/.exec(upper);
  const code = Number(match?.[1]);
  return code <= 0xfff ? code : undefined;
}
