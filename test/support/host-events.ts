import { type Address, parseAddress } from '../../src/core/address.ts';
import type { AnswerSeen, QuerySeen, SynAckSeen, SynSeen, VerdictSeen } from '../../src/correlation/host-event.ts';
import { type Name, parseName } from '../../src/dns/name.ts';
import { RECORD_TYPE } from '../../src/dns/registry.ts';

/** When the tests of what hosts do begin. */
export const BEGIN_MS = Date.UTC(2026, 0, 15, 12);
export const HOST = address('192.0.2.7');
export const RESOLVER = address('192.0.2.53');
export const OUTSIDE = address('198.51.100.7');

export function address(text: string): Address {
  return parseAddress(text)!;
}

export function name(text: string): Name {
  return parseName(text)!;
}

/** The address of this number in 198.18.0.0/15. */
export function outside(index: number): Address {
  return (((198 << 24) | (18 << 16)) + (index % 131_072)) as Address;
}

/** `atMs` counts from BEGIN_MS. */
type Parts<T> = Partial<Omit<T, 'kind'>>;

const common = { host: HOST, mac: undefined };

/** A query to the site's resolver for www.example.com A. */
export function query(atMs: number, parts: Parts<QuerySeen> = {}): QuerySeen {
  return {
    kind: 'query',
    ...common,
    server: RESOLVER,
    isDirect: false,
    name: name('www.example.com'),
    type: RECORD_TYPE.A,
    recursionDesired: true,
    ...parts,
    atMs: BEGIN_MS + atMs,
  };
}

/** The same straight to OUTSIDE. */
export function directQuery(atMs: number, parts: Parts<QuerySeen> = {}): QuerySeen {
  return query(atMs, { server: OUTSIDE, isDirect: true, ...parts });
}

export function answer(atMs: number, parts: Parts<AnswerSeen> = {}): AnswerSeen {
  return {
    kind: 'answer',
    ...common,
    server: RESOLVER,
    isDirect: false,
    name: name('www.example.com'),
    type: RECORD_TYPE.A,
    responseCode: 0,
    addresses: [],
    ttlSeconds: 60,
    ...parts,
    atMs: BEGIN_MS + atMs,
  };
}

export function syn(atMs: number, parts: Parts<SynSeen> = {}): SynSeen {
  return { kind: 'syn', ...common, hostPort: 40_000, destination: OUTSIDE, port: 443, ...parts, atMs: BEGIN_MS + atMs };
}

export function synAck(atMs: number, parts: Parts<SynAckSeen> = {}): SynAckSeen {
  return {
    kind: 'syn-ack',
    ...common,
    hostPort: 40_000,
    destination: OUTSIDE,
    port: 443,
    ...parts,
    atMs: BEGIN_MS + atMs,
  };
}

/** OUTSIDE was asked for www.example.com A, and it was blocked as unknown. */
export function verdict(atMs: number, parts: Parts<VerdictSeen> = {}): VerdictSeen {
  return {
    kind: 'verdict',
    ...common,
    server: OUTSIDE,
    name: name('www.example.com'),
    type: RECORD_TYPE.A,
    verdict: 'block',
    reason: 'unknown',
    packets: 1,
    ...parts,
    atMs: BEGIN_MS + atMs,
  };
}
