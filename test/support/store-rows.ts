/** Rows for tests of the store: plain ones, hostile ones, and any at all. */
import fc from 'fast-check';
import { type Address, addressFromOctets, parseAddress } from '../../src/core/address.ts';
import { canonicalName, type Name, parseName } from '../../src/dns/name.ts';
import type { VerdictEvent } from '../../src/events/verdict-event.ts';
import { GLUES, type Lesson, type NsTriple, TRUSTS } from '../../src/nsdb/ns-triple.ts';
import { TripleBatchWriter } from '../../src/nsdb/triple-batch.ts';
import type { Rule } from '../../src/policy/rule.ts';

export const NOW_MS = Date.UTC(2026, 0, 15, 12) + 0.123456789;

export const nameOf = (text: string): Name => parseName(text)!;
export const addressOf = (text: string): Address => parseAddress(text)!;

/** A name of labels with any octets, each given as latin1. */
export function nameFrom(...labels: readonly string[]): Name {
  return `${labels.map((label) => String.fromCharCode(label.length) + label).join('')}\0` as Name;
}

export const HOSTILE_NAMES: readonly Name[] = [
  nameFrom(),
  nameFrom('a.b', 'c\\d', 'e"f'),
  nameFrom('\0', '\0\0\0'),
  nameFrom('\xff\xfe\x80', 'caf\xe9'),
  nameFrom("'; DROP TABLE triples; --", '%s'),
  nameFrom('\x1b[31m', '\r\n', ' '),
  nameFrom('123', '\\123', '\t9'),
  nameFrom('@', '$', '(', ')', ';'),
  nameFrom('x'.repeat(63), '\0'.repeat(63), '.'.repeat(63), '\xff'.repeat(61)),
  nameFrom(...Array.from({ length: 127 }, () => 'a')),
];

export function lessonOf(): Lesson {
  return {
    nsTtlSeconds: 172_800,
    glueTtlSeconds: 3600,
    queryAtMs: NOW_MS - 0.25,
    queryId: 0xffff,
    queryName: nameOf('wWw.Example.com'),
    responseAtMs: NOW_MS,
  };
}

/** The triples as a batch. */
export function packed(triples: readonly NsTriple[]): Uint8Array {
  const writer = new TripleBatchWriter();
  for (const triple of triples) writer.add(triple);
  return writer.take();
}

export function tripleOf(number: number, more: Partial<NsTriple> = {}): NsTriple {
  const key = {
    zone: nameOf(`zone${number}.example`),
    nameServer: nameOf(`ns${number}.example.net`),
    address: addressFromOctets(Buffer.from([198, 18, (number >> 8) & 255, number & 255]))!,
    ...more,
  };
  return {
    origin: 'learned',
    trust: 'referral',
    glue: 'in-domain',
    firstSeenAtMs: NOW_MS - 1000.5,
    lastSeenAtMs: NOW_MS,
    expiresAtMs: NOW_MS + 3_600_000,
    sightings: 3,
    teachers: [addressOf('2001:db8::53')],
    lesson: lessonOf(),
    ...key,
  };
}

export function eventOf(number: number, more: Partial<VerdictEvent> = {}): VerdictEvent {
  return {
    atMs: NOW_MS + number,
    datapathId: '00000000000000ff',
    inPort: 3,
    client: addressOf('192.0.2.10'),
    clientPort: 65_535,
    clientMac: undefined,
    clientName: undefined,
    group: 'default',
    destination: addressOf('198.51.100.53'),
    transport: 'udp',
    queryName: nameOf('WWW.example.com'),
    queryType: 28,
    recursionDesired: false,
    verdict: 'block',
    reason: 'unknown',
    ruleId: undefined,
    scope: ['destination'],
    alarm: undefined,
    hint: undefined,
    packetsAtLeast: 2,
    enforced: true,
    heldMs: 50.125,
    message: `198.51.100.53 is unknown and block. (${number})`,
    packet: Uint8Array.of(0xff, number & 0xff),
    ...more,
  };
}

/** An allow rule of a command for one destination. */
export function ruleOf(destination: string, more: Partial<Rule> = {}): Rule {
  return {
    id: `rule-${destination}`,
    action: 'allow',
    match: { to: { kind: 'address', address: addressOf(destination) } },
    origin: 'command',
    reason: 'update server',
    owner: 'root',
    createdAtMs: NOW_MS,
    expiresAtMs: NOW_MS + 1000,
    ...more,
  };
}

const anyLabel = fc.uint8Array({ minLength: 1, maxLength: 63 }).map((octets) => Buffer.from(octets).toString('latin1'));
const anyName = fc
  .array(anyLabel, { maxLength: 4 })
  .map((labels) => nameFrom(...labels))
  .filter((name) => name.length <= 255);
const anyAddress = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map((octets) => addressFromOctets(Buffer.from(octets))!);
const anyTime = fc.double({ min: 0, max: 1e13, noNaN: true });
const anyTtl = fc.integer({ min: 0, max: 0xffffffff });

/** Any triple that has not expired at 0. */
export const anyTriple: fc.Arbitrary<NsTriple> = fc
  .record({
    zone: anyName.map(canonicalName),
    nameServer: anyName.map(canonicalName),
    address: anyAddress,
    trust: fc.constantFrom(...TRUSTS),
    glue: fc.constantFrom(...GLUES),
    sightings: fc.integer({ min: 0, max: 0xffffffff }),
    teachers: fc.array(anyAddress, { maxLength: 2 }),
    firstSeenAtMs: anyTime,
    lastSeenAtMs: anyTime,
    expiresAtMs: fc.oneof(fc.double({ min: 1, max: 1e13, noNaN: true }), fc.constant(Number.POSITIVE_INFINITY)),
    lesson: fc.option(
      fc.record({
        nsTtlSeconds: anyTtl,
        glueTtlSeconds: anyTtl,
        queryAtMs: fc.option(anyTime, { nil: undefined }),
        queryId: fc.integer({ min: 0, max: 0xffff }),
        queryName: anyName,
        responseAtMs: anyTime,
      }),
      { nil: undefined },
    ),
  })
  // Its objects have no prototype.
  .map(({ lesson, ...fields }) => ({ origin: 'learned', ...fields, lesson: lesson && { ...lesson } }));
