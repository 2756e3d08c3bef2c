import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DropScope, FlowScope } from '../../../src/controller/flow-scope.ts';
import { cookieOf, type Flow, PIPELINE } from '../../../src/controller/pipeline.ts';
import {
  allowFlow,
  bypassFlow,
  dropClientFlow,
  dropFlow,
  readVerdictFlow,
  type VerdictFlow,
} from '../../../src/controller/verdict-flows.ts';
import { checkPrerequisites, type Match } from '../../../src/openflow/match.ts';
import type { Oxm } from '../../../src/openflow/oxm.ts';
import type { FlowStats } from '../../../src/openflow/schema/multipart.ts';
import { allowScope, clientScope, dropScope } from '../../support/flow-scopes.ts';
import { addressOf } from '../../support/observations.ts';
import { showFlow } from './show-flow.ts';

const scopes = (client: string, destination: string): DropScope => ({
  client: addressOf(client),
  destination: addressOf(destination),
});
const flows = (client: string, destination: string) => [
  allowFlow({ destination: addressOf(destination) }, 300),
  dropFlow(scopes(client, destination), 10),
  dropClientFlow({ client: addressOf(client) }, 10),
];
const NARROW: Omit<FlowScope, 'destination'> = {
  group: 7,
  inPort: 4,
  mac: 0x0200000000ab,
  ipProtocol: 6,
  clientPort: 40_000,
};

const DROP = 'metadata 0x20000/0xf0000, goto 3 (10s)';

describe('verdict flows', () => {
  it('match what the verdict read, and no more', () => {
    expect(flows('192.0.2.66', '203.0.113.8').map(showFlow)).toEqual([
      '1 300 eth_type=0x800 ipv4_dst=203.0.113.8 -> goto 2 (300s)',
      `1 200 eth_type=0x800 ipv4_src=192.0.2.66 ipv4_dst=203.0.113.8 -> ${DROP}`,
      `1 100 eth_type=0x800 ipv4_src=192.0.2.66 -> ${DROP}`,
    ]);
    expect(flows('2001:db8::66', '2001:db8:1::8').map(showFlow)).toEqual([
      '1 300 eth_type=0x86dd ipv6_dst=2001:db8:1::8 -> goto 2 (300s)',
      `1 200 eth_type=0x86dd ipv6_src=2001:db8::66 ipv6_dst=2001:db8:1::8 -> ${DROP}`,
      `1 100 eth_type=0x86dd ipv6_src=2001:db8::66 -> ${DROP}`,
    ]);
  });

  it('match all fields that a verdict can have read', () => {
    const where = 'in_port=4 metadata=0x7/0xffff eth_src=02:00:00:00:00:ab';
    const { destination, client } = scopes('192.0.2.66', '203.0.113.8');
    expect(showFlow(allowFlow({ destination, client, ...NARROW }, 300))).toBe(
      `1 300 ${where} eth_type=0x800 ip_proto=6 ipv4_src=192.0.2.66 ipv4_dst=203.0.113.8 tcp_src=40000 -> goto 2 (300s)`,
    );
    const ipv6 = scopes('2001:db8::66', '2001:db8:1::8');
    expect(showFlow(dropFlow({ ...ipv6, ...NARROW, ipProtocol: 17 }, 10))).toBe(
      `1 200 ${where} eth_type=0x86dd ip_proto=17 ipv6_src=2001:db8::66 ipv6_dst=2001:db8:1::8 udp_src=40000 -> ${DROP}`,
    );
    expect(showFlow(dropClientFlow({ client, group: 7 }, 10))).toBe(
      `1 100 metadata=0x7/0xffff eth_type=0x800 ipv4_src=192.0.2.66 -> ${DROP}`,
    );
  });

  it('of a bypass match a group or all, stand above all others, and are told as what is only observed', () => {
    expect(showFlow(bypassFlow(7, 600))).toBe('1 400 metadata=0x7/0xffff -> metadata 0x10000/0xf0000, goto 2 (600s)');
    expect(showFlow(bypassFlow(undefined, 600))).toBe('1 400 all -> metadata 0x10000/0xf0000, goto 2 (600s)');
  });

  it('have matches that a switch accepts', () => {
    fc.assert(
      fc.property(allowScope, dropScope, clientScope, (allowed, dropped, client) => {
        for (const { match } of [allowFlow(allowed, 1), dropFlow(dropped, 1), dropClientFlow(client, 1)])
          expect(checkPrerequisites(match)).toBeUndefined();
      }),
    );
  });

  it('are none for a port without a protocol that has ports', () => {
    const { destination, client } = scopes('192.0.2.66', '203.0.113.8');
    for (const wrong of [{ clientPort: 1 }, { clientPort: 1, ipProtocol: 1 }]) {
      const make = () => allowFlow({ destination, client, ...wrong }, 300);
      expect(make).toThrow(expect.objectContaining({ code: 'pipeline' }));
    }
  });
});

/** A flow as its switch shows it, `age` seconds later; `order` sorts its match fields. */
function shown({ tableId, priority, rule, match, instructions, hardTimeoutSeconds }: Flow, age = 0): FlowStats {
  const counters = { durationSec: age, durationNsec: 0, packetCount: 0n, byteCount: 0n };
  const cookie = cookieOf(0xabcd, rule);
  const timeouts = { idleTimeout: 0, hardTimeout: hardTimeoutSeconds };
  return { tableId, priority, cookie, flags: 0, match, instructions, ...timeouts, ...counters };
}

describe('readVerdictFlow', () => {
  const seconds = fc.integer({ min: 2, max: 65_535 });
  const made: fc.Arbitrary<readonly [Flow, VerdictFlow]> = fc.oneof(
    fc
      .tuple(allowScope, seconds)
      .map(([scope, secondsLeft]) => [allowFlow(scope, secondsLeft), { kind: 'allow', scope, secondsLeft }] as const),
    fc
      .tuple(dropScope, seconds)
      .map(([scope, secondsLeft]) => [dropFlow(scope, secondsLeft), { kind: 'drop', scope, secondsLeft }] as const),
    fc
      .tuple(clientScope, seconds)
      .map(
        ([scope, secondsLeft]) =>
          [dropClientFlow(scope, secondsLeft), { kind: 'dropClient', scope, secondsLeft }] as const,
      ),
    fc
      .tuple(fc.option(fc.integer({ min: 1, max: 0xffff }), { nil: undefined }), seconds)
      .map(([group, secondsLeft]) => [bypassFlow(group, secondsLeft), { kind: 'bypass', group, secondsLeft }] as const),
  );

  it('reads back what was made, whatever order the switch shows its fields in', () => {
    fc.assert(
      fc.property(made, fc.infiniteStream(fc.nat()), ([flow, verdict], order) => {
        const keyed = flow.match.map((oxm) => ({ oxm, key: order.next().value as number }));
        const match = keyed.sort((one, other) => one.key - other.key).map(({ oxm }) => oxm);
        expect(readVerdictFlow(shown({ ...flow, match }))).toEqual(verdict);
        expect(readVerdictFlow(shown({ ...flow, match }, 1))).toEqual({
          ...verdict,
          secondsLeft: verdict.secondsLeft - 1,
        });
      }),
    );
  });

  it('knows nothing of flows that have ended, or that have no end', () => {
    const flow = allowFlow({ destination: addressOf('203.0.113.8') }, 60);
    expect(readVerdictFlow(shown(flow, 60))).toBeUndefined();
    expect(readVerdictFlow(shown({ ...flow, hardTimeoutSeconds: 0 }))).toBeUndefined();
  });

  it('knows nothing of what no verdict would have made: what it reads makes the same flow again', () => {
    const { allow, drop, dropClient, bypass, ask } = PIPELINE.verdict.entries;
    const address = addressOf('192.0.2.1');
    const ipv6 = addressOf('2001:db8::1');
    const oxm: fc.Arbitrary<Oxm> = fc.constantFrom<Oxm>(
      { field: 'eth_type', value: 0x800 },
      { field: 'eth_type', value: 0x86dd },
      { field: 'eth_type', value: 0x806 },
      { field: 'ipv4_src', value: address as never },
      { field: 'ipv4_dst', value: address as never },
      { field: 'ipv4_dst', value: address as never, mask: addressOf('255.255.255.0') as never },
      { field: 'ipv6_src', value: ipv6 as never },
      { field: 'ipv6_dst', value: ipv6 as never },
      { field: 'metadata', value: 7n, mask: 0xffffn },
      { field: 'metadata', value: 0x10007n, mask: 0xfffffn },
      { field: 'metadata', value: 7n },
      { field: 'in_port', value: 3 },
      { field: 'eth_src', value: '02:00:00:00:00:01' },
      { field: 'eth_src', value: '02:00:00:00:00:00', mask: 'ff:ff:ff:ff:ff:00' },
      { field: 'ip_proto', value: 6 },
      { field: 'ip_proto', value: 17 },
      { field: 'tcp_src', value: 53 },
      { field: 'udp_src', value: 53 },
      { field: 'tcp_dst', value: 53 },
      { field: 'vlan_vid', value: 0x1005 },
      { field: 'unknown', oxmClass: 0x8000, oxmField: 99, hasMask: false, raw: Buffer.alloc(1) },
    );
    const matches = fc.uniqueArray(oxm, { maxLength: 6, selector: ({ field }) => field });
    let read = 0;
    fc.assert(
      fc.property(
        matches,
        fc.constantFrom(allow, drop, dropClient, bypass, ask),
        fc.constantFrom(0, 0, 0, 1),
        (match, { rule, priority }, above) => {
          const flow: Flow = {
            tableId: 1,
            priority: priority + above,
            rule,
            match,
            instructions: [],
            hardTimeoutSeconds: 9,
          };
          const verdict = readVerdictFlow(shown(flow));
          if (verdict === undefined) return;
          read++;
          const again = makeAgain(verdict);
          expect([again.tableId, again.priority, again.rule]).toEqual([1, flow.priority, rule]);
          expect(inOrder(again.match)).toEqual(inOrder(match));
        },
      ),
      { numRuns: 20_000 },
    );
    expect(read).toBeGreaterThan(200);
    const elsewhere = { ...allowFlow({ destination: address }, 60), tableId: 2 };
    expect(readVerdictFlow(shown(elsewhere))).toBeUndefined();
  });
});

function makeAgain(verdict: VerdictFlow): Flow {
  if (verdict.kind === 'bypass') return bypassFlow(verdict.group, verdict.secondsLeft);
  if (verdict.kind === 'allow') return allowFlow(verdict.scope, verdict.secondsLeft);
  if (verdict.kind === 'drop') return dropFlow(verdict.scope, verdict.secondsLeft);
  return dropClientFlow(verdict.scope, verdict.secondsLeft);
}

const inOrder = (match: Match) => [...match].sort((one, other) => (one.field < other.field ? -1 : 1));
