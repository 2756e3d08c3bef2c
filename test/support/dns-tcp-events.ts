/** Host events for tests, with addresses for documentation. */
import { parseAddress } from '../../src/core/address.ts';
import type { AnswerSeen, SynAckSeen, SynSeen } from '../../src/correlation/host-event.ts';
import { parseName } from '../../src/dns/name.ts';

const HOST = '192.0.2.1';

interface AnswerFields {
  readonly host?: string;
  readonly addresses?: readonly string[];
  readonly ttlSeconds?: number | undefined;
}

export function answerAt(atMs: number, fields: AnswerFields = {}): AnswerSeen {
  const { host = HOST, addresses = ['198.51.100.80'] } = fields;
  return {
    kind: 'answer',
    atMs,
    host: parseAddress(host)!,
    mac: undefined,
    server: parseAddress('192.0.2.53')!,
    isDirect: false,
    name: parseName('www.example.org')!,
    type: 1,
    responseCode: 0,
    addresses: addresses.map((text) => parseAddress(text)!),
    ttlSeconds: 'ttlSeconds' in fields ? fields.ttlSeconds : 60,
  };
}

interface SynFields {
  readonly host?: string;
  readonly destination?: string;
  readonly port?: number;
}

export function synAt(atMs: number, fields: SynFields = {}): SynSeen {
  return { kind: 'syn', ...endsAt(atMs, fields) };
}

export function synAckAt(atMs: number, fields: SynFields = {}): SynAckSeen {
  return { kind: 'syn-ack', ...endsAt(atMs, fields) };
}

function endsAt(atMs: number, { host = HOST, destination = '198.51.100.80', port = 80 }: SynFields) {
  return {
    atMs,
    host: parseAddress(host)!,
    mac: undefined,
    hostPort: 40_000,
    destination: parseAddress(destination)!,
    port,
  };
}
