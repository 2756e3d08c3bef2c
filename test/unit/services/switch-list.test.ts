import { describe, expect, it } from 'vitest';
import { listSwitches, type SwitchSight, type SwitchView } from '../../../src/services/switch-list.ts';

const SIGHT: SwitchSight = {
  datapathId: '0000000000000001',
  peer: '192.0.2.1:40000',
  role: 'equal',
  state: 'in step',
  sinceMs: Date.UTC(2026, 10, 21),
  flows: { allow: 10, drop: 2, allowBudget: 100, dropBudget: 100 },
  configured: { allow: 100, drop: 100 },
  enforces: true,
  waiting: 0,
  ports: new Map([
    ['uplink', 2],
    ['eth1', 1],
  ]),
  outsidePorts: [2],
  wantedOutsidePorts: ['uplink'],
  hasMeters: true,
  hasBundles: true,
  ...{ copiesDropped: 0, asksDropped: 0, malformed: 0, errors: 0, unroomed: 0 },
};

async function view(...sights: readonly Partial<SwitchSight>[]): Promise<SwitchView[]> {
  const views: SwitchView[] = [];
  for await (const one of listSwitches(() => sights.map((sight) => ({ ...SIGHT, ...sight })))) views.push(one);
  return views;
}

describe('the switches', () => {
  it('are shown with their ports, and with nothing to do where all is well', async () => {
    const [one] = await view({});
    expect(one).toMatchObject({
      datapathId: '0000000000000001',
      address: '192.0.2.1',
      port: 40_000,
      state: 'in step',
      since: '2026-11-21T00:00:00.000Z',
      ports: [
        { name: 'eth1', number: 1, isOutside: false },
        { name: 'uplink', number: 2, isOutside: true },
      ],
    });
    expect(one!.checks.every(({ is, remedy }) => is === 'good' && remedy === null)).toBe(true);
  });

  it('come with those that are away last, which are a bad thing', async () => {
    const away = { datapathId: '2', state: 'away', peer: undefined, sinceMs: undefined, role: 'none' } as const;
    const [first, second] = await view(away, {});
    expect(first!.state).toBe('in step');
    expect(second).toMatchObject({ address: null, port: null, since: null, checks: [{ is: 'bad' }] });
  });

  it('say what is wrong and what to do, the worst first', async () => {
    const cases: readonly (readonly [Partial<SwitchSight>, 'warning' | 'bad', string])[] = [
      [{ role: 'slave', state: 'coming' }, 'warning', 'another controller is master'],
      [{ state: 'coming' }, 'warning', 'being brought in step'],
      [{ outsidePorts: [7] }, 'bad', 'no outside port: outside.ports says uplink, the switch has uplink, eth1'],
      [{ wantedOutsidePorts: [], outsidePorts: [] }, 'warning', 'outside.ports is empty'],
      [{ flows: { ...SIGHT.flows, allowBudget: 9 } }, 'bad', 'has had no room for more flows'],
      [{ flows: { ...SIGHT.flows, drop: 80 } }, 'warning', '80 drop flows of at most 100'],
      [{ unroomed: 1 }, 'warning', '1 verdict found no room for a flow'],
      [{ asksDropped: 3 }, 'warning', '3 questions of the switch were dropped'],
      [{ copiesDropped: 3 }, 'warning', '3 copies were dropped'],
      [{ errors: 2 }, 'warning', 'the switch refused 2 messages'],
      [{ malformed: 1 }, 'warning', '1 message of the switch could not be read'],
      [{ hasMeters: false }, 'warning', 'it has no meters'],
      [{ hasBundles: false }, 'warning', 'it has no bundles'],
    ];
    for (const [sight, is, what] of cases) {
      const [one] = await view(sight);
      expect(one!.checks[0], what).toMatchObject({ is, what: expect.stringContaining(what) });
      expect(one!.checks[0]!.remedy, what).not.toBeNull();
    }
  });

  it('read an IPv6 peer', async () => {
    const [one] = await view({ peer: '2001:db8::1:40000' });
    expect(one).toMatchObject({ address: '2001:db8::1', port: 40_000 });
  });

  it('make no flows where nothing is enforced', async () => {
    const [one] = await view({ enforces: false, flows: { allow: 0, drop: 0, allowBudget: 0, dropBudget: 0 } });
    expect(one!.checks.map(({ what }) => what)).toContain('nothing is enforced on it: verdicts make no flows');
  });

  it('are asked of a gluewall that runs', async () => {
    await expect(listSwitches(undefined).next()).rejects.toMatchObject({ code: 'not-running' });
  });
});
