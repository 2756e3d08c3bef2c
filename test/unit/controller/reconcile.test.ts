import { describe, expect, it, vi } from 'vitest';
import { baseFlows } from '../../../src/controller/base-flows.ts';
import type { Flow } from '../../../src/controller/pipeline.ts';
import { addFlow, deleteFlow, diffFlows, diffFlowsInTurns, diffMeters } from '../../../src/controller/reconcile.ts';
import { allowFlow, dropClientFlow, dropFlow } from '../../../src/controller/verdict-flows.ts';
import { type Ipv4Address, type Ipv6Address, parseNetwork } from '../../../src/core/address.ts';
import type { Match } from '../../../src/openflow/match.ts';
import { decodeMessage, encodeMessage, type Message } from '../../../src/openflow/message.ts';
import type { Oxm } from '../../../src/openflow/oxm.ts';
import { MeterFlag } from '../../../src/openflow/schema/constants.ts';
import type { FlowStats, MeterConfig } from '../../../src/openflow/schema/multipart.ts';
import { onlyGroup } from '../../support/default-group.ts';
import { addressOf } from '../../support/observations.ts';

const GENERATION = 0x1234;

function overTheWire<M extends Message>(message: M): M {
  const decoded = decodeMessage(encodeMessage(message));
  if (!decoded.ok) throw decoded.error;
  return decoded.message as M;
}

/** What a switch says of flows that were added `ageSeconds` ago. */
function present(flows: readonly Flow[], change: Partial<FlowStats> = {}, generation = GENERATION): FlowStats[] {
  const entries = flows.map((flow): FlowStats => {
    const { tableId, priority, cookie, match, instructions, hardTimeout } = addFlow(flow, generation);
    const counts = { packetCount: 5n, byteCount: 500n };
    const times = { durationSec: 0, durationNsec: 5, idleTimeout: 0, hardTimeout };
    return { tableId, priority, cookie, match, instructions, flags: 0, ...counts, ...times, ...change };
  });
  const reply = overTheWire({ type: 'multipartReply', xid: 1, flags: 0, body: { type: 'flow', entries } });
  return reply.body.type === 'flow' ? [...reply.body.entries] : [];
}

const BASE = baseFlows({
  groups: onlyGroup('ask'),
  onFailure: 'open',
  insideNetworks: ['192.0.2.0/24', '203.0.113.7/32', '2001:db8::/32', '2001:db8::1/128'].map(
    (text) => parseNetwork(text)!,
  ),
  trustedResolvers: ['192.0.2.2', '2001:db8::2'].map(addressOf),
  outsidePorts: [1, 0xfffffeff],
  learns: 'nothing',
  recordsAllowed: false,
  meters: true,
});
/** As `present`, with no detour over the wire. */
function statsOf(flow: Flow): FlowStats {
  const { tableId, priority, cookie, match, instructions, hardTimeout } = addFlow(flow, GENERATION);
  const times = { durationSec: 0, durationNsec: 0, idleTimeout: 0, hardTimeout };
  return { tableId, priority, cookie, match, instructions, flags: 0, packetCount: 0n, byteCount: 0n, ...times };
}

const SERVER = addressOf('203.0.113.53');
const BOT = addressOf('192.0.2.66');
const VERDICTS = [
  allowFlow({ destination: SERVER }, 300),
  allowFlow({ destination: addressOf('2001:db8:1::53') }, 65_535),
  dropFlow({ client: BOT, destination: SERVER }, 10),
  dropClientFlow({ client: BOT }, 10),
];
const ALL = [...BASE, ...VERDICTS];

describe('diffFlows', () => {
  it('is empty when all are there, whatever the order', () => {
    expect(diffFlows(present(ALL), ALL, GENERATION)).toEqual([]);
    expect(diffFlows(present(ALL).reverse(), ALL, GENERATION)).toEqual([]);
  });

  it('is all of them for an empty switch, in the order given', () => {
    expect(diffFlows([], ALL, GENERATION)).toEqual(ALL.map((flow) => addFlow(flow, GENERATION)));
  });

  it('takes a reordered match for the same', () => {
    const reordered = present(ALL).map((stats) => ({ ...stats, match: [...stats.match].reverse() }));
    expect(diffFlows(reordered, ALL, GENERATION)).toEqual([]);
  });

  it('takes a mask of all ones for no mask, both ways', () => {
    const masks = {
      ipv4_dst: addressOf('255.255.255.255'),
      ipv6_dst: addressOf('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),
    };
    const full = (oxm: Oxm) => {
      const isWhole = (oxm.field === 'ipv4_dst' || oxm.field === 'ipv6_dst') && oxm.mask === undefined;
      return isWhole ? { ...oxm, mask: masks[oxm.field] } : oxm;
    };
    const none = (oxm: Oxm) =>
      oxm.field !== 'unknown' && oxm.mask !== undefined && Object.values(masks).includes(oxm.mask as never)
        ? ({ field: oxm.field, value: oxm.value } as Oxm)
        : oxm;
    for (const change of [full, none]) {
      const changed = present(ALL).map((stats) => ({ ...stats, match: stats.match.map((oxm) => change(oxm) as Oxm) }));
      expect(diffFlows(changed, ALL, GENERATION)).toEqual([]);
    }
  });

  it('tells a partly masked address from a whole one', () => {
    const [flow] = BASE.filter(({ match }) => match.some((oxm) => oxm.field === 'ipv4_dst' && oxm.mask !== undefined));
    const whole = {
      ...flow!,
      match: flow!.match.map((oxm) => (oxm.field === 'ipv4_dst' ? { field: oxm.field, value: oxm.value } : oxm)),
    };
    expect(diffFlows(present([whole as Flow]), [flow!], GENERATION)).toHaveLength(2);
  });

  it('adds what is missing', () => {
    for (const missing of ALL) {
      const rest = present(ALL.filter((flow) => flow !== missing));
      expect(diffFlows(rest, ALL, GENERATION)).toEqual([addFlow(missing, GENERATION)]);
    }
  });

  it('deletes what is too many, strictly, after the additions', () => {
    const stray = allowFlow({ destination: addressOf('203.0.113.99') }, 100);
    const mods = diffFlows(present([stray, ...ALL.slice(1)]), ALL, GENERATION);
    expect(mods).toEqual([addFlow(ALL[0]!, GENERATION), deleteFlow(stray)]);
    expect(mods[1]).toMatchObject({ command: 'deleteStrict', tableId: 1, priority: 300 });
  });

  it.each<[string, Partial<FlowStats>]>([
    ['cookie', { cookie: 1n }],
    ['kind of timeout', { hardTimeout: 0 }],
    ['instructions', { instructions: [] }],
  ])('adds anew what has another %s, and deletes nothing: ADD replaces', (_what, change) => {
    const allow = allowFlow({ destination: SERVER }, 300);
    expect(diffFlows(present([allow], change), [allow], GENERATION)).toEqual([addFlow(allow, GENERATION)]);
  });

  it('adds all anew for another generation', () => {
    const mods = diffFlows(present(ALL, {}, 1), ALL, 2);
    expect(mods).toEqual(ALL.map((flow) => addFlow(flow, 2)));
  });

  it('leaves a timer alone that ends when it should', () => {
    for (const [left, wanted] of [
      [200, 200],
      [200, 199],
      [199, 201],
    ] as const) {
      const held = present([allowFlow({ destination: SERVER }, 300)], { durationSec: 300 - left });
      expect(
        diffFlows(held, [allowFlow({ destination: SERVER }, wanted)], GENERATION),
        `${left} left, ${wanted} wanted`,
      ).toEqual([]);
    }
  });

  it('adds anew a flow that would end too early or too late, as when it was renewed or shortened while the switch was away', () => {
    for (const [left, wanted] of [
      [10, 300],
      [250, 60],
      [2, 15],
    ] as const) {
      const allow = allowFlow({ destination: SERVER }, wanted);
      const held = present([allowFlow({ destination: SERVER }, 300)], { durationSec: 300 - left });
      expect(diffFlows(held, [allow], GENERATION)).toEqual([addFlow(allow, GENERATION)]);
    }
  });

  it('takes a flow named twice for one', () => {
    const twice = [...ALL, ALL[0]!, VERDICTS[0]!];
    expect(diffFlows(present(ALL), twice, GENERATION)).toEqual([]);
    expect(diffFlows([], twice, GENERATION)).toHaveLength(ALL.length);
  });
});

describe('what makes flows differ', () => {
  const octets = (text: string) => text as Ipv6Address;
  const unknown = (oxmField: number, hasMask: boolean, raw: string): Oxm => ({
    ...{ field: 'unknown', oxmClass: 0x4001, oxmField, hasMask, raw: Buffer.from(raw, 'hex') },
  });
  const matches: readonly Match[] = [
    [],
    [{ field: 'eth_type', value: 1 }],
    [{ field: 'ip_proto', value: 1 }],
    [
      { field: 'eth_type', value: 1 },
      { field: 'ip_proto', value: 1 },
    ],
    [{ field: 'metadata', value: 1n }],
    [{ field: 'metadata', value: 1n, mask: 1n }],
    [{ field: 'metadata', value: 11n }],
    // Octets that look like what stands between fields.
    [{ field: 'ipv6_dst', value: octets('a ipv6_src=16:bc') }],
    [
      { field: 'ipv6_dst', value: octets('a               ') },
      { field: 'ipv6_src', value: octets('bc              ') },
    ],
    [{ field: 'ipv6_dst', value: octets('a/16:           ') }],
    [{ field: 'ipv6_dst', value: octets('a               '), mask: octets('a               ') }],
    [unknown(1, false, '01020304')],
    [unknown(2, false, '01020304')],
    [unknown(1, true, '01020304')],
    [unknown(1, false, '01020305')],
  ];

  it.each(matches.map((match) => [match]))('a match of another: %o', (match) => {
    const flow: Flow = { ...VERDICTS[0]!, match };
    for (const other of matches) {
      const mods = diffFlows([statsOf({ ...flow, match: other })], [flow], GENERATION);
      expect(mods).toHaveLength(other === match ? 0 : 2);
    }
  });

  it('a table, a priority, and instructions to the last octet', () => {
    const flow = VERDICTS[2]!;
    const made = (data: string): Flow => ({
      ...flow,
      instructions: [{ type: 'experimenter', experimenter: 1, data: Buffer.from(data, 'hex') }],
    });
    expect(diffFlows([statsOf({ ...flow, tableId: 3 })], [flow], GENERATION)).toHaveLength(2);
    expect(diffFlows([statsOf({ ...flow, priority: 3 })], [flow], GENERATION)).toHaveLength(2);
    expect(diffFlows([statsOf(made('0102'))], [made('0102')], GENERATION)).toHaveLength(0);
    expect(diffFlows([statsOf(made('0103'))], [made('0102')], GENERATION)).toHaveLength(1);
    const fewer = { ...flow, instructions: flow.instructions.slice(1) };
    expect(diffFlows([statsOf(fewer)], [flow], GENERATION)).toHaveLength(1);
    expect(diffFlows([statsOf(flow)], [fewer], GENERATION)).toHaveLength(1);
  });
});

describe('diffFlowsInTurns', () => {
  const many = (count: number, from = 0) =>
    Array.from({ length: count }, (_, n) => allowFlow({ destination: (from + n) as Ipv4Address }, 300));

  it('says what diffFlows says, and lets others have their turns meanwhile', async () => {
    const held = many(10_000).map(statsOf);
    const desired = many(10_000, 500);
    let others = 0;
    const timer = setInterval(() => others++, 0);
    const { mods, turns } = await diffFlowsInTurns(held, desired, GENERATION);
    clearInterval(timer);
    expect(mods).toEqual(diffFlows(held, desired, GENERATION));
    expect(mods).toHaveLength(1000);
    expect(turns).toBeGreaterThanOrEqual(10);
    expect(others).toBeGreaterThan(0);
  });

  it('takes no turn for few', async () => {
    expect(await diffFlowsInTurns(present(ALL), ALL, GENERATION)).toEqual({ mods: [], turns: 0 });
  });

  it('makes no JSON of the flows that verdicts make: it takes most of a second for as many as a switch may have', async () => {
    const stringify = vi.spyOn(JSON, 'stringify');
    const { mods } = await diffFlowsInTurns(VERDICTS.map(statsOf), VERDICTS, GENERATION);
    const calls = stringify.mock.calls.length;
    stringify.mockRestore();
    expect([mods, calls]).toEqual([[], 0]);
  });
});

describe('diffMeters', () => {
  const rates = new Map([
    [1, 5000],
    [2, 100],
  ]);
  const flags = MeterFlag.PKTPS | MeterFlag.BURST | MeterFlag.STATS;
  const meter = (meterId: number, rate: number, change: Partial<MeterConfig> = {}): MeterConfig => ({
    flags,
    meterId,
    bands: [{ type: 'drop', rate, burstSize: rate }],
    ...change,
  });
  const held = (entries: MeterConfig[]) => {
    const reply = overTheWire({ type: 'multipartReply', xid: 1, flags: 0, body: { type: 'meterConfig', entries } });
    return reply.body.type === 'meterConfig' ? reply.body.entries : [];
  };

  it('is empty when they stand, and leaves others alone', () => {
    expect(diffMeters(held([meter(9, 1), meter(2, 100), meter(1, 5000)]), rates)).toEqual([]);
  });

  it('adds what is missing and modifies what differs', () => {
    const mods = diffMeters(held([meter(2, 99)]), rates);
    expect(mods).toEqual([
      {
        type: 'meterMod',
        xid: 0,
        command: 'add',
        flags,
        meterId: 1,
        bands: [{ type: 'drop', rate: 5000, burstSize: 5000 }],
      },
      {
        type: 'meterMod',
        xid: 0,
        command: 'modify',
        flags,
        meterId: 2,
        bands: [{ type: 'drop', rate: 100, burstSize: 100 }],
      },
    ]);
    for (const mod of mods) expect(overTheWire(mod)).toEqual(mod);
  });

  it.each<[string, Partial<MeterConfig>]>([
    ['flags', { flags: MeterFlag.KBPS }],
    ['bands', { bands: [] }],
    ['burst', { bands: [{ type: 'drop', rate: 5000, burstSize: 1 }] }],
  ])('modifies what has other %s', (_what, change) => {
    const mods = diffMeters(held([meter(1, 5000, change), meter(2, 100)]), rates);
    expect(mods.map(({ command, meterId }) => [command, meterId])).toEqual([['modify', 1]]);
  });
});
