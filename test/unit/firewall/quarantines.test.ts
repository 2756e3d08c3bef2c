import { describe, expect, it } from 'vitest';
import type { Flow } from '../../../src/controller/pipeline.ts';
import { cookieOf } from '../../../src/controller/pipeline.ts';
import { hostKey } from '../../../src/controller/quarantine-flows.ts';
import { silentLog } from '../../../src/core/log.ts';
import { MAX_QUARANTINES, type QuarantineOrder, Quarantines } from '../../../src/firewall/quarantines.ts';
import type { FlowStats } from '../../../src/openflow/schema/multipart.ts';
import { addressOf } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NOW_MS = 1_800_000_000_000;
const SWITCH = '0000000000000001';
const OTHER = '0000000000000002';

function rig() {
  const clock = new VirtualClock(NOW_MS);
  let changes = 0;
  const quarantines = new Quarantines(clock, silentLog, () => {
    changes++;
  });
  const begin = (text: string, seconds = 60, scope: 'dns' | 'all' = 'dns') => {
    const host = { address: addressOf(text) };
    const nowMs = clock.nowMs();
    const order: QuarantineOrder = {
      host,
      scope,
      remediation: undefined,
      sinceMs: nowMs,
      untilMs: nowMs + seconds * 1000,
      reason: 'a test',
      owner: 'admin',
    };
    quarantines.begin(order);
    return order;
  };
  return { clock, quarantines, begin, changes: () => changes };
}

const stats = (flow: Flow) =>
  ({
    ...flow,
    cookie: cookieOf(1, flow.rule),
    hardTimeout: flow.hardTimeoutSeconds,
    durationSec: 0,
  }) as unknown as FlowStats;
const hosts = ({ orders }: Quarantines) => orders.map(({ host }) => host);

describe('quarantines', () => {
  it('are flows with what is left of their time, and end by themselves', async () => {
    const { clock, quarantines, begin, changes } = rig();
    begin('192.0.2.66');
    await Promise.resolve();
    expect(changes()).toBe(1);
    clock.advance(10_000);
    expect(quarantines.desiredFlows(SWITCH).map(({ hardTimeoutSeconds }) => hardTimeoutSeconds)).toEqual([
      50, 50, 50, 50,
    ]);
    clock.advance(50_000);
    expect(quarantines.desiredFlows(SWITCH)).toEqual([]);
    quarantines.tick();
    expect(quarantines.orders).toEqual([]);
  });

  it('are one for each host, the last that was said', () => {
    const { quarantines, begin } = rig();
    begin('192.0.2.66', 60, 'dns');
    begin('192.0.2.66', 30, 'all');
    expect(quarantines.orders.map(({ scope }) => scope)).toEqual(['all']);
  });

  it('are taken over from a switch, unless they were ended here', () => {
    const { quarantines, begin } = rig();
    const { host } = begin('192.0.2.66');
    const flows = quarantines.desiredFlows(SWITCH).map(stats);
    expect(quarantines.end(host)).toMatchObject({ host });
    quarantines.adopt(SWITCH, flows, () => true);
    expect(quarantines.orders).toEqual([]);
    const next = rig().quarantines;
    next.adopt(SWITCH, flows, () => true);
    expect(next.orders).toEqual([
      expect.objectContaining({
        host,
        scope: 'dns',
        reason: 'found on switch 0000000000000001',
        untilMs: NOW_MS + 60_000,
      }),
    ]);
  });

  it('are taken over for the switches that have them, and for all when somebody begins them anew', () => {
    const before = rig();
    const { host } = before.begin('192.0.2.66');
    const flows = before.quarantines.desiredFlows(SWITCH).map(stats);
    const { quarantines, begin } = rig();
    quarantines.adopt(SWITCH, flows, () => true);
    const countOn = (...switches: string[]) => switches.map((one) => quarantines.desiredFlows(one).length);
    expect(countOn(SWITCH, OTHER, '3')).toEqual([4, 0, 0]);
    quarantines.adopt(OTHER, flows, () => true);
    quarantines.adopt(OTHER, flows, () => true);
    expect(countOn(SWITCH, OTHER, '3')).toEqual([4, 4, 0]);
    expect(hosts(quarantines)).toEqual([host]);
    begin('192.0.2.66');
    expect(countOn(SWITCH, OTHER, '3')).toEqual([4, 4, 4]);
  });

  it('are not taken over of hosts that must not be in quarantine', () => {
    const { begin, quarantines: before } = rig();
    begin('192.0.2.53');
    const { host } = begin('192.0.2.66');
    const { quarantines } = rig();
    quarantines.adopt(SWITCH, before.desiredFlows(SWITCH).map(stats), (one) => hostKey(one) === hostKey(host));
    expect(hosts(quarantines)).toEqual([host]);
  });

  it('bring the switches in step once for many that are begun or ended together', async () => {
    const { quarantines, begin, changes } = rig();
    for (let index = 0; index < 100; index++) begin(`198.18.0.${index}`);
    await Promise.resolve();
    expect(changes()).toBe(1);
    for (const host of hosts(quarantines)) quarantines.end(host);
    await Promise.resolve();
    expect(changes()).toBe(2);
  });

  it('may be begun anew after they were ended', () => {
    const { quarantines, begin } = rig();
    const { host } = begin('192.0.2.66');
    quarantines.end(host);
    begin('192.0.2.66');
    expect(hosts(quarantines)).toEqual([host]);
    expect(quarantines.endAll()).toHaveLength(1);
    expect(quarantines.end(host)).toBeUndefined();
  });

  it('tell of those that are ended before their time', () => {
    const { clock, quarantines, begin } = rig();
    const told: QuarantineOrder[] = [];
    quarantines.subscribe((order) => told.push(order));
    const first = begin('192.0.2.66');
    quarantines.end(first.host);
    quarantines.end(first.host);
    const others = [begin('192.0.2.67'), begin('192.0.2.68')];
    begin('192.0.2.67', 90);
    quarantines.endAll();
    expect(told).toEqual([first, others[1], expect.objectContaining({ host: others[0]!.host })]);
    begin('192.0.2.66');
    clock.advance(60_000);
    quarantines.tick();
    expect(told).toHaveLength(3);
  });

  it('are bounded, and say so', () => {
    const { quarantines, begin } = rig();
    for (let index = 0; index < MAX_QUARANTINES; index++) begin(`198.18.${index >> 8}.${index & 255}`);
    expect(() => begin('192.0.2.66')).toThrow('hosts are in quarantine already');
    begin('198.18.0.1', 30);
    expect(quarantines.orders).toHaveLength(MAX_QUARANTINES);
  });
});
