import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import type { VerdictEvent } from '../../../src/events/verdict-event.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import type { Rule, RuleAction } from '../../../src/policy/rule.ts';
import type { WrittenMatch } from '../../../src/policy/rule-text.ts';
import { queryOfEvent } from '../../../src/services/event-query.ts';
import { previewRule } from '../../../src/services/rule-preview.ts';
import { MemoryStore } from '../../../src/storage/memory-store.ts';
import { historyOptions } from '../../support/learning.ts';
import { groupOf, policiesOn, ruleOf } from '../../support/policies.ts';
import { addressOf, nameOf, tripleOf } from '../../support/store-rows.ts';
import { verdictEvent } from '../../support/verdict-events.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 12);
const CLIENTS = ['192.0.2.66', '192.0.2.10', '2001:db8::66'];
const SERVERS = ['203.0.113.66', '203.0.113.8', '2001:db8:f::8'];
const NAMES = ['evil.test', 'www.evil.test', 'a.example', undefined];
const GROUPS = [groupOf(2, 'office', ['192.0.2.10'])];

async function world(events: readonly VerdictEvent[], rules: readonly Rule[] = []) {
  const clock = new VirtualClock(NOW_MS);
  const history = new NsHistory(clock, historyOptions({ size: 100 }));
  const store = new MemoryStore({ events: 200_000 });
  await store.saveEvents(events);
  const policies = policiesOn(clock, history, rules, GROUPS);
  return { clock, history, store, policies };
}

const wanted = (action: RuleAction, written: WrittenMatch) => ({ action, match: ruleOf(action, written).match });

describe('a preview of a rule', () => {
  it('counts the blocked events that it would have let pass, those of monitor mode too, with samples', async () => {
    const events = Array.from({ length: 30 }, (_, index) =>
      verdictEvent({ atMs: NOW_MS - 60_000 + index, enforced: index % 2 === 0 }),
    );
    const other = verdictEvent({ atMs: NOW_MS - 90_000, destination: addressOf('203.0.113.9') });
    const allowed = verdictEvent({ atMs: NOW_MS - 100, verdict: 'allow', reason: 'history' });
    const view = await previewRule(wanted('allow', { to: '203.0.113.66' }), await world([other, ...events, allowed]));
    expect(view).toMatchObject({ events: 30, looked: 31, more: false, since: new Date(NOW_MS - 90_000).toISOString() });
    expect(view.samples).toHaveLength(20);
    expect(view.samples[0]).toMatchObject({ destination: '203.0.113.66', at: new Date(NOW_MS - 59_971).toISOString() });
  });

  it('counts the allowed events that a deny rule would have stopped', async () => {
    const events = [
      verdictEvent({ atMs: NOW_MS - 2, verdict: 'allow', reason: 'history' }),
      verdictEvent({ atMs: NOW_MS - 1 }),
    ];
    const view = await previewRule(wanted('deny', { zone: 'evil.test' }), await world(events));
    expect(view).toMatchObject({ events: 1, looked: 1 });
  });

  it('counts nothing that another rule decides first, nor what the history has learned since', async () => {
    const events = [verdictEvent({ atMs: NOW_MS - 1 })];
    const deny = ruleOf('deny', { to: '203.0.113.0/24' });
    const outdone = await previewRule(wanted('allow', { to: '203.0.113.66' }), await world(events, [deny]));
    expect(outdone).toMatchObject({ events: 0, looked: 1 });
    const learned = await world(events);
    learned.history.restore(
      tripleOf(1, { address: addressOf('203.0.113.66'), zone: nameOf('evil.test'), expiresAtMs: NOW_MS + 1e6 }),
    );
    const { policies } = learned;
    expect(policies.current.decide(queryOfEvent(events[0]!, policies), NOW_MS).reason).toBe('history');
    expect(await previewRule(wanted('allow', { from: '192.0.2.99' }), learned)).toMatchObject({ events: 0, looked: 1 });
  });

  it('says nothing of an empty store', async () => {
    expect(await previewRule(wanted('allow', { to: '203.0.113.66' }), await world([]))).toEqual({
      ...{ events: 0, more: false, looked: 0, since: null, samples: [] },
    });
  });

  it('looks no longer than a quarter of a second, and says that there is more', async () => {
    const events = Array.from({ length: 5000 }, (_, index) => verdictEvent({ atMs: NOW_MS - 10_000 + index }));
    const parts = await world(events);
    let steps = 0;
    const store = {
      findKeptEvents: async (query: Parameters<typeof parts.store.findKeptEvents>[0]) => {
        steps++;
        parts.clock.advance(130);
        return parts.store.findKeptEvents(query);
      },
    };
    const view = await previewRule(wanted('allow', { to: '203.0.113.66' }), { ...parts, store });
    expect(steps).toBe(2);
    expect(view).toMatchObject({ more: true, events: view.looked });
    expect(view.looked).toBeLessThan(5000);
  });

  it('counts what the policy with that rule decides otherwise, whatever the events and the rules', async () => {
    const seed = Number(process.env.GLUEWALL_SEED ?? Date.now() % 2 ** 31);
    const anyEvent = fc
      .record({
        client: fc.constantFrom(...CLIENTS),
        destination: fc.constantFrom(...SERVERS),
        queryName: fc.constantFrom(...NAMES),
        queryType: fc.constantFrom(1, 16, 28),
        transport: fc.constantFrom('udp' as const, 'tcp' as const),
        enforced: fc.boolean(),
        isAllowed: fc.boolean(),
        agoMs: fc.integer({ min: 1, max: 1e9 }),
      })
      .map(({ client, destination, queryName, isAllowed, agoMs, ...rest }) =>
        verdictEvent({
          ...rest,
          client: addressOf(client),
          destination: addressOf(destination),
          queryName: queryName === undefined ? undefined : nameOf(queryName),
          atMs: NOW_MS - agoMs,
          group: client === '192.0.2.10' ? 'office' : 'default',
          ...(isAllowed ? { verdict: 'allow' as const, reason: 'history' as const } : {}),
        }),
      );
    const anyMatch: fc.Arbitrary<WrittenMatch> = fc
      .record(
        {
          from: fc.constantFrom('192.0.2.66', '192.0.2.0/24', 'group:office', 'mac:02:00:00:00:00:42'),
          to: fc.constantFrom(...SERVERS, '203.0.113.0/24'),
          zone: fc.constantFrom('evil.test', 'example'),
          types: fc.constantFrom(['A'], ['TXT', 'AAAA']),
          protocol: fc.constantFrom('udp' as const, 'tcp' as const),
        },
        { requiredKeys: [] },
      )
      .filter((match) => Object.keys(match).length > 0);
    const anyAction = fc.constantFrom<RuleAction>('allow', 'deny');
    const anyRule = fc.tuple(anyAction, anyMatch);
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEvent, { maxLength: 30 }),
        fc.array(anyRule, { maxLength: 3 }),
        anyRule,
        async (events, held, [action, match]) => {
          const rules = held.map(([one, written], index) => ruleOf(one, written, { id: `held ${index}` }));
          const parts = await world(events, rules);
          const view = await previewRule(wanted(action, match), parts);
          const candidates = events.filter(({ verdict }) => (verdict === 'block') === (action === 'allow'));
          const before = candidates.map((event) =>
            parts.policies.current.decide(queryOfEvent(event, parts.policies), NOW_MS),
          );
          const { outcome } = parts.policies.rules.add(ruleOf(action, match, { id: 'new' }));
          const turned = candidates.filter((event, index) => {
            const after = parts.policies.current.decide(queryOfEvent(event, parts.policies), NOW_MS);
            const isOther = after.kind !== event.verdict;
            return isOther && (after.by?.rule.id === 'new' || after.kind !== before[index]!.kind);
          });
          expect(view.looked).toBe(candidates.length);
          // One like it is renewed: the book has it in the place of the other then, and so asks it earlier.
          if (outcome === 'added') expect(view.events).toBe(turned.length);
          for (const { client } of view.samples)
            expect(events.map((one) => formatAddress(one.client))).toContain(client.address);
        },
      ),
      { seed, numRuns: 150 },
    );
  });
});
