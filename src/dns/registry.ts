/** Numbers from the IANA registries for the DNS, as far as this program reads or shows them. */

/** Resource record types (RFC 1035 §3.2.2 and later). */
export const RECORD_TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  NSEC3: 50,
  SVCB: 64,
  HTTPS: 65,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
  CAA: 257,
} as const;

/** Classes (RFC 1035 §3.2.4, RFC 2136 §1.3). */
export const RECORD_CLASS = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const;

/** Values of the OPCODE field (RFC 1035 §4.1.1, RFC 1996, RFC 2136, RFC 8490). */
export const OPCODE = { QUERY: 0, STATUS: 2, NOTIFY: 4, UPDATE: 5, DSO: 6 } as const;

/** Response codes (RFC 1035 §4.1.1, RFC 2136 §2.2, RFC 6891 §9). */
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
  BADVERS: 16,
} as const;

/** The port of DNS over UDP and TCP. */
export const DNS_PORT = 53;

/** The mnemonic of a record type, or the form of RFC 3597 §5 (`TYPE65280`) for one without a name here. */
export function formatRecordType(type: number): string {
  for (const [mnemonic, value] of Object.entries(RECORD_TYPE)) if (value === type) return mnemonic;
  return `TYPE${type}`;
}

/** The number of a record type's mnemonic in any case, or of the form `TYPE65280` (RFC 3597 §5); undefined when it is neither. */
export function parseRecordType(text: string): number | undefined {
  const upper = text.toUpperCase();
  const known = Object.entries(RECORD_TYPE).find(([mnemonic]) => mnemonic === upper);
  if (known !== undefined) return known[1];
  const match = /^TYPE(\d{1,5})$/.exec(upper);
  const type = Number(match?.[1]);
  return type <= 0xffff ? type : undefined;
}
