import { describe, expect, it, vi } from 'vitest';
import { buildPackBook } from '../../../src/cli/build-packs.ts';
import { defaultConfig } from '../../../src/config/load.ts';
import { parseAddress, parseNetwork } from '../../../src/core/address.ts';
import { GluewallError } from '../../../src/core/errors.ts';
import { silentLog } from '../../../src/core/log.ts';
import { canonicalName, parseName } from '../../../src/dns/name.ts';
import { EventTap } from '../../../src/events/event-tap.ts';
import type { VerdictEvent } from '../../../src/events/verdict-event.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import { NO_PACKS } from '../../../src/policy/pack.ts';
import { PolicyBook } from '../../../src/policy/policy-book.ts';
import { RuleBook } from '../../../src/policy/rule-book.ts';
import type { WantedRule } from '../../../src/services/rule-services.ts';
import type { EventItem } from '../../../src/services/services.ts';
import { createServices, type ServiceParts } from '../../../src/services/services.ts';
import { tripleRow } from '../../../src/services/triple-view.ts';
import { MemoryStore } from '../../../src/storage/memory-store.ts';
import { historyOptions } from '../../support/learning.ts';
import { groupOf } from '../../support/policies.ts';
import { verdictEvent } from '../../support/verdict-events.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const server = parseAddress('192.0.2.53')!;
const teacher = parseAddress('198.51.100.1')!;
const atMs = Date.UTC(2026, 10, 21, 2, 0, 0, 250);
const nameOf = (text: string) => canonicalName(parseName(text)!);

function setUp(isEnforcing = true, changed: Partial<ServiceParts> = {}) {
  const clock = new VirtualClock(atMs);
  const history = new NsHistory(clock, historyOptions({ ttlCapSeconds: 86400, size: 10, keepMs: 86_400_000 }));
  history.restore({
    zone: nameOf('corp.example'),
    nameServer: nameOf('ns1.corp.example'),
    address: server,
    origin: 'learned',
    trust: 'referral',
    glue: 'in-domain',
    firstSeenAtMs: atMs,
    lastSeenAtMs: atMs,
    expiresAtMs: atMs + 3_600_000,
    sightings: 2,
    teachers: [teacher],
    lesson: {
      nsTtlSeconds: 7200,
      glueTtlSeconds: 3600,
      queryAtMs: atMs - 10,
      queryId: 4711,
      queryName: nameOf('www.corp.example'),
      responseAtMs: atMs,
    },
  });
  const tap = new EventTap<VerdictEvent>(10);
  const store = new MemoryStore({ events: 100 });
  let warmups = 0;
  const services = createServices({
    clock,
    history,
    policies: new PolicyBook(clock, history, new RuleBook(1), NO_PACKS, [groupOf(1, 'default', [], {}, 'enforce')]),
    bypasses: undefined,
    quarantines: undefined,
    switches: () => 0,
    packs: buildPackBook(defaultConfig(), clock, silentLog),
    reload: undefined,
    store,
    insideNetworks: () => [parseNetwork('203.0.113.0/24')!],
    trustedResolvers: () => [parseAddress('203.0.113.53')!, parseAddress('198.51.100.53')!],
    modeOf: () => (isEnforcing ? 'enforce' : 'monitor'),
    flush: async () => {},
    warmupMs: () => 0,
    tap,
    endWarmup: () => {
      warmups++;
    },
    status: () => ({ up: true }),
    ...changed,
  });
  return { services, clock, history, store, tap, warmupsEnded: () => warmups };
}

const address = (value: typeof server) => ({ kind: 'address', address: value }) as const;
const name = (text: string) => ({ kind: 'name', name: nameOf(text) }) as const;
const question = (destination: typeof server, client?: typeof server, queryName?: string) => ({
  destination,
  client,
  queryName: queryName === undefined ? undefined : nameOf(queryName),
});

async function listOf<V>(items: AsyncIterable<V>): Promise<V[]> {
  const all: V[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('lookup', () => {
  it('has the columns of Ichise et al., table I', async () => {
    expect(await setUp().services.lookup(address(server))).toEqual({
      target: '192.0.2.53',
      known: true,
      expires: '2026-11-21T03:00:00.250Z',
      summary: {
        zones: 1,
        nameServers: 1,
        addresses: 1,
        sightings: 2,
        teachers: 1,
        trust: 'referral',
        firstSeen: '2026-11-21T02:00:00.250Z',
        lastSeen: '2026-11-21T02:00:00.250Z',
      },
      more: false,
      last: null,
      past: [],
      triples: [
        {
          zone: 'corp.example',
          nameServer: 'ns1.corp.example',
          address: '192.0.2.53',
          origin: 'learned',
          trust: 'referral',
          glue: 'in-domain',
          sightings: 2,
          teachers: ['198.51.100.1'],
          firstSeen: '2026-11-21T02:00:00.250Z',
          lastSeen: '2026-11-21T02:00:00.250Z',
          expires: '2026-11-21T03:00:00.250Z',
          taughtBy: {
            server: '198.51.100.1',
            queryName: 'www.corp.example',
            queryId: 4711,
            queryTime: '2026-11-21T02:00:00.240Z',
            responseTime: '2026-11-21T02:00:00.250Z',
            nsTtlSeconds: 7200,
            glueTtlSeconds: 3600,
          },
        },
      ],
    });
  });

  it.each(['corp.example', 'ns1.corp.example'])(
    'finds the triple by its zone and its name server: %s',
    async (text) => {
      expect(await setUp().services.lookup(name(text))).toMatchObject({
        target: text,
        known: true,
        triples: [{ address: '192.0.2.53' }],
      });
    },
  );

  it('says of what it does not know any more when that was', async () => {
    const { services, clock, history } = setUp();
    expect(await services.lookup(address(teacher))).toMatchObject({ known: false, triples: [], last: null });
    clock.advance(3600_000);
    history.expire(10);
    expect(await services.lookup(address(server))).toMatchObject({
      target: '192.0.2.53',
      known: false,
      expires: null,
      summary: { zones: 0, trust: null, firstSeen: null },
      triples: [],
      past: [{ zone: 'corp.example', expires: '2026-11-21T03:00:00.250Z' }],
      more: false,
      last: { zone: 'corp.example', nameServer: 'ns1.corp.example', expired: '2026-11-21T03:00:00.250Z' },
    });
    expect(await services.lookup(name('corp.example'))).toMatchObject({ known: false, expires: null });
  });
});

describe('check', () => {
  it('gives the verdict that a query would get, and whether it is carried out', () => {
    const { check } = setUp().services;
    expect(check(question(server))).toMatchObject({ verdict: 'allow', reason: 'history', enforced: true });
    expect(check(question(teacher)).message).toBe('198.51.100.1 is unknown and block');
    expect(setUp(false).services.check(question(teacher)).message).toBe('198.51.100.1 is unknown and would block');
  });

  it.each([
    ['203.0.113.53', 'inside', '203.0.113.53 is inside and pass'],
    ['198.51.100.53', 'trustedResolver', '198.51.100.53 is a trusted resolver and pass'],
    ['203.0.113.7', 'inside', '203.0.113.7 is inside and pass'],
  ])('%s passes without a verdict: %s', (text, reason, message) => {
    expect(setUp().services.check(question(parseAddress(text)!))).toMatchObject({ verdict: 'allow', reason, message });
  });

  it('a trusted resolver as client passes without a verdict', () => {
    const view = setUp().services.check(question(teacher, parseAddress('198.51.100.53')!));
    expect(view).toMatchObject({ verdict: 'allow', reason: 'trustedResolver', client: '198.51.100.53' });
    expect(view.steps.at(-1)).toMatchObject({ step: 'trusted resolver', finding: 'the client is one', decides: true });
  });

  it('explains step by step; exactly one step decides', async () => {
    const { services } = setUp();
    const known = services.check(question(server, teacher, 'WWW.corp.example'));
    expect(known.steps.map(({ step, decides }) => `${step}${decides ? '!' : ''}`)).toEqual([
      'destination is inside',
      'trusted resolver',
      'client group',
      'deny rules',
      'allow rules',
      'deny packs',
      'history!',
      'query name',
      'flow',
      'mode',
    ]);
    expect(known.steps[6]?.finding).toContain('ns1.corp.example of corp.example, known until 2026-11-21T03:00:00.250Z');
    expect(known.steps[7]?.finding).toContain('serve corp.example');
    const { rule } = await services.ruleAdd(wanted);
    const allowed = services.check(question(teacher));
    expect(allowed.steps.find(({ decides }) => decides)).toMatchObject({
      step: 'allow rules',
      finding: `rule ${rule?.id} (to 198.51.100.1): branch office`,
    });
  });
});

const wanted: WantedRule = {
  action: 'allow',
  match: { to: { kind: 'address', address: teacher } },
  reason: 'branch office',
  owner: 'jo',
  expiresAtMs: atMs + 1000,
};

describe('rules', () => {
  it('are changed within their number, and kept', async () => {
    const { services, store } = setUp();
    const added = await services.ruleAdd(wanted);
    const rule = {
      id: added.rule!.id,
      action: 'allow',
      match: { to: '198.51.100.1' },
      origin: 'command',
      reason: 'branch office',
      owner: 'jo',
      created: '2026-11-21T02:00:00.250Z',
      expires: '2026-11-21T02:00:01.250Z',
      hits: 0,
      lastHit: null,
      version: expect.stringMatching(/^[0-9a-f]{16}$/),
    };
    expect(added).toEqual({ outcome: 'added', rule, kept: true, warnings: [] });
    expect(services.check(question(teacher))).toMatchObject({ verdict: 'allow', reason: 'allowRule', rule: rule.id });
    expect(await store.loadRules(atMs)).toHaveLength(1);
    const renewed = await services.ruleAdd({ ...wanted, reason: 'other' });
    expect(renewed).toMatchObject({ outcome: 'renewed', rule: { id: rule.id, reason: 'other' } });
    expect((await services.ruleAdd({ ...wanted, match: {} })).outcome).toBe('full');
    expect(await listOf(services.ruleList())).toEqual([{ ...rule, reason: 'other' }]);
    expect((await services.ruleRemove(rule.id)).outcome).toBe('removed');
    expect((await services.ruleRemove(rule.id)).outcome).toBe('absent');
    expect(await store.loadRules(atMs)).toEqual([]);
  });

  it('are given another reason and another end, and keep what they are about and have done', async () => {
    const { services, store } = setUp();
    const { rule } = await services.ruleAdd(wanted);
    services.check(question(teacher));
    const changed = await services.ruleChange(rule!.id, { reason: 'ticket 2', expiresAtMs: null });
    expect(changed).toMatchObject({ outcome: 'changed', kept: true });
    expect(changed.rule).toEqual({ ...rule, reason: 'ticket 2', expires: null, version: changed.rule!.version });
    expect(changed.rule!.version).not.toBe(rule!.version);
    expect(services.ruleShow(rule!.id)).toEqual(changed.rule);
    expect(await store.loadRules(atMs + 5000)).toMatchObject([{ id: rule!.id, reason: 'ticket 2' }]);
    expect((await services.ruleChange(rule!.id, {})).rule).toEqual(changed.rule);
    expect(await services.ruleChange('none', { reason: 'x' })).toMatchObject({ outcome: 'absent' });
    expect(() => services.ruleShow('none')).toThrow(expect.objectContaining({ code: 'rule-unknown' }));
  });

  it('are changed and removed only as whoever does it has seen them', async () => {
    const { services } = setUp();
    const { id, version } = (await services.ruleAdd(wanted)).rule!;
    await services.ruleChange(id, { reason: 'by another', ifVersion: version });
    const refused = { code: 'rule-changed' };
    await expect(services.ruleChange(id, { reason: 'mine', ifVersion: version })).rejects.toMatchObject(refused);
    await expect(services.ruleRemove(id, version)).rejects.toMatchObject(refused);
    const seen = services.ruleShow(id);
    expect(seen.reason).toBe('by another');
    expect((await services.ruleRemove(id, seen.version)).outcome).toBe('removed');
    expect((await services.ruleRemove(id, seen.version)).outcome).toBe('absent');
  });

  it('are left alone by one like them that is not to renew them', async () => {
    const { services } = setUp();
    const { rule } = await services.ruleAdd(wanted);
    const present = await services.ruleAdd({ ...wanted, reason: 'mine' }, false);
    expect(present).toEqual({ outcome: 'present', rule, kept: true, warnings: [] });
    const denied = await services.ruleAdd({ ...wanted, action: 'deny' }, false);
    expect(denied.outcome).toBe('full');
  });

  it('take effect although the store fails, and say so', async () => {
    const store = new MemoryStore({ events: 1 });
    store.saveRule = () => Promise.reject(new GluewallError('store-write', 'full'));
    const { services } = setUp(true, { store });
    expect(await services.ruleAdd(wanted)).toMatchObject({ outcome: 'added', kept: false });
    expect(services.check(question(teacher)).verdict).toBe('allow');
  });
});

describe('a history', () => {
  it('survives export and import', async () => {
    const { services } = setUp();
    const rows = await listOf(services.historyList(undefined));
    const other = setUp();
    const triples = rows.map((row) => tripleRow.parse(row));
    expect(other.services.historyImport(triples, true)).toEqual({ taken: 1, expired: 0, refused: 0 });
    expect(await listOf(other.services.historyList(nameOf('example')))).toEqual(rows);
    expect(await listOf(other.services.historyList(nameOf('other.example')))).toEqual([]);
    expect(other.warmupsEnded()).toBe(1);
  });

  it('takes nothing that is over, can be no name server, or finds no room', async () => {
    const { services, history } = setUp();
    const [row] = await listOf(services.historyList(undefined));
    const triple = tripleRow.parse(row);
    const expired = { ...triple, expiresAtMs: atMs };
    const loopback = { ...triple, address: parseAddress('127.0.0.1')! };
    expect(services.historyImport([expired, loopback], false)).toEqual({ taken: 0, expired: 1, refused: 1 });
    const many = Array.from({ length: 11 }, (_, index) => ({ ...triple, zone: nameOf(`z${index}.example`) }));
    expect(services.historyImport(many, false)).toEqual({ taken: 9, expired: 0, refused: 2 });
    expect(history.size).toBe(10);
  });

  it('ends warm-up when told that all of it is in, and not before', async () => {
    const { services, warmupsEnded } = setUp();
    const [row] = await listOf(services.historyList(undefined));
    services.historyImport([tripleRow.parse(row)], false);
    expect(warmupsEnded()).toBe(0);
    services.historyImport([], true);
    expect(warmupsEnded()).toBe(1);
  });

  it('cuts what claims to hold for ever', async () => {
    const { services, history } = setUp();
    const [row] = await listOf(services.historyList(undefined));
    services.historyImport([tripleRow.parse({ ...row, expires: '9999-01-01T00:00:00.000Z' })], false);
    expect(history.standing(server)?.untilMs).toBe(atMs + 86_400_000);
  });
});

describe('events', () => {
  const query = { limit: 10 };
  const destinations = (items: readonly EventItem[]) =>
    items.map((item) => ('lost' in item ? item.lost : item.dest_ip));

  it('gives what is kept, then what happens, each once', async () => {
    const { services, store, tap } = setUp();
    await store.saveEvents([verdictEvent({ destination: parseAddress('203.0.113.1')! })]);
    const stop = new AbortController();
    const items = services.events(query, stop.signal);
    expect(destinations([(await items.next()).value as EventItem])).toEqual(['203.0.113.1']);
    tap.push(verdictEvent({ destination: parseAddress('203.0.113.1')! }));
    tap.push(verdictEvent({ destination: parseAddress('203.0.113.2')! }));
    expect(destinations([(await items.next()).value as EventItem])).toEqual(['203.0.113.2']);
    const waiting = items.next();
    stop.abort();
    expect((await waiting).done).toBe(true);
  });

  it('follows only what was asked for, and says what it lost', async () => {
    const { services, tap } = setUp();
    const stop = new AbortController();
    const items = services.events({ limit: 10, client: parseAddress('192.0.2.1') }, stop.signal);
    const first = items.next();
    await new Promise(setImmediate);
    for (let index = 0; index < 12; index++)
      tap.push(verdictEvent({ client: parseAddress(index === 0 ? '192.0.2.1' : '192.0.2.2')! }));
    expect((await first).value).toEqual({ lost: 2 });
    expect(((await items.next()).value as { src_ip: string }).src_ip).toBe('192.0.2.1');
    stop.abort();
  });

  it('makes the events of a portion one by one, as they are read', async () => {
    const { services, store, tap } = setUp();
    let made = 0;
    const counted = (atMs = 0) => {
      const event = verdictEvent({ atMs });
      return Object.defineProperty({ ...event }, 'message', {
        get: () => {
          made++;
          return event.message;
        },
      });
    };
    const kept = Array.from({ length: 50 }, () => counted());
    store.findEvents = async function* () {
      yield kept;
    };
    const stop = new AbortController();
    const items = services.events({ limit: 50 }, stop.signal);
    await items.next();
    expect(made).toBeLessThan(5);
    for (let read = 1; read < 50; read++) await items.next();
    for (let index = 0; index < 10; index++) tap.push(counted(atMs));
    made = 0;
    await items.next();
    expect(made).toBeLessThan(5);
    stop.abort();
  });

  it('lets go of what happens when the kept ones cannot be read, or are no longer wanted', async () => {
    const signals: AbortSignal[] = [];
    class WatchedTap extends EventTap<VerdictEvent> {
      override follow(signal: AbortSignal) {
        signals.push(signal);
        return super.follow(signal);
      }
    }
    const failing = new MemoryStore({ events: 10 });
    await failing.close();
    const tap = new WatchedTap(10);
    const broken = setUp(true, { tap, store: failing }).services.events(query, new AbortController().signal);
    await expect(broken.next()).rejects.toMatchObject({ code: 'store-closed' });
    const { services, store } = setUp(true, { tap });
    await store.saveEvents([verdictEvent({}), verdictEvent({})]);
    const left = services.events(query, new AbortController().signal);
    await left.next();
    await left.return(undefined);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('does not remember a long list for those who follow', async () => {
    const { services, store, clock } = setUp();
    const add = vi.spyOn(Set.prototype, 'add');
    const before = Array.from({ length: 90 }, () => verdictEvent({ atMs: clock.nowMs() - 3600_000 }));
    await store.saveEvents(before);
    const stop = new AbortController();
    const items = services.events({ limit: 100 }, stop.signal);
    for (let read = 0; read < 90; read++) await items.next();
    const remembered = add.mock.calls.filter(([item]) => typeof item === 'string').length;
    add.mockRestore();
    stop.abort();
    expect(remembered).toBe(0);
  });

  it('refuses to follow a gluewall that does not run', async () => {
    const { services } = setUp(true, { tap: undefined });
    const items = services.events(query, new AbortController().signal);
    await expect(items.next()).rejects.toMatchObject({ code: 'not-running' });
  });
});
