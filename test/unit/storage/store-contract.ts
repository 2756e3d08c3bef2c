/** What every store does, whatever it is made of. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { canonicalName, type Name } from '../../../src/dns/name.ts';
import type { EventQuery, VerdictWord } from '../../../src/events/event-store.ts';
import type { VerdictEvent } from '../../../src/events/verdict-event.ts';
import type { Finding } from '../../../src/findings/finding.ts';
import { PORTION_FINDINGS } from '../../../src/findings/finding-store.ts';
import type { NsTriple } from '../../../src/nsdb/ns-triple.ts';
import { countTriples, readTriples } from '../../../src/nsdb/triple-batch.ts';
import type { RuleMatch } from '../../../src/policy/rule.ts';
import { ALLOW_REASONS, BLOCK_REASONS, SCOPE_FIELDS } from '../../../src/policy/verdict.ts';
import { NAMED_ROWS } from '../../../src/storage/event-conditions.ts';
import { WINDOW_ROWS } from '../../../src/storage/event-steps.ts';
import { PORTION_ROWS, type Store, type StoreOptions } from '../../../src/storage/store.ts';
import type { StoreOperations, TriplePlace } from '../../../src/storage/store-operations.ts';
import { anyFinding, findingOf } from '../../support/findings.ts';
import {
  addressOf,
  anyTriple,
  eventOf,
  HOSTILE_NAMES,
  lessonOf,
  NOW_MS,
  nameFrom,
  nameOf,
  packed,
  ruleOf,
  tripleOf,
} from '../../support/store-rows.ts';

import { describeInbox } from './inbox-contract.ts';
import { describeRecords } from './record-contract.ts';

/** The triples of a database, asked without its thread. */
export function triplesOf(database: Pick<StoreOperations, 'triplesAfter'>, sinceMs: number): NsTriple[] {
  const all: NsTriple[] = [];
  let place: TriplePlace | undefined;
  do {
    const { items, next }: { items: Uint8Array; next: TriplePlace | undefined } = database.triplesAfter(place, sinceMs);
    all.push(...readTriples(items));
    place = next;
  } while (place !== undefined);
  return all;
}

export async function loadAll(store: Store, nowMs = 0): Promise<NsTriple[]> {
  const all: NsTriple[] = [];
  for await (const batch of store.loadTriples(nowMs)) all.push(...readTriples(batch));
  return all;
}

export async function loadFindings(store: Store): Promise<Finding[]> {
  const all: Finding[] = [];
  for await (const findings of store.loadFindings()) all.push(...findings);
  return all;
}

export async function findAll(store: Store, query: Partial<EventQuery> = {}): Promise<VerdictEvent[]> {
  const all: VerdictEvent[] = [];
  for await (const events of store.findEvents({ limit: Number.POSITIVE_INFINITY, ...query })) all.push(...events);
  return all;
}

const VERDICTS: readonly VerdictWord[] = ['allow', 'block', 'would block'];
const CLIENT_NAMES = ['laptop.corp.example', 'Laptop', 'laptopx', undefined, 'x.laptop'];
const QUERY_NAMES = [
  nameOf('.'),
  nameOf('example'),
  nameOf('evil.example'),
  nameOf('WWW.Evil.example'),
  nameOf('notevil.example'),
  nameOf('evil.example.net'),
  // Octets that could be taken for the lengths of labels, and for the end of a range.
  nameFrom('\x04evil', 'example'),
  nameFrom('@', 'evil', 'example'),
  nameFrom('\xff'.repeat(63), 'example'),
];

/** The same by other means than those of the stores. */
function isWanted(event: VerdictEvent, query: Partial<EventQuery>): boolean {
  const word = event.verdict === 'allow' ? 'allow' : event.enforced ? 'block' : 'would block';
  const called = event.clientName?.toLowerCase().split('.') ?? [];
  const asked = query.clientName?.toLowerCase().split('.') ?? [];
  const labels = labelsOf(event.queryName ?? nameOf('none'));
  const zone = labelsOf(query.queryName ?? nameOf('.'));
  return (
    event.atMs >= (query.sinceMs ?? 0) &&
    event.atMs < (query.untilMs ?? Number.POSITIVE_INFINITY) &&
    event.client === (query.client ?? event.client) &&
    event.destination === (query.destination ?? event.destination) &&
    event.group === (query.group ?? event.group) &&
    word === (query.verdict ?? word) &&
    isDeepStrictEqual(called.slice(0, asked.length), asked) &&
    (query.queryName === undefined || event.queryName !== undefined) &&
    isDeepStrictEqual(zone.length === 0 ? [] : labels.slice(-zone.length), zone)
  );
}

function labelsOf(name: Name): readonly string[] {
  if (name.length === 1) return [];
  const end = 1 + name.charCodeAt(0);
  return [name.slice(1, end).toLowerCase(), ...labelsOf(name.slice(end) as Name)];
}

const keyOf = ({ zone, nameServer, address }: NsTriple) => `${address} ${zone} ${nameServer}`;
const byKey = (a: NsTriple, b: NsTriple) => (keyOf(a) < keyOf(b) ? -1 : 1);
const sorted = (triples: readonly NsTriple[]) => [...triples].sort(byKey);

/** Describes a store; `open` gives an empty one each time. */
export function describeStore(name: string, open: (options: StoreOptions) => Promise<Store>): void {
  describe(name, () => {
    const opened: Store[] = [];
    const openNew = async (options: StoreOptions = { events: 10_000 }) => {
      const store = await open(options);
      opened.push(store);
      return store;
    };

    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });

    describe('of triples', () => {
      it('is empty at first', async () => {
        const store = await openNew();
        expect(await loadAll(store)).toEqual([]);
        expect(await store.deleteExpiredTriples(NOW_MS)).toBe(0);
      });

      it('gives back every field', async () => {
        const store = await openNew();
        const plain = tripleOf(1);
        const triples = [
          plain,
          tripleOf(2, { address: addressOf('2001:db8::1'), trust: 'unverified', lesson: undefined }),
          tripleOf(3, { expiresAtMs: Number.POSITIVE_INFINITY }),
          tripleOf(4, { teachers: [], lesson: { ...lessonOf(), queryAtMs: undefined, nsTtlSeconds: 0xffffffff } }),
          tripleOf(5, { address: addressOf('255.255.255.255'), firstSeenAtMs: 0, lastSeenAtMs: 1e12 }),
          tripleOf(6, { address: addressOf('::ffff:192.0.2.1') }),
        ];
        await store.saveTriples(packed(triples));
        expect(sorted(await loadAll(store))).toStrictEqual(sorted(triples));
        expect(store.unreadableRows).toBe(0);
      });

      it.each(HOSTILE_NAMES.map((hostile, index) => [index, hostile] as const))(
        'keeps hostile name %i',
        async (_, hostile) => {
          const store = await openNew();
          const canonical = canonicalName(hostile);
          const key = { zone: canonical, nameServer: canonical, address: addressOf('192.0.2.1') };
          const triple = tripleOf(1, { ...key, lesson: { ...lessonOf(), queryName: hostile } });
          await store.saveTriples(packed([triple]));
          expect(await loadAll(store)).toStrictEqual([triple]);
        },
      );

      it('gives back any triple', async () => {
        const store = await openNew();
        await fc.assert(
          fc.asyncProperty(fc.array(anyTriple, { maxLength: 8 }), async (triples) => {
            await store.saveTriples(packed(triples));
            const held = new Map((await loadAll(store)).map((triple) => [keyOf(triple), triple]));
            const expected = new Map(triples.map((triple) => [keyOf(triple), triple]));
            for (const [key, triple] of expected) expect(held.get(key)).toStrictEqual(triple);
            await store.deleteExpiredTriples(2e13);
          }),
          { numRuns: 60 },
        );
      });

      it('holds one for each zone, name server and address: the last one saved', async () => {
        const store = await openNew();
        const first = tripleOf(1);
        const again = tripleOf(1, {
          trust: 'unverified',
          lastSeenAtMs: NOW_MS + 5,
          expiresAtMs: NOW_MS + 9e6,
          lesson: undefined,
        });
        const others = [
          tripleOf(1, { zone: nameOf('other.example') }),
          tripleOf(1, { nameServer: nameOf('other.example') }),
          tripleOf(1, { address: addressOf('2001:db8::1') }),
        ];
        await store.saveTriples(packed([first, ...others]));
        await store.saveTriples(packed([again]));
        expect(sorted(await loadAll(store))).toStrictEqual(sorted([again, ...others]));
      });

      it('takes the last of two in one batch', async () => {
        const store = await openNew();
        const last = tripleOf(1, { sightings: 9, glue: 'sibling' });
        await store.saveTriples(packed([tripleOf(1), tripleOf(2), tripleOf(1, { sightings: 7 }), last]));
        expect(sorted(await loadAll(store))).toStrictEqual(sorted([last, tripleOf(2)]));
      });

      it('saves once for each mark, in their order', async () => {
        const store = await openNew();
        const [writer, other] = ['0'.repeat(32), 'f'.repeat(32)];
        await store.saveTriples(packed([tripleOf(1)]), { writer, sequence: 2 });
        for (const sequence of [1, 2]) await store.saveTriples(packed([tripleOf(2)]), { writer, sequence });
        expect(await loadAll(store)).toStrictEqual([tripleOf(1)]);
        await store.saveTriples(packed([tripleOf(2)]), { writer: other, sequence: 1 });
        await store.saveTriples(packed([tripleOf(3)]), { writer, sequence: 3 });
        expect(await loadAll(store)).toHaveLength(3);
        for (const sequence of [3, 4, 4]) await store.saveEvents([eventOf(sequence)], { writer, sequence });
        expect(await findAll(store)).toStrictEqual([eventOf(4)]);
      });

      it('takes nothing from what is no batch', async () => {
        const store = await openNew();
        await store.saveTriples(new Uint8Array(0));
        await store.saveTriples(new Uint8Array(100).fill(0xff));
        expect(await loadAll(store)).toEqual([]);
      });

      it('says how much it holds', async () => {
        const store = await openNew();
        const none = {
          triples: 0,
          events: 0,
          rules: 0,
          findings: 0,
          oldestEventAtMs: undefined,
          newestEventAtMs: undefined,
        };
        expect(await store.contents()).toMatchObject(none);
        await store.saveTriples(packed([tripleOf(1), tripleOf(2)]));
        await store.saveEvents([eventOf(1), eventOf(3), eventOf(2)]);
        await store.saveRule(ruleOf('192.0.2.1'));
        await store.saveFindings([findingOf('F-1'), findingOf('F-2')]);
        expect(await store.contents()).toMatchObject({
          triples: 2,
          events: 3,
          rules: 1,
          findings: 2,
          oldestEventAtMs: eventOf(1).atMs,
          newestEventAtMs: eventOf(3).atMs,
        });
      });

      it('keeps only what was learned', async () => {
        const store = await openNew();
        await store.saveTriples(
          packed([tripleOf(1, { origin: 'rootHints' }), tripleOf(2, { origin: 'seed' }), tripleOf(3)]),
        );
        await store.saveTriples(packed([]));
        expect(await loadAll(store)).toStrictEqual([tripleOf(3)]);
      });

      it('leaves out what has expired, and deletes it when told', async () => {
        const store = await openNew();
        const at = (number: number, expiresAtMs: number) => tripleOf(number, { expiresAtMs });
        const lasting = [at(3, NOW_MS + 0.5), at(4, Number.POSITIVE_INFINITY)];
        await store.saveTriples(packed([at(1, NOW_MS - 1), at(2, NOW_MS), ...lasting]));
        expect(sorted(await loadAll(store, NOW_MS))).toStrictEqual(sorted(lasting));
        expect(await loadAll(store, 0)).toHaveLength(4);
        expect(await store.deleteExpiredTriples(NOW_MS)).toBe(2);
        expect(await store.deleteExpiredTriples(NOW_MS)).toBe(0);
        expect(sorted(await loadAll(store, 0))).toStrictEqual(sorted(lasting));
      });

      it('gives them in portions, while others are saved', async () => {
        const store = await openNew();
        const count = 2 * PORTION_ROWS + 500;
        await store.saveTriples(packed(Array.from({ length: count }, (_, number) => tripleOf(number))));
        const seen = new Set<string>();
        const sizes: number[] = [];
        for await (const batch of store.loadTriples(NOW_MS)) {
          const triples = [...readTriples(batch)];
          await store.saveTriples(packed([tripleOf(0, { trust: 'unverified' })]));
          sizes.push(triples.length);
          for (const triple of triples) seen.add(keyOf(triple));
        }
        expect(seen.size).toBe(count);
        expect(sizes).toEqual([PORTION_ROWS, PORTION_ROWS, 500]);
      });

      it('may be left before the last portion', async () => {
        const store = await openNew();
        await store.saveTriples(packed(Array.from({ length: 2 * PORTION_ROWS }, (_, number) => tripleOf(number))));
        for await (const batch of store.loadTriples(NOW_MS)) {
          expect(countTriples(batch)).toBe(PORTION_ROWS);
          break;
        }
        await store.saveTriples(packed([tripleOf(9999)]));
      });

      it('deletes many', async () => {
        const store = await openNew();
        const count = 25_000;
        await store.saveTriples(packed(Array.from({ length: count }, (_, number) => tripleOf(number))));
        expect(await store.deleteExpiredTriples(Number.MAX_SAFE_INTEGER)).toBe(count);
        expect(await loadAll(store)).toEqual([]);
      });
    });

    describe('of findings', () => {
      it('gives back any finding', async () => {
        const store = await openNew();
        await fc.assert(
          fc.asyncProperty(fc.uniqueArray(anyFinding, { maxLength: 6, selector: ({ id }) => id }), async (findings) => {
            await store.saveFindings(findings);
            const held = new Map((await loadFindings(store)).map((finding) => [finding.id, finding]));
            for (const finding of findings) expect(held.get(finding.id)).toStrictEqual(finding);
          }),
          { numRuns: 40 },
        );
        expect(store.unreadableRows).toBe(0);
      });

      it('holds one for each id, the last one saved, and what was found with it', async () => {
        const store = await openNew();
        await store.saveFindings([findingOf('F-1'), findingOf('f-1', { updatedAtMs: NOW_MS })]);
        const detail = { hosts: [-1, 'two'], none: null };
        const again = findingOf('F-1', { updatedAtMs: NOW_MS + 0.5, detail, subject: `it's \0 "quoted"\n` });
        await store.saveFindings([again]);
        expect(await loadFindings(store)).toStrictEqual([again, findingOf('f-1', { updatedAtMs: NOW_MS })]);
      });

      it('gives those last updated first, in portions, and none that were deleted', async () => {
        const store = await openNew();
        const count = 2 * PORTION_FINDINGS + 7;
        // Some of one time: reading must neither leave out nor repeat one where a portion ends.
        const findings = Array.from({ length: count }, (_, number) =>
          findingOf(`F-${number}`, { updatedAtMs: Math.floor(number / 30) * 10.5 }),
        );
        await store.saveFindings(findings);
        const deleted = ['F-0', 'F-299', "F-1' OR 1=1 --"];
        await store.deleteFindings(deleted);
        await store.deleteFindings([]);
        await store.saveFindings([]);
        const sizes: number[] = [];
        for await (const portion of store.loadFindings()) sizes.push(portion.length);
        expect(sizes).toEqual([PORTION_FINDINGS, PORTION_FINDINGS, 5]);
        const loaded = await loadFindings(store);
        const times = loaded.map(({ updatedAtMs }) => updatedAtMs);
        expect(times).toEqual(times.toSorted((one, other) => other - one));
        const left = findings.map(({ id }) => id).filter((id) => !deleted.includes(id));
        expect(loaded.map(({ id }) => id).toSorted()).toEqual(left.toSorted());
      });
    });

    describe('of rules', () => {
      it('gives back every field, oldest first', async () => {
        const store = await openNew();
        const network = { base: addressOf('2001:db8::'), prefixLength: 32 };
        const matches: readonly RuleMatch[] = [
          {},
          { from: { kind: 'address', address: addressOf('2001:db8::7') }, protocol: 'tcp' },
          { from: { kind: 'network', network }, to: { kind: 'network', network }, protocol: 'udp' },
          { from: { kind: 'mac', mac: 0xfeffffffffff }, to: { kind: 'pack', pack: 'public-resolvers' } },
          { from: { kind: 'port', port: 7 }, types: [1, 28, 65_280] },
          { from: { kind: 'port', port: "eth0'" }, to: { kind: 'name', name: nameOf('ns1.example') } },
          { from: { kind: 'group', group: 'office' }, types: [16] },
          ...HOSTILE_NAMES.map(canonicalName).map((zone): RuleMatch => ({ zone, to: { kind: 'name', name: zone } })),
        ];
        const rules = matches.map((match, number) =>
          ruleOf('192.0.2.7', { id: `rule-${number}`, match, createdAtMs: NOW_MS + number }),
        );
        const others = [
          ruleOf('192.0.2.8', { createdAtMs: NOW_MS - 5, expiresAtMs: Number.POSITIVE_INFINITY, owner: '' }),
          ruleOf('2001:db8::7', { createdAtMs: NOW_MS - 4.5, reason: "it's \0 \x1b[0m \u{1f600} 'quoted'\n" }),
          ruleOf('192.0.2.9', { createdAtMs: NOW_MS - 1, action: 'deny' }),
        ];
        for (const index of [1, 2, 0]) await store.saveRule(others[index]!);
        for (const rule of rules.toReversed()) await store.saveRule(rule);
        expect(await store.loadRules(NOW_MS)).toStrictEqual([...others, ...rules]);
        expect(store.unreadableRows).toBe(0);
      });

      it('holds one for each id: the last one saved', async () => {
        const store = await openNew();
        await store.saveRule(ruleOf('192.0.2.1'));
        const again = ruleOf('192.0.2.2', { id: 'rule-192.0.2.1', reason: 'another', createdAtMs: NOW_MS + 1 });
        await store.saveRule(again);
        expect(await store.loadRules(NOW_MS)).toStrictEqual([again]);
        const capital = { ...again, id: 'RULE-192.0.2.1' };
        await store.saveRule(capital);
        expect(await store.loadRules(NOW_MS)).toStrictEqual([capital, again]);
      });

      it('leaves out what has expired and what was deleted', async () => {
        const store = await openNew();
        await store.saveRule(ruleOf('192.0.2.1', { expiresAtMs: NOW_MS + 0.5 }));
        await store.saveRule(ruleOf('192.0.2.2'));
        await store.saveRule(ruleOf('2001:db8::2'));
        await store.deleteRule('rule-192.0.2.2');
        await store.deleteRule("rule-192.0.2.99' OR 1=1 --");
        expect(await store.loadRules(NOW_MS + 0.5)).toStrictEqual([ruleOf('2001:db8::2')]);
        expect(await store.loadRules(Number.NEGATIVE_INFINITY)).toHaveLength(2);
      });

      it('lets go of what has expired when the next one is saved', async () => {
        const store = await openNew();
        await store.saveRule(ruleOf('192.0.2.1', { expiresAtMs: NOW_MS + 5 }));
        await store.saveRule(ruleOf('192.0.2.2', { expiresAtMs: Number.POSITIVE_INFINITY }));
        await store.saveRule(ruleOf('192.0.2.3', { createdAtMs: NOW_MS + 4 }));
        expect(await store.contents()).toMatchObject({ rules: 3 });
        await store.saveRule(ruleOf('192.0.2.4', { createdAtMs: NOW_MS + 5 }));
        const ids = (await store.loadRules(Number.NEGATIVE_INFINITY)).map(({ id }) => id);
        expect(ids).toEqual(['rule-192.0.2.2', 'rule-192.0.2.3', 'rule-192.0.2.4']);
      });

      it('does not keep what the configuration has', async () => {
        const store = await openNew();
        await store.saveRule(ruleOf('192.0.2.1', { origin: 'configuration' }));
        expect(await store.loadRules(NOW_MS)).toEqual([]);
      });
    });

    it('keeps the last progress of warm-up', async () => {
      const store = await openNew();
      expect(await store.loadWarmup()).toBeUndefined();
      await store.saveWarmup({ learnedForMs: 1.5, lastLearnedAtMs: NOW_MS });
      expect(await store.loadWarmup()).toStrictEqual({ learnedForMs: 1.5, lastLearnedAtMs: NOW_MS });
      const ended = { learnedForMs: Number.POSITIVE_INFINITY, lastLearnedAtMs: NOW_MS + 1 };
      await store.saveWarmup(ended);
      expect(await store.loadWarmup()).toStrictEqual(ended);
    });

    describe('of events', () => {
      const hint = { zone: nameOf('example'), nameServer: nameOf('ns.example'), expiresAtMs: NOW_MS };

      it('gives back every field', async () => {
        const store = await openNew();
        const events = [
          eventOf(1),
          eventOf(2, { queryName: undefined, queryType: undefined, transport: 'tcp', enforced: false }),
          eventOf(3, { hint, verdict: 'allow', reason: 'history' }),
          eventOf(4, { hint: { ...hint, expiresAtMs: Number.POSITIVE_INFINITY }, reason: 'rootHints', heldMs: 0 }),
          eventOf(5, { client: addressOf('2001:db8::a'), destination: addressOf('2001:db8::b'), inPort: 0xfffffffe }),
          ...HOSTILE_NAMES.map((queryName, index) =>
            eventOf(6 + index, { queryName, message: `${index} \0 \u{1f512}` }),
          ),
          eventOf(30, { clientMac: 0xffffffffffff, clientName: "it's \0 \x1b[0m \u{1f600}", group: 'office' }),
          eventOf(31, { scope: [], ruleId: "rule '7'", reason: 'denyRule', clientMac: 0 }),
          eventOf(32, { scope: SCOPE_FIELDS, verdict: 'allow', reason: 'history', alarm: 'recursionDesired' }),
          ...[...ALLOW_REASONS, ...BLOCK_REASONS].map((reason, index) => eventOf(40 + index, { reason })),
        ];
        await store.saveEvents(events);
        expect(await findAll(store)).toStrictEqual(events);
        expect(store.unreadableRows).toBe(0);
      });

      it('gives the oldest first, of one time the first saved', async () => {
        const store = await openNew();
        const later = [eventOf(5), eventOf(3, { inPort: 1 }), eventOf(3, { inPort: 2 })];
        await store.saveEvents(later);
        await store.saveEvents([eventOf(4), eventOf(3, { inPort: 3 })]);
        const order = (await findAll(store)).map(({ atMs, inPort }) => [Math.floor(atMs - NOW_MS + 0.5), inPort]);
        expect(order).toEqual([
          [3, 1],
          [3, 2],
          [3, 3],
          [4, 3],
          [5, 3],
        ]);
        expect(await findAll(store, { limit: 4 })).toHaveLength(4);
        expect((await findAll(store, { limit: 4 }))[0]!.inPort).toBe(2);
      });

      it('gives what a query asks for', async () => {
        const store = await openNew();
        const clients = [addressOf('192.0.2.1'), addressOf('2001:db8::1')];
        const destinations = [addressOf('198.51.100.1'), addressOf('2001:db8::2'), addressOf('198.51.100.2')];
        const names = [...QUERY_NAMES, undefined];
        const events = Array.from({ length: 240 }, (_, number) =>
          eventOf(number, {
            client: clients[number % 2]!,
            destination: destinations[number % 3]!,
            clientName: CLIENT_NAMES[number % 5],
            group: ['default', 'office', 'Office'][number % 3]!,
            queryName: names[number % names.length],
            verdict: number % 4 === 0 ? 'allow' : 'block',
            enforced: number % 5 === 0,
          }),
        );
        await store.saveEvents(events);
        const sinceMs = NOW_MS + 20;
        const untilMs = NOW_MS + 150;
        const [client] = clients;
        const [, destination] = destinations;
        const queries: Partial<EventQuery>[] = [
          { sinceMs },
          { untilMs },
          { sinceMs, untilMs },
          { untilMs: Number.POSITIVE_INFINITY },
          { client },
          { destination },
          { client, destination },
          { sinceMs, client, destination },
          { sinceMs: NOW_MS + 1000 },
          { client: addressOf('192.0.2.99') },
          ...['default', 'office', 'none'].map((group) => ({ group })),
          ...VERDICTS.map((verdict) => ({ verdict })),
          ...['laptop', 'LAPTOP.corp', 'laptop.corp.example', 'lap', 'corp', '', '%'].map((clientName) => ({
            clientName,
          })),
          ...[...QUERY_NAMES.map(canonicalName), nameOf('absent.example')].map((queryName) => ({ queryName })),
          { queryName: nameOf('example'), group: 'office', verdict: 'would block', client, sinceMs, untilMs },
          { queryName: nameOf('evil.example'), destination, clientName: 'laptop', untilMs },
          { sinceMs: undefined, client: undefined, destination: undefined, queryName: undefined, verdict: undefined },
        ];
        for (const query of queries) {
          for (const limit of [Number.POSITIVE_INFINITY, 60, 5, 1, 0]) {
            const wanted = events.filter((event) => isWanted(event, query));
            const newest = limit === 0 ? [] : wanted.slice(-limit);
            expect(await findAll(store, { ...query, limit }), JSON.stringify({ ...query, limit })).toStrictEqual(
              newest,
            );
          }
        }
      });

      it('finds a name among many, a rare one and a frequent one, in portions', { timeout: 120_000 }, async () => {
        const store = await openNew({ events: 100_000 });
        const count = WINDOW_ROWS + 3 * PORTION_ROWS;
        const [rare, frequent] = [nameOf('evil.example'), nameOf('good.example')];
        expect(count / 5).toBeLessThan(NAMED_ROWS);
        const events = Array.from({ length: count }, (_, number) =>
          eventOf(number, {
            queryName: number % 5 === 0 ? rare : frequent,
            group: number % 1000 === 0 ? 'lab' : 'default',
          }),
        );
        // Not in the order of time.
        for (const part of [1, 0]) await store.saveEvents(events.filter((_, number) => number % 2 === part));
        for (const [queryName, remainder] of [
          [rare, true],
          [frequent, false],
        ] as const) {
          const wanted = events.filter((_, number) => (number % 5 === 0) === remainder);
          expect(await findAll(store, { queryName })).toStrictEqual(wanted);
          const limit = PORTION_ROWS + 1;
          expect(await findAll(store, { queryName, limit })).toStrictEqual(wanted.slice(-limit));
        }
        expect(await findAll(store, { queryName: nameOf('example'), limit: 3 })).toStrictEqual(events.slice(-3));
        // Few of a group, and so far between that no step of the reading meets them all.
        const ofLab = events.filter(({ group }) => group === 'lab');
        for (const limit of [Number.POSITIVE_INFINITY, count, ofLab.length, ofLab.length - 1, 7, 1]) {
          expect(await findAll(store, { group: 'lab', limit })).toStrictEqual(ofLab.slice(-limit));
          const queryName = nameOf('example');
          expect(await findAll(store, { group: 'lab', queryName, limit })).toStrictEqual(ofLab.slice(-limit));
        }
        expect(await findAll(store, { group: 'none', limit: 5 })).toEqual([]);
        expect(await findAll(store, { group: 'lab', sinceMs: events.at(-1500)!.atMs, limit: 5 })).toHaveLength(1);
      });

      it('keeps the newest so many', async () => {
        const store = await openNew({ events: 10 });
        for (let number = 0; number < 26; number += 2) await store.saveEvents([eventOf(number), eventOf(number + 1)]);
        expect(await findAll(store)).toStrictEqual(Array.from({ length: 10 }, (_, index) => eventOf(16 + index)));
        await store.saveEvents([eventOf(-5)]);
        expect(await findAll(store)).toStrictEqual(Array.from({ length: 10 }, (_, index) => eventOf(16 + index)));
        await store.saveEvents(Array.from({ length: 50 }, (_, index) => eventOf(100 + index)));
        expect(await findAll(store)).toStrictEqual(Array.from({ length: 10 }, (_, index) => eventOf(140 + index)));
        await store.saveEvents([]);
        expect(await findAll(store)).toHaveLength(10);
      });

      it('gives them in portions, while others are saved', async () => {
        const store = await openNew();
        const count = 2 * PORTION_ROWS + 10;
        await store.saveEvents(Array.from({ length: count }, (_, number) => eventOf(number)));
        const seen: VerdictEvent[] = [];
        const sizes: number[] = [];
        for await (const events of store.findEvents({ limit: count - 5 })) {
          await store.saveEvents([eventOf(count + sizes.length)]);
          sizes.push(events.length);
          seen.push(...events);
        }
        expect(sizes).toEqual([PORTION_ROWS, PORTION_ROWS, 5]);
        expect(seen).toStrictEqual(Array.from({ length: count - 5 }, (_, index) => eventOf(5 + index)));
      });
    });

    describeInbox(openNew);
    describeRecords(openNew);

    it('is closed twice without harm, and refuses what comes after', async () => {
      const store = await openNew();
      const saved = store.saveTriples(packed([tripleOf(1)]));
      await Promise.all([store.close(), store.close()]);
      await store.close();
      await saved;
      const closed = { code: 'store-closed' };
      await expect(loadAll(store)).rejects.toMatchObject(closed);
      await expect(store.saveTriples(packed([]))).rejects.toMatchObject(closed);
      await expect(store.deleteExpiredTriples(0)).rejects.toMatchObject(closed);
      await expect(store.loadRules(0)).rejects.toMatchObject(closed);
      await expect(store.saveRule(ruleOf('192.0.2.1'))).rejects.toMatchObject(closed);
      await expect(store.deleteRule('rule-192.0.2.1')).rejects.toMatchObject(closed);
      await expect(store.loadWarmup()).rejects.toMatchObject(closed);
      await expect(store.saveWarmup({ learnedForMs: 0, lastLearnedAtMs: 0 })).rejects.toMatchObject(closed);
      await expect(store.saveEvents([])).rejects.toMatchObject(closed);
      await expect(findAll(store)).rejects.toMatchObject(closed);
    });
  });
}
