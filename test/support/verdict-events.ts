import fc from 'fast-check';
import { addressFromOctets, parseAddress } from '../../src/core/address.ts';
import { type Name, parseName } from '../../src/dns/name.ts';
import { MAX_PACKET_OCTETS, type VerdictEvent } from '../../src/events/verdict-event.ts';
import { ALLOW_REASONS, BLOCK_REASONS, SCOPE_FIELDS } from '../../src/policy/verdict.ts';

/** A block in enforce mode, with what the test changes. */
export function verdictEvent(changes: Partial<VerdictEvent> = {}): VerdictEvent {
  return {
    atMs: Date.UTC(2026, 10, 21, 4, 52, 0, 123),
    datapathId: '0000000000000001',
    inPort: 3,
    client: parseAddress('192.0.2.66')!,
    clientPort: 40_000,
    clientMac: 0x020000000042,
    clientName: undefined,
    group: 'default',
    destination: parseAddress('203.0.113.66')!,
    transport: 'udp',
    queryName: parseName('evil.test')!,
    queryType: 1,
    recursionDesired: false,
    verdict: 'block',
    reason: 'unknown',
    ruleId: undefined,
    scope: ['destination', 'group'],
    alarm: undefined,
    hint: undefined,
    packetsAtLeast: 1,
    enforced: true,
    heldMs: 50,
    message: '203.0.113.66 is unknown and block',
    packet: undefined,
    ...changes,
  };
}

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const anyAddress = fc.oneof(octets(4), octets(16)).map((bytes) => addressFromOctets(Buffer.from(bytes))!);
const label = fc.uint8Array({ minLength: 1, maxLength: 63 });
/** Any octets in any labels. */
const anyName = fc
  .array(label, { maxLength: 3 })
  .map((labels) => `${labels.map((bytes) => String.fromCharCode(bytes.length, ...bytes)).join('')}\0` as Name);
const anyInstant = fc.double({ min: 0, max: 4e12, noNaN: true });

/** Events with anything that their types allow, hostile names among it. */
export const anyVerdictEvent: fc.Arbitrary<VerdictEvent> = fc.record({
  atMs: anyInstant,
  datapathId: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((id) => id.toString(16).padStart(16, '0')),
  inPort: fc.integer({ min: 0, max: 0xffffffff }),
  client: anyAddress,
  clientPort: fc.integer({ min: 0, max: 65535 }),
  clientMac: fc.option(fc.integer({ min: 0, max: 0xffffffffffff }), { nil: undefined }),
  clientName: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
  group: fc.stringMatching(/^[\w.-]{1,63}$/),
  destination: anyAddress,
  transport: fc.constantFrom('udp', 'tcp'),
  queryName: fc.option(anyName, { nil: undefined }),
  queryType: fc.option(fc.integer({ min: 0, max: 65535 }), { nil: undefined }),
  recursionDesired: fc.option(fc.boolean(), { nil: undefined }),
  verdict: fc.constantFrom('allow', 'block'),
  reason: fc.constantFrom(...ALLOW_REASONS, ...BLOCK_REASONS),
  ruleId: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
  scope: fc.subarray([...SCOPE_FIELDS]),
  alarm: fc.constantFrom(undefined, 'recursionDesired'),
  hint: fc.option(
    fc.record({
      zone: anyName,
      nameServer: anyName,
      expiresAtMs: fc.oneof(anyInstant, fc.constant(Number.POSITIVE_INFINITY)),
    }),
    { nil: undefined },
  ),
  packetsAtLeast: fc.integer({ min: 1, max: 1e9 }),
  enforced: fc.boolean(),
  heldMs: fc.double({ min: 0, max: 1000, noNaN: true }),
  message: fc.string({ unit: 'binary' }),
  packet: fc.option(fc.uint8Array({ minLength: 1, maxLength: MAX_PACKET_OCTETS }), { nil: undefined }),
});
