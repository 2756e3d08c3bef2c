/** The verdict: its order, its scope, its strictness. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAtOrBelow } from '../../../src/dns/name.ts';
import type { Transport } from '../../../src/dns/observation.ts';
import { RECORD_TYPE } from '../../../src/dns/registry.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import type { ClientGroup } from '../../../src/policy/client-group.ts';
import type { Pack } from '../../../src/policy/pack.ts';
import type { PolicyQuery, QueryMessage } from '../../../src/policy/query.ts';
import type { Rule } from '../../../src/policy/rule.ts';
import { FIELD, SCOPE_FIELDS, type ScopeField, scopeFields, type Verdict } from '../../../src/policy/verdict.ts';
import { historyOptions, learnAt } from '../../support/learning.ts';
import { addressOf, nameOf } from '../../support/observations.ts';
import { groupOf, policiesOn, ruleOf } from '../../support/policies.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const KNOWN = '203.0.113.53';
const UNKNOWN = '203.0.113.66';
const PACK: Pack = {
  name: 'bad',
  hasNames: true,
  hasDestination: (destination) => destination === addressOf(UNKNOWN),
  hasName: (name) => isAtOrBelow(name, nameOf('evil.example')),
};

interface Asked {
  readonly client?: string | undefined;
  readonly mac?: number | undefined;
  readonly port?: string | undefined;
  readonly inPort?: number | undefined;
  readonly to?: string;
  readonly name?: string;
  readonly type?: number;
  readonly rd?: boolean;
  readonly transport?: Transport;
  readonly message?: QueryMessage;
}

function setUp(
  rules: readonly Rule[] = [],
  groups: readonly ClientGroup[] = [],
  clock = new VirtualClock(),
  history = new NsHistory(clock, historyOptions({ size: 50, ttlFloorSeconds: 1 })),
) {
  const book = policiesOn(clock, history, rules, groups, { get: (name) => (name === 'bad' ? PACK : undefined) });
  const learn = (zone: string, address = KNOWN, nsTtlSeconds = 3600) =>
    learnAt(history, clock.nowMs(), { zone, nameServer: `ns.${zone}`, address, nsTtlSeconds });
  const query = (asked: Asked): PolicyQuery => {
    const {
      client = '192.0.2.10',
      mac,
      port,
      inPort,
      to = KNOWN,
      name = 'www.example.org',
      type = 1,
      rd = false,
    } = asked;
    const from = { address: addressOf(client), mac, inPort, portName: port };
    return {
      client: from,
      group: book.current.groups.groupOf(from),
      destination: addressOf(to),
      transport: asked.transport ?? 'udp',
      message: asked.message ?? { name: nameOf(name), type, recursionDesired: rd },
    };
  };
  const decide = (asked: Asked): Verdict => book.current.decide(query(asked), clock.nowMs());
  return { clock, history, book, learn, decide, query };
}

const reasonOf = ({ reason }: Verdict) => reason;
const scopeOf = ({ reads }: Verdict) => scopeFields(reads);

describe('the order of the steps', () => {
  const deny = ruleOf('deny', { to: KNOWN, from: '192.0.2.10' });
  const allow = ruleOf('allow', { to: KNOWN });
  const denyPack = ruleOf('deny', { to: 'pack:bad' });
  const allowPacked = ruleOf('allow', { to: UNKNOWN, from: '192.0.2.10' });

  it('deny rule before allow rule before deny pack before history before default', () => {
    const { decide, learn } = setUp([allow, deny, denyPack, allowPacked]);
    learn('example.org');
    learn('example.net', UNKNOWN);
    expect(decide({})).toMatchObject({ kind: 'block', reason: 'denyRule', by: { rule: deny } });
    expect(decide({ client: '192.0.2.11' })).toMatchObject({ kind: 'allow', reason: 'allowRule', by: { rule: allow } });
    expect(decide({ to: UNKNOWN })).toMatchObject({ kind: 'allow', reason: 'allowRule', by: { rule: allowPacked } });
    expect(decide({ to: UNKNOWN, client: '192.0.2.11' })).toMatchObject({ kind: 'block', reason: 'denyPack' });
    expect(setUp([deny, denyPack]).decide({ client: '192.0.2.11' })).toMatchObject({
      kind: 'block',
      reason: 'unknown',
    });
  });

  it('of one step the first that holds decides: those of the configuration, then those of commands by age', () => {
    const young = ruleOf('allow', { to: '203.0.113.0/24' });
    const old = ruleOf('allow', { to: KNOWN, protocol: 'udp' });
    const configured = ruleOf('allow', { from: '192.0.2.0/24' }, { origin: 'configuration' });
    expect(setUp([old, young]).decide({}).by?.rule).toBe(old);
    expect(setUp([young, old]).decide({}).by?.rule).toBe(young);
    expect(setUp([young, old, configured]).decide({}).by?.rule).toBe(configured);
  });

  it('a rule that has expired decides nothing, and nor does one about a group or a pack that there is not', () => {
    const { book, decide, clock } = setUp([
      ruleOf('deny', { to: KNOWN }, { expiresAtMs: new VirtualClock().nowMs() + 1000 }),
      ruleOf('deny', { from: 'group:gone' }),
      ruleOf('deny', { to: 'pack:gone' }),
    ]);
    expect(reasonOf(decide({}))).toBe('denyRule');
    clock.advance(1000);
    book.rules.expire(clock.nowMs());
    expect(reasonOf(decide({}))).toBe('unknown');
  });

  it('an allow ends with its rule, and a verdict of the history with its entry', () => {
    const { decide, learn, clock } = setUp([ruleOf('allow', { to: UNKNOWN }, { expiresAtMs: 7_000_000_000_000 })]);
    learn('example.org');
    expect(decide({ to: UNKNOWN })).toMatchObject({ untilMs: 7_000_000_000_000 });
    expect(decide({})).toMatchObject({ reason: 'history', untilMs: clock.nowMs() + 3_600_000 });
  });
});

describe('what a rule matches', () => {
  const holds = (written: Parameters<typeof ruleOf>[1], asked: Asked, groups: readonly ClientGroup[] = []) =>
    reasonOf(setUp([ruleOf('deny', written)], groups).decide(asked)) === 'denyRule';

  it.each<[Parameters<typeof ruleOf>[1], Asked, boolean]>([
    [{}, {}, true],
    [{ from: '192.0.2.10' }, {}, true],
    [{ from: '192.0.2.11' }, {}, false],
    [{ from: '192.0.2.0/24' }, {}, true],
    [{ from: '192.0.2.0/29' }, {}, false],
    [{ from: '0.0.0.0/0' }, {}, true],
    [{ from: '::/0' }, {}, false],
    [{ from: '2001:db8::/33' }, { client: '2001:db8::1', to: '2001:db8::2' }, true],
    [{ from: '2001:db8:8000::/33' }, { client: '2001:db8::1', to: '2001:db8::2' }, false],
    [{ from: '2001:db8:fe00::/39' }, { client: '2001:db8:fcff::1' }, false],
    [{ from: '2001:db8:fe00::/39' }, { client: '2001:db8:ff00::1' }, true],
    [{ from: '2001:db8::1/128' }, { client: '2001:db8::1' }, true],
    [{ from: 'mac:02:00:00:00:00:01' }, { mac: 0x020000000001 }, true],
    [{ from: 'mac:02:00:00:00:00:01' }, { mac: 0x020000000002 }, false],
    [{ from: 'mac:02:00:00:00:00:01' }, {}, false],
    [{ from: 'port:s1-eth3' }, { port: 's1-eth3', inPort: 3 }, true],
    [{ from: 'port:3' }, { port: 's1-eth3', inPort: 3 }, true],
    [{ from: 'port:4' }, { port: 's1-eth3', inPort: 3 }, false],
    [{ to: KNOWN }, {}, true],
    [{ to: UNKNOWN }, {}, false],
    [{ to: '203.0.113.0/26' }, {}, true],
    [{ to: '203.0.113.64/26' }, {}, false],
    [{ to: '2001:db8::/32' }, { to: '2001:db8::53', client: '2001:db8::1' }, true],
    [{ zone: 'example.org' }, {}, true],
    [{ zone: 'www.example.org' }, {}, true],
    [{ zone: 'ample.org' }, {}, false],
    [{ zone: '.' }, {}, true],
    [{ zone: 'EXAMPLE.org' }, {}, true],
    [{ zone: 'example.org' }, { message: 'unreadable' }, false],
    [{ types: ['TXT', 'TYPE65280'] }, { type: RECORD_TYPE.TXT }, true],
    [{ types: ['TXT', 'TYPE65280'] }, { type: 65_280 }, true],
    [{ types: ['TXT'] }, {}, false],
    [{ protocol: 'tcp' }, { transport: 'tcp' }, true],
    [{ protocol: 'tcp' }, {}, false],
    [{ from: '192.0.2.0/24', to: '203.0.113.0/24', zone: 'org', types: ['A'], protocol: 'udp' }, {}, true],
    [{ from: '192.0.2.0/24', to: '203.0.113.0/24', zone: 'org', types: ['MX'], protocol: 'udp' }, {}, false],
  ])('%j and %j: %s', (written, asked, expected) => {
    expect(holds(written, asked)).toBe(expected);
  });

  it('a pack by its addresses, and by its names', () => {
    const { decide } = setUp([ruleOf('deny', { to: 'pack:bad' })]);
    expect(reasonOf(decide({ to: UNKNOWN }))).toBe('denyPack');
    expect(reasonOf(decide({ name: 'a.evil.example' }))).toBe('denyPack');
    expect(reasonOf(decide({ name: 'medevil.example' }))).toBe('unknown');
  });

  it('a name server by the addresses that the history has for it at the time, and only for a while', () => {
    const { decide, learn, clock } = setUp([ruleOf('allow', { to: 'name:NS.example.org' })]);
    expect(reasonOf(decide({}))).toBe('unknown');
    learn('example.org', KNOWN, 10);
    expect(decide({})).toMatchObject({ reason: 'allowRule', untilMs: clock.nowMs() + 60_000 });
    expect(reasonOf(decide({ to: UNKNOWN }))).toBe('unknown');
    clock.advance(11_000);
    expect(reasonOf(decide({}))).toBe('unknown');
  });

  it('a group by who is in it', () => {
    const labs = groupOf(7, 'labs', ['192.0.2.0/28']);
    expect(holds({ from: 'group:labs' }, {}, [labs])).toBe(true);
    expect(holds({ from: 'group:labs' }, { client: '192.0.2.20' }, [labs])).toBe(false);
    expect(holds({ from: 'group:default' }, { client: '192.0.2.20' }, [labs])).toBe(true);
  });
});

describe('the group of a client', () => {
  const labs = groupOf(7, 'labs', ['192.0.2.0/28', 'mac:02:00:00:00:00:01']);
  const printers = groupOf(8, 'printers', ['192.0.2.10', 'port:s1-eth9', 'port:4', '2001:db8::/64']);
  const { query } = setUp([], [labs, printers]);

  it.each<[string, Asked]>([
    ['labs', { client: '192.0.2.10' }],
    ['printers', { client: '192.0.2.20', port: 's1-eth9' }],
    ['printers', { client: '192.0.2.20', inPort: 4 }],
    ['labs', { client: '192.0.2.20', inPort: 4, mac: 0x020000000001 }],
    ['printers', { client: '2001:db8::9' }],
    ['default', { client: '2001:db8:1::9' }],
    ['default', { client: '192.0.2.16', port: 's1-eth8', inPort: 3, mac: 1 }],
  ])('is %s for %j', (name, asked) => {
    expect(query(asked).group.name).toBe(name);
  });
});

describe('strictness', () => {
  const strict = (strictness: Parameters<typeof groupOf>[3]) => {
    const rig = setUp([], [groupOf(1, 'default', [], strictness)]);
    rig.learn('example.org');
    return rig;
  };

  it('zone: only names in a zone that the address is known to serve', () => {
    const { decide } = strict({ check: 'zone' });
    expect(decide({})).toMatchObject({ kind: 'allow', reads: FIELD.destination | FIELD.queryName });
    expect(decide({ name: 'example.org' }).kind).toBe('allow');
    expect(decide({ name: 'c2.example.net' })).toMatchObject({ kind: 'block', reason: 'notServed' });
    expect(decide({ message: 'unreadable' })).toMatchObject({ kind: 'block', reason: 'unreadable' });
    expect(decide({ to: UNKNOWN })).toMatchObject({ reason: 'unknown', reads: FIELD.destination });
  });

  it('what is still to come of a TCP connection is waited for only where it may help', () => {
    const { decide } = strict({ check: 'zone' });
    expect(decide({ message: 'unseen', transport: 'tcp' })).toMatchObject({ kind: 'allow' });
    expect(scopeOf(decide({ message: 'unseen', transport: 'tcp' }))).toContain('queryName');
    expect(decide({ message: 'unseen', to: UNKNOWN })).toMatchObject({ kind: 'block', reads: FIELD.destination });
    const byName = setUp([ruleOf('allow', { zone: 'good.example' })]);
    expect(byName.decide({ message: 'unseen', to: UNKNOWN })).toMatchObject({ kind: 'allow' });
    const denied = setUp([ruleOf('deny', { zone: 'evil.example' }), ruleOf('allow', { to: KNOWN })]);
    expect(denied.decide({ message: 'unseen' })).toMatchObject({ kind: 'allow' });
    expect(scopeOf(denied.decide({ message: 'unseen' }))).toEqual(['destination', 'queryName']);
  });

  it('minimum age', () => {
    const { decide, clock, learn } = strict({ minimumAgeMs: 60_000 });
    expect(decide({})).toMatchObject({ kind: 'block', reason: 'tooYoung', reads: FIELD.destination });
    clock.advance(59_999);
    learn('example.org');
    expect(decide({}).kind).toBe('block');
    clock.advance(1);
    expect(decide({})).toMatchObject({ kind: 'allow', reads: FIELD.destination });
  });

  it('distinct zones, and distinct teachers', () => {
    const zones = strict({ minimumZones: 2 });
    expect(reasonOf(zones.decide({}))).toBe('tooFewZones');
    zones.learn('example.net');
    expect(zones.decide({}).kind).toBe('allow');
    expect(reasonOf(strict({ minimumTeachers: 2 }).decide({}))).toBe('tooFewTeachers');
  });

  it('RD=1 to a server known as an authoritative one', () => {
    const blocking = strict({ recursionDesired: 'block' });
    expect(blocking.decide({ rd: true })).toMatchObject({ kind: 'block', reason: 'recursionDesired' });
    expect(blocking.decide({ rd: false })).toMatchObject({ kind: 'allow', alarm: undefined });
    const alarming = strict({ recursionDesired: 'alarm' });
    expect(alarming.decide({ rd: true })).toMatchObject({ kind: 'allow', alarm: 'recursionDesired' });
    expect(scopeOf(alarming.decide({ rd: false }))).toEqual(['destination', 'recursionDesired']);
    expect(strict({}).decide({ rd: true })).toMatchObject({ alarm: undefined, reads: FIELD.destination });
  });

  it('is a matter of the group, and not of allow rules', () => {
    const { decide, learn } = setUp(
      [ruleOf('allow', { to: UNKNOWN })],
      [groupOf(7, 'labs', ['192.0.2.10'], { check: 'zone' })],
    );
    learn('example.org');
    expect(decide({ name: 'example.net' })).toMatchObject({ reason: 'notServed' });
    expect(decide({ name: 'example.net', client: '192.0.2.11' })).toMatchObject({ reason: 'history' });
    expect(decide({ name: 'example.net', to: UNKNOWN })).toMatchObject({ reason: 'allowRule' });
    expect(scopeOf(decide({ client: '192.0.2.11' }))).toEqual(['destination', 'group']);
  });
});

describe('the scope of a verdict', () => {
  it.each<[string, Rule[], Asked, readonly ScopeField[]]>([
    ['no rules', [], {}, ['destination']],
    ['a deny of another destination', [ruleOf('deny', { to: UNKNOWN, from: '192.0.2.9' })], {}, ['destination']],
    [
      'a deny of this destination for another client',
      [ruleOf('deny', { to: KNOWN, from: '192.0.2.9' })],
      {},
      ['destination', 'client'],
    ],
    ['a deny of another client to anywhere', [ruleOf('deny', { from: '192.0.2.9' })], {}, ['destination', 'client']],
    ['a deny of a port', [ruleOf('deny', { from: 'port:4' })], { inPort: 3 }, ['destination', 'port']],
    ['a deny of a zone', [ruleOf('deny', { zone: 'evil.example' })], {}, ['destination', 'queryName']],
    [
      'a deny of a zone over TCP, asked by UDP',
      [ruleOf('deny', { to: KNOWN, zone: 'evil.example', protocol: 'tcp' })],
      {},
      ['destination', 'protocol'],
    ],
    [
      'an allow of a type, which decides',
      [ruleOf('allow', { to: KNOWN, types: ['A'] })],
      {},
      ['destination', 'queryType'],
    ],
    [
      'a block does not care for what ruled out a deny',
      [ruleOf('deny', { zone: 'evil.example' })],
      { to: UNKNOWN },
      ['destination'],
    ],
    [
      'a block does care for what ruled out an allow',
      [ruleOf('allow', { to: UNKNOWN, from: '192.0.2.9' })],
      { to: UNKNOWN },
      ['destination', 'client'],
    ],
  ])('%s', (_case, rules, asked, fields) => {
    const { decide, learn } = setUp(rules);
    learn('example.org');
    expect(scopeOf(decide(asked))).toEqual(fields);
  });
});

/** What rules, groups and queries are drawn from: few values, so that they meet. */
const CLIENTS = ['192.0.2.10', '192.0.2.20', '198.51.100.7'];
const SERVERS = [KNOWN, UNKNOWN, '203.0.113.54'];
const NAMES = ['www.example.org', 'evil.example', 'a.evil.example', 'example.net'];
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const written = fc.record({
  from: maybe(fc.constantFrom(...CLIENTS, '192.0.2.0/27', 'mac:00:00:00:00:00:02', 'port:3', 'port:p4', 'group:labs')),
  to: maybe(fc.constantFrom(...SERVERS, '203.0.113.0/26', 'pack:bad', 'name:ns.example.org')),
  zone: maybe(fc.constantFrom('evil.example', 'org', '.')),
  types: maybe(fc.constantFrom(['A'], ['TXT', 'A'])),
  protocol: maybe(fc.constantFrom<Transport>('udp', 'tcp')),
});
const someRules = fc.array(fc.tuple(fc.constantFrom('allow' as const, 'deny' as const), written), { maxLength: 6 });
/** So many that they are divided: to one server, to one pack, and all over. */
const manyRules = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom('allow' as const, 'deny' as const), written), { minLength: 20, maxLength: 80 }),
    fc.constantFrom({}, { to: KNOWN }, { to: 'pack:bad' }, { to: undefined }),
  )
  .map(([rules, same]) => rules.map(([action, match]) => [action, { ...match, ...same }] as const));
const someGroups = fc.constantFrom<readonly ClientGroup[]>(
  [],
  [groupOf(7, 'labs', ['192.0.2.0/28', 'port:p4'], { check: 'zone' })],
  [groupOf(7, 'labs', ['mac:00:00:00:00:00:02']), groupOf(1, 'default', [], { recursionDesired: 'block' })],
);
const someQuery = fc.record({
  client: fc.constantFrom(...CLIENTS),
  mac: fc.constantFrom(1, 2),
  inPort: fc.constantFrom(3, 4),
  port: fc.constantFrom('p3', 'p4'),
  to: fc.constantFrom(...SERVERS),
  name: fc.constantFrom(...NAMES),
  type: fc.constantFrom<number>(1, 16),
  rd: fc.boolean(),
  transport: fc.constantFrom<Transport>('udp', 'tcp'),
});

function drawn(rules: readonly (readonly ['allow' | 'deny', object])[], groups: readonly ClientGroup[]) {
  const made = rules.map(([action, match], index) =>
    ruleOf(action, match, { id: `r${index}`, origin: 'configuration' }),
  );
  return setUp(made, groups, learned.clock, learned.history);
}

/** One for all runs: making a history takes longer than a verdict. */
const learned = setUp();
learned.learn('example.org');
learned.learn('example.net', '203.0.113.54');

describe.each([
  { what: 'any rules', drawnRules: someRules, share: 1 },
  { what: 'many rules', drawnRules: manyRules, share: 0.2 },
])('$what', ({ drawnRules, share }) => {
  it('find the first rule of the first step that holds, as a plain reading of all of them does', () => {
    fc.assert(
      fc.property(drawnRules, someGroups, someQuery, (rules, groups, asked) => {
        const { decide, query, book, history } = drawn(rules, groups);
        const isNamed = history.isNamed.bind(history);
        const holding = [...book.rules.all()]
          .map(({ rule }) => rule)
          .filter((rule) => plainlyHolds(rule, query(asked), isNamed));
        const isPack = (rule: Rule) => rule.match.to?.kind === 'pack';
        const expected =
          holding.find((rule) => rule.action === 'deny' && !isPack(rule)) ??
          holding.find((rule) => rule.action === 'allow') ??
          holding.find((rule) => rule.action === 'deny');
        expect(decide(asked).by?.rule.id).toBe(expected?.id);
      }),
      { numRuns: 2000 * share },
    );
  });

  it('queries that are alike in what the verdict read get the same verdict', () => {
    fc.assert(
      fc.property(drawnRules, someGroups, someQuery, someQuery, (rules, groups, one, other) => {
        const { decide, query } = drawn(rules, groups);
        const verdict = decide(one);
        const mixed = mix(one, other, scopeOf(verdict));
        // The group is read as such: who shares it may share nothing else.
        if ((verdict.reads & FIELD.group) !== 0 && query(mixed).group !== query(one).group) return;
        const second = decide(mixed);
        expect([second.kind, mixed]).toEqual([verdict.kind, mixed]);
      }),
      { numRuns: 5000 * share },
    );
  });

  it('a block before the message is seen stays a block whatever the message is', () => {
    fc.assert(
      fc.property(drawnRules, someGroups, someQuery, fc.constantFrom(...NAMES), (rules, groups, asked, name) => {
        const { decide } = drawn(rules, groups);
        if (decide({ ...asked, message: 'unseen' }).kind === 'allow') return;
        expect(decide({ ...asked, name }).kind).toBe('block');
      }),
      { numRuns: 2000 * share },
    );
  });
});

type Drawn = typeof someQuery extends fc.Arbitrary<infer T> ? T : never;

/** `other` with the fields that a verdict on `one` read taken from that. */
function mix(one: Drawn, other: Drawn, fields: readonly ScopeField[]): Drawn {
  const keys: Readonly<Partial<Record<ScopeField, readonly (keyof Drawn)[]>>> = {
    destination: ['to'],
    client: ['client'],
    mac: ['mac'],
    port: ['port', 'inPort'],
    protocol: ['transport'],
    queryName: ['name'],
    queryType: ['type'],
    recursionDesired: ['rd'],
  };
  const kept = SCOPE_FIELDS.filter((field) => fields.includes(field)).flatMap((field) => keys[field] ?? []);
  return { ...other, ...Object.fromEntries(kept.map((key) => [key, one[key]])) };
}

/** Without any index, from the words of the rule alone. */
function plainlyHolds(
  { match }: Rule,
  { client, group, destination, transport, message }: PolicyQuery,
  isNamed: NsHistory['isNamed'],
): boolean {
  if (typeof message === 'string') throw new Error('only whole messages here');
  const { from, to, zone, types, protocol } = match;
  const inNetwork = (base: string, text: string) => base === '192.0.2.0/27' && text.startsWith('192.0.2.');
  const text = CLIENTS.find((one) => addressOf(one) === client.address)!;
  const isFrom =
    from === undefined ||
    (from.kind === 'address' && from.address === client.address) ||
    (from.kind === 'network' && inNetwork('192.0.2.0/27', text)) ||
    (from.kind === 'mac' && from.mac === client.mac) ||
    (from.kind === 'port' && (from.port === client.inPort || from.port === client.portName)) ||
    (from.kind === 'group' && from.group === group.name);
  const isTo =
    to === undefined ||
    (to.kind === 'address' && to.address === destination) ||
    (to.kind === 'network' && destination !== addressOf(UNKNOWN)) ||
    (to.kind === 'pack' && (destination === addressOf(UNKNOWN) || isAtOrBelow(message.name, nameOf('evil.example')))) ||
    (to.kind === 'name' && isNamed(destination, to.name));
  return (
    isFrom &&
    isTo &&
    (zone === undefined || isAtOrBelow(message.name, zone)) &&
    (types === undefined || types.includes(message.type)) &&
    (protocol === undefined || protocol === transport)
  );
}
