/** How well direct clients must ask: all of gluewall between clients, a real switch and nsd. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { DigQuestion } from '../../mininet/dig.ts';
import { hosts } from '../../mininet/internet.ts';
import type { CheckView } from '../../src/services/explain-verdict.ts';
import { describeIf } from '../support/describe-if.ts';
import { gatedInternet } from '../support/gated.ts';
import { asks, CORP, reload, request, soon, teach, told, verdictFlows } from '../support/operator.ts';

const NEEDS = ['root', 'namespaces', 'openVswitch'] as const;
const { corp, test } = hosts;

describeIf(NEEDS, 'strictness for direct clients', () => {
  const world = gatedInternet();
  const strict = (strictness: object) => reload(world(), { strictness });
  const SERVED = CORP;
  const OTHER = { server: corp.ipv4, name: 'www.bank.test' };
  const each = [
    ['UDP', {}],
    ['TCP', { tcp: true }],
  ] as const;
  const passes = (question: DigQuestion) => asks(world(), 'client', question);

  beforeAll(() => teach(world(), CORP.name, corp.ipv4));

  describe('zone', () => {
    beforeAll(() => strict({ check: 'zone' }));

    it.each(each)('only names of its zones may be asked of a server, over %s', async (_over, how) => {
      const since = world().gluewall.log.length;
      expect(await passes({ ...SERVED, ...how })).toBe(true);
      expect(await passes({ ...OTHER, ...how })).toBe(false);
      expect(await passes({ ...SERVED, ...how })).toBe(true);
      expect(await told(world(), since, (line) => line.queryName === 'www.bank.test')).toMatchObject({
        verdict: 'block',
        reason: 'notServed',
        enforced: true,
      });
    });

    it('makes no allow flow for UDP, and drops no other name of the client', async () => {
      for (let round = 0; round < 5; round++) {
        expect(await passes(SERVED)).toBe(true);
        expect(await passes(OTHER)).toBe(false);
      }
      const flows = await verdictFlows(world());
      expect(flows.filter((line) => !/tcp|nw_proto=6/.test(line))).toEqual([]);
    });

    it('the server of a zone above may be asked for all below it', async () => {
      expect(await passes({ server: test.ipv4, name: 'www.bank.test', options: ['+norecurse'] })).toBe(false);
      await teach(world(), 'www.bank.test', test.ipv4);
      expect(await passes({ server: test.ipv4, name: 'www.bank.test', options: ['+norecurse'] })).toBe(true);
      expect(await passes({ server: test.ipv4, name: 'www.corp.example', options: ['+norecurse'] })).toBe(false);
    });
  });

  describe('minimum age', () => {
    it.each(each)('an address that is too young is not asked, over %s', async (_over, how) => {
      await strict({ minimum_age: '1h' });
      await soon('it is blocked', async () => !(await passes({ ...SERVED, ...how })));
      expect(await request<CheckView>(world(), { operation: 'check', destination: corp.ipv4 })).toMatchObject({
        reason: 'tooYoung',
      });
      await strict({ minimum_age: '1s' });
      await soon('it is old enough', () => passes({ ...SERVED, ...how }), 5000);
    });
  });

  describe('recursion desired', () => {
    it.each(each)('of an authoritative server: alarm, over %s', async (_over, how) => {
      await strict({ recursion: 'alarm' });
      const since = world().gluewall.log.length;
      expect(await passes({ ...SERVED, ...how })).toBe(true);
      expect(await told(world(), since, (line) => line.alarm === 'recursionDesired')).toMatchObject({
        verdict: 'allow',
      });
      const later = world().gluewall.log.length;
      expect(await passes({ ...SERVED, ...how, options: ['+norecurse'] })).toBe(true);
      expect(await told(world(), later, (line) => line.verdict === 'allow')).not.toHaveProperty('alarm');
    });

    it.each(each)('of an authoritative server: block, over %s', async (_over, how) => {
      await strict({ recursion: 'block' });
      const since = world().gluewall.log.length;
      expect(await passes({ ...SERVED, ...how })).toBe(false);
      expect(await told(world(), since, (line) => line.verdict === 'block')).toMatchObject({
        reason: 'recursionDesired',
      });
      expect(await passes({ ...SERVED, ...how, options: ['+norecurse'] })).toBe(true);
      expect((await verdictFlows(world())).filter((line) => !/tcp|nw_proto=6/.test(line))).toEqual([]);
    });
  });

  it('as before when strictness is the paper’s again', async () => {
    await strict({});
    expect(await passes({ ...OTHER, options: ['+norecurse'] })).toBe(true);
    await soon('the flow is back', async () =>
      (await verdictFlows(world())).some((line) => line.includes(`nw_dst=${corp.ipv4} actions=goto`)),
    );
    expect((await world().gluewall.status()).openflowErrors).toBe(0);
  });
});
