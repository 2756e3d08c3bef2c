import type { Address } from '../core/address.ts';
import type { Name } from './name.ts';

export type Transport = 'udp' | 'tcp';

/** The question of a message (RFC 1035 §4.1.2). `name` keeps its letter case: resolvers use it as a nonce (0x20). */
export interface Question {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
}

/** An NS record of class IN. Names are canonical (RFC 4343); `ttl` is the unsigned 32-bit value on the wire, seconds. */
export interface NsRecord {
  readonly owner: Name;
  readonly ttl: number;
  readonly nameServer: Name;
  readonly section: 'answer' | 'authority';
}

/** An A or AAAA record of class IN. `owner` is canonical; `ttl` as in NsRecord. */
export interface AddressRecord {
  readonly owner: Name;
  readonly ttl: number;
  readonly address: Address;
}

/** The station on the inside whose frame it was, or was for. */
export interface LinkEnd {
  /** 48 bits. */
  readonly mac: number;
  /** The VLAN of the outermost tag; undefined without one. */
  readonly vlan: number | undefined;
}

interface Exchange {
  /** When it was seen, milliseconds since the epoch. */
  readonly atMs: number;
  readonly transport: Transport;
  /** The side that asks. */
  readonly client: Address;
  readonly clientPort: number;
  /** The side that answers. */
  readonly server: Address;
  readonly serverPort: number;
  readonly id: number;
  readonly question: Question;
  /** Undefined where the source shows no frames. */
  readonly link?: LinkEnd;
}

/** A query (QR=0, opcode QUERY, one question) that was seen leaving. */
export interface DnsQuery extends Exchange {
  readonly kind: 'query';
}

/** A response (QR=1, opcode QUERY, one question) that was seen coming in, with the records that can teach. */
export interface DnsResponse extends Exchange {
  readonly kind: 'response';
  readonly rcode: number;
  /** AA: the server answers for a zone it serves (RFC 1035 §4.1.1). */
  readonly authoritative: boolean;
  /** TC: the sections may lack records (RFC 2181 §9). */
  readonly truncated: boolean;
  /** The answer section is not empty, whatever is in it. */
  readonly hasAnswers: boolean;
  /** NS records of the answer and authority sections. */
  readonly nameServers: readonly NsRecord[];
  /** A and AAAA records of the answer section. */
  readonly answers: readonly AddressRecord[];
  /** A and AAAA records of the additional section. */
  readonly additional: readonly AddressRecord[];
}

/** One DNS message that a capture saw pass. */
export type DnsObservation = DnsQuery | DnsResponse;
