import { describe, expect, it } from 'vitest';
import { PIPELINE } from '../../../src/controller/pipeline.ts';
import { type BridgeWishes, bridgeFindings } from '../../../src/doctor/bridge-findings.ts';
import { FragmentFlag } from '../../../src/openflow/schema/constants.ts';
import type { BridgeFacts, PipelineFacts } from '../../../src/switches/bridge-facts.ts';
import type { BridgeRow } from '../../../src/switches/database-facts.ts';

const { classify, forward, verdict } = PIPELINE;
const WISHES: BridgeWishes = { outsidePorts: ['eth0', 2], controllerTarget: 'tcp:127.0.0.1:6653' };
const ROW: BridgeRow = {
  name: 'br0',
  datapathId: '0000000000000001',
  datapathType: 'netdev',
  failMode: 'secure',
  protocols: ['OpenFlow13'],
  controllers: [{ target: 'tcp:127.0.0.1:6653', isConnected: true }],
};
const SEEN: PipelineFacts = {
  ports: new Map([
    ['eth0', 1],
    ['eth1', 2],
  ]),
  fragmentMode: FragmentFlag.NX_MATCH,
  flowsByRule: new Map([
    [classify.entries.other.rule, 1],
    [forward.entries.normal.rule, 1],
    [verdict.entries.allow.rule, 7],
  ]),
  bypassingFlows: 0,
};

interface Change {
  readonly row?: Partial<BridgeRow>;
  readonly vlanLimit?: number | undefined;
  readonly pipeline?: Partial<PipelineFacts>;
  readonly wishes?: Partial<BridgeWishes>;
}

function findings({ row, pipeline, wishes, ...rest }: Change = {}) {
  const vlanLimit = 'vlanLimit' in rest ? rest.vlanLimit : 2;
  const facts: BridgeFacts = {
    bridge: 'br0',
    database: { ok: true, vlanLimit, row: { ...ROW, ...row } },
    pipeline: { ok: true, ...SEEN, ...pipeline },
  };
  return bridgeFindings(facts, { ...WISHES, ...wishes });
}

const bad = (change: Change) => findings(change).filter(({ ok }) => ok !== true);

describe('a bridge as it should be', () => {
  it('gives one good finding for each thing looked at', () => {
    expect(findings().map(({ check, ok }) => [check, ok])).toEqual(
      [
        ...['bridge', 'datapath', 'protocols', 'fail-mode', 'controller', 'controller-connected', 'vlan-limit'],
        ...['fragment-mode', 'outside-ports', 'flows', 'others-flows'],
      ].map((check) => [check, true]),
    );
    expect(findings().find(({ check }) => check === 'flows')!.message).toContain('allow 7');
  });

  it.each([
    [{ row: { protocols: [] } }],
    [{ row: { datapathType: '' } }],
    [{ row: { datapathType: 'system', datapathId: '' } }],
    [{ vlanLimit: 0 }],
    [{ vlanLimit: 3 }],
    [{ row: { controllers: [...ROW.controllers, { target: 'tcp:192.0.2.1:6653', isConnected: false }] } }],
  ] satisfies [Change][])('may also be %j', (change) => {
    expect(bad(change)).toEqual([]);
  });
});

describe('what is wrong', () => {
  it.each([
    [{ row: { protocols: ['OpenFlow10'] } }, 'protocols', 'ovs-vsctl add bridge br0 protocols OpenFlow13'],
    [{ row: { failMode: '' } }, 'fail-mode', 'ovs-vsctl set-fail-mode br0 secure'],
    [{ row: { failMode: 'standalone' } }, 'fail-mode', 'ovs-vsctl set-fail-mode br0 secure'],
    [{ vlanLimit: undefined }, 'vlan-limit', 'ovs-vsctl set Open_vSwitch . other_config:vlan-limit=2'],
    [{ vlanLimit: 1 }, 'vlan-limit', 'other_config:vlan-limit=2'],
    [{ pipeline: { fragmentMode: FragmentFlag.NORMAL } }, 'fragment-mode', 'gluewall switch prime br0'],
    [{ pipeline: { flowsByRule: new Map() } }, 'flows', 'gluewall switch prime br0'],
    [{ pipeline: { flowsByRule: new Map([[verdict.entries.drop.rule, 2]]) } }, 'flows', 'prime br0'],
    [{ pipeline: { bypassingFlows: 3 } }, 'others-flows', 'dump-flows br0 table=0'],
    [{ wishes: { outsidePorts: [] } }, 'outside-ports', 'outside.ports'],
    [{ wishes: { outsidePorts: ['eth9', 7] } }, 'outside-ports', 'ovs-vsctl add-port'],
    [
      { row: { controllers: [{ target: 'tcp:192.0.2.1:6653', isConnected: false }] } },
      'controller-connected',
      'start gluewall',
    ],
  ] satisfies [Change, string, string][])('is found alone, with its remedy: %j', (change, check, remedy) => {
    expect(bad(change)).toEqual([
      { check, ok: false, message: expect.any(String), remedy: expect.stringContaining(remedy) },
    ]);
  });

  it('is a controller that is not set, and then none can be connected', () => {
    expect(bad({ row: { controllers: [] } })).toEqual([
      {
        check: 'controller',
        ok: false,
        message: 'the bridge has no controller',
        remedy: expect.stringContaining('ovs-vsctl set-controller br0 tcp:127.0.0.1:6653'),
      },
      { check: 'controller-connected', ok: null, message: expect.any(String) },
    ]);
  });

  it('names flows by their entry, and rules of another release by number', () => {
    const flowsByRule = new Map([[999, 2]]);
    expect(bad({ pipeline: { flowsByRule } })[0]!.message).toContain('rule 999 2');
  });
});

describe('what cannot be told', () => {
  it('is a datapath of another type, and a port that another bridge may have', () => {
    expect(bad({ row: { datapathType: 'dummy' } })).toMatchObject([{ check: 'datapath', ok: null }]);
    const [ports, ...others] = bad({ wishes: { outsidePorts: ['eth0', 'eth9'] } });
    expect(others).toEqual([]);
    expect(ports).toMatchObject({ check: 'outside-ports', ok: null, message: expect.stringContaining('eth9') });
    expect(ports!.message).toContain('eth0 (1), eth1 (2)');
  });

  it('is all that the database has, when it does not answer but the bridge does', () => {
    const database = { ok: false, problem: 'no database', remedy: 'start it' } as const;
    const found = bridgeFindings({ bridge: 'br0', database, pipeline: { ok: true, ...SEEN } }, WISHES);
    expect(found[0]).toMatchObject({ check: 'bridge', ok: true });
    expect(found.filter(({ ok }) => ok === false)).toEqual([]);
    expect(found.filter(({ ok }) => ok === null)).toHaveLength(6);
  });

  it('is all that OpenFlow would tell, when the bridge does not speak it', () => {
    const pipeline = { ok: false, problem: 'no OpenFlow 1.3' } as const;
    const database = { ok: true, vlanLimit: 2, row: ROW } as const;
    const found = bridgeFindings({ bridge: 'br0', database, pipeline }, WISHES);
    expect(found.filter(({ ok }) => ok === null).map(({ check }) => check)).toEqual([
      'fragment-mode',
      'outside-ports',
      'flows',
    ]);
    expect(found.at(-1)!.message).toBe('not known: no OpenFlow 1.3');
  });
});

describe('a bridge that is not there', () => {
  const pipeline = { ok: false, problem: 'no such socket' } as const;

  it('is the only finding', () => {
    const database = { ok: true, vlanLimit: 2, row: undefined } as const;
    expect(bridgeFindings({ bridge: 'br0', database, pipeline }, WISHES)).toEqual([
      { check: 'bridge', ok: false, message: 'Open vSwitch has no bridge br0', remedy: expect.any(String) },
    ]);
  });

  it('is told with what stands in the way of the database', () => {
    const database = { ok: false, problem: 'no database', remedy: 'start it' } as const;
    expect(bridgeFindings({ bridge: 'br0', database, pipeline }, WISHES)).toEqual([
      { check: 'bridge', ok: false, message: 'no database', remedy: 'start it' },
    ]);
  });
});
