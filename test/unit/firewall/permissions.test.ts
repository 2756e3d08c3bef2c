import { describe, expect, it } from 'vitest';
import { Permissions } from '../../../src/firewall/permissions.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import type { ClientGroup } from '../../../src/policy/client-group.ts';
import type { Rule } from '../../../src/policy/rule.ts';
import { historyOptions, learnAt } from '../../support/learning.ts';
import { addressOf } from '../../support/observations.ts';
import { groupOf, policiesOn, ruleOf } from '../../support/policies.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const SWITCH = '000000000000002a';
const NO_PLACE = Number.NEGATIVE_INFINITY;
const destination = addressOf('203.0.113.53');
const unknown = addressOf('203.0.113.8');
const client = addressOf('192.0.2.66');
const TCP = 6;

function setUp(groups: readonly ClientGroup[] = [], rules: readonly Rule[] = []) {
  const clock = new VirtualClock();
  const history = new NsHistory(clock, historyOptions({ ttlFloorSeconds: 1 }));
  const zone = 'example.org';
  learnAt(history, clock.nowMs(), { zone, nameServer: `ns.${zone}`, address: '203.0.113.53', nsTtlSeconds: 3600 });
  const permissions = new Permissions(clock, policiesOn(clock, history, rules, groups), ({ mode }) => mode);
  const untilMs = (scope: Parameters<Permissions['untilMs']>[1]) => permissions.untilMs(SWITCH, scope);
  return { permissions, untilMs, endMs: clock.nowMs() + 3_600_000 };
}

describe('what a flow of a scope may let pass', () => {
  it('where there is but one group: what the history knows, for all and for some', () => {
    const { permissions, untilMs, endMs } = setUp();
    for (const scope of [{ destination }, { destination, client }, { destination, group: 1 }])
      expect(untilMs(scope)).toBe(endMs);
    expect(untilMs({ destination: unknown })).toBeUndefined();
    expect(permissions.isAllowed(SWITCH, { destination })).toBe(true);
    expect(permissions.isAllowed(SWITCH, { destination: unknown })).toBe(false);
  });

  it('not more than was matched on: what a client is allowed is not allowed for all', () => {
    const { untilMs } = setUp([], [ruleOf('allow', { from: '192.0.2.66', to: '203.0.113.8' })]);
    expect(untilMs({ destination: unknown, client })).toBe(Number.POSITIVE_INFINITY);
    expect(untilMs({ destination: unknown })).toBeUndefined();
    expect(untilMs({ destination: unknown, client: addressOf('192.0.2.67') })).toBeUndefined();
  });

  it('no name, but of a single connection, whose message has been judged', () => {
    const { untilMs, endMs } = setUp([groupOf(7, 'lab', ['192.0.2.66'], { check: 'zone' })]);
    expect(untilMs({ destination, group: 7 })).toBeUndefined();
    expect(untilMs({ destination, group: 7, client, ipProtocol: TCP, clientPort: 4444 })).toBe(endMs);
    expect(untilMs({ destination, group: 1 })).toBe(endMs);
  });

  it('a group that is monitored has no flow, neither one that allows nor one that drops', () => {
    const { permissions, untilMs, endMs } = setUp([groupOf(7, 'lab', ['192.0.2.66'], {}, 'monitor')]);
    expect(untilMs({ destination, group: 7 })).toBe(NO_PLACE);
    expect(untilMs({ destination: unknown, group: 7, client })).toBe(NO_PLACE);
    expect(permissions.isAllowed(SWITCH, { destination, group: 7 })).toBe(false);
    expect(untilMs({ destination, group: 1 })).toBe(endMs);
  });

  it('nor has a group that is none any more, nor a flow from before there were groups', () => {
    const { untilMs } = setUp([groupOf(7, 'lab', ['192.0.2.66'])]);
    expect(untilMs({ destination, group: 8 })).toBe(NO_PLACE);
    expect(untilMs({ destination })).toBe(NO_PLACE);
    expect(untilMs({ destination: unknown, client })).toBe(NO_PLACE);
  });

  it('foreseen is what each group that is enforced is allowed whoever asks', () => {
    const groups = [
      groupOf(7, 'lab', ['192.0.2.66'], { check: 'zone' }),
      groupOf(8, 'seen', ['192.0.2.67'], {}, 'monitor'),
    ];
    const { permissions, endMs } = setUp(groups);
    expect([...permissions.foreseen(SWITCH, destination)]).toEqual([
      { scope: { destination, group: 1 }, untilMs: endMs },
    ]);
    expect([...permissions.foreseen(SWITCH, unknown)]).toEqual([]);
    expect([...setUp().permissions.foreseen(SWITCH, destination)]).toEqual([
      { scope: { destination }, untilMs: endMs },
    ]);
  });

  it('a port is known by the name that the switch gives it', () => {
    const { permissions, untilMs, endMs } = setUp(
      [groupOf(7, 'lab', ['port:s1-eth3'])],
      [ruleOf('deny', { from: 'port:s1-eth4' })],
    );
    permissions.namePorts(
      SWITCH,
      new Map([
        [3, 's1-eth3'],
        [4, 's1-eth4'],
      ]),
    );
    expect(untilMs({ destination, group: 7, inPort: 3 })).toBe(endMs);
    expect(untilMs({ destination, group: 1, inPort: 4 })).toBeUndefined();
    expect(untilMs({ destination, group: 1, inPort: 5 })).toBe(endMs);
    expect(untilMs({ destination, group: 1 })).toBeUndefined();
  });
});
