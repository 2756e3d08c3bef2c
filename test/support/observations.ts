/** Composes observations for tests of the learning side, from names and addresses in text form. */
import { type Address, parseAddress } from '../../src/core/address.ts';
import { canonicalName, type Name, parseName } from '../../src/dns/name.ts';
import type { AddressRecord, DnsQuery, DnsResponse, NsRecord } from '../../src/dns/observation.ts';
import { RECORD_TYPE } from '../../src/dns/registry.ts';
import type { Glue, NsTriple, Trust } from '../../src/nsdb/ns-triple.ts';

export function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`no address: ${text}`);
  return address;
}

/** Keeps the letter case. */
export function nameOf(text: string): Name {
  const name = parseName(text);
  if (name === undefined) throw new Error(`no name: ${text}`);
  return name;
}

const canonical = (text: string) => canonicalName(nameOf(text));

export interface ExchangeFields {
  readonly client?: string;
  readonly clientPort?: number;
  readonly server?: string;
  readonly serverPort?: number;
  readonly transport?: 'udp' | 'tcp';
  readonly id?: number;
  readonly name?: string;
  readonly type?: number;
  readonly class?: number;
}

export interface ResponseFields extends ExchangeFields {
  readonly rcode?: number;
  readonly authoritative?: boolean;
  readonly truncated?: boolean;
  /** By default whether there are `answers` or NS records that stand in the answer section. */
  readonly hasAnswers?: boolean;
  /** `OWNER NS-TTL NAME-SERVER`, and `answer` behind it for one of the answer section. */
  readonly nameServers?: readonly string[];
  /** `OWNER TTL ADDRESS` */
  readonly answers?: readonly string[];
  /** `OWNER TTL ADDRESS` */
  readonly additional?: readonly string[];
}

/** By default a trusted resolver, 192.0.2.2, asks 198.51.100.53 for the A of www.example.org. */
export function queryAt(atMs: number, fields: ExchangeFields = {}): DnsQuery {
  return { kind: 'query', ...exchangeAt(atMs, fields) };
}

export function responseAt(atMs: number, fields: ResponseFields = {}): DnsResponse {
  const nameServers = (fields.nameServers ?? []).map(nsRecord);
  return {
    kind: 'response',
    ...exchangeAt(atMs, fields),
    rcode: fields.rcode ?? 0,
    authoritative: fields.authoritative ?? false,
    truncated: fields.truncated ?? false,
    hasAnswers: fields.hasAnswers ?? ((fields.answers ?? []).length > 0 || nameServers.some(isAnswer)),
    nameServers,
    answers: (fields.answers ?? []).map(addressRecord),
    additional: (fields.additional ?? []).map(addressRecord),
  };
}

function exchangeAt(atMs: number, fields: ExchangeFields) {
  return {
    atMs,
    transport: fields.transport ?? 'udp',
    client: addressOf(fields.client ?? '192.0.2.2'),
    clientPort: fields.clientPort ?? 40000,
    server: addressOf(fields.server ?? '198.51.100.53'),
    serverPort: fields.serverPort ?? 53,
    id: fields.id ?? 0x1234,
    question: {
      name: nameOf(fields.name ?? 'www.example.org'),
      type: fields.type ?? RECORD_TYPE.A,
      class: fields.class ?? 1,
    },
  } as const;
}

const isAnswer = ({ section }: NsRecord) => section === 'answer';

function nsRecord(text: string): NsRecord {
  const [owner, ttl, nameServer, section] = text.split(' ');
  return {
    owner: canonical(owner!),
    ttl: Number(ttl),
    nameServer: canonical(nameServer!),
    section: section === 'answer' ? 'answer' : 'authority',
  };
}

function addressRecord(text: string): AddressRecord {
  const [owner, ttl, address] = text.split(' ');
  return { owner: canonical(owner!), ttl: Number(ttl), address: addressOf(address!) };
}

export interface TripleFields {
  readonly zone?: string;
  readonly nameServer?: string;
  readonly address?: string;
  readonly trust?: Trust;
  readonly glue?: Glue;
  readonly expiresAtMs?: number;
  readonly teachers?: readonly string[];
  readonly queryName?: string;
}

/** A triple learned at `atMs`; by default that ns.example.org at 203.0.113.53 serves example.org for an hour. */
export function tripleAt(atMs: number, fields: TripleFields = {}): NsTriple {
  return {
    zone: canonical(fields.zone ?? 'example.org'),
    nameServer: canonical(fields.nameServer ?? 'ns.example.org'),
    address: addressOf(fields.address ?? '203.0.113.53'),
    origin: 'learned',
    trust: fields.trust ?? 'referral',
    glue: fields.glue ?? 'in-domain',
    firstSeenAtMs: atMs,
    lastSeenAtMs: atMs,
    expiresAtMs: fields.expiresAtMs ?? atMs + 3_600_000,
    sightings: 1,
    teachers: (fields.teachers ?? ['198.51.100.53']).map(addressOf),
    lesson: {
      nsTtlSeconds: 3600,
      glueTtlSeconds: 3600,
      queryAtMs: atMs - 10,
      queryId: 0x1234,
      queryName: canonical(fields.queryName ?? 'www.example.org'),
      responseAtMs: atMs,
    },
  };
}
