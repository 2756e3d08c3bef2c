/** Many rules: found as a plain reading finds them, and with few looks. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/core/address.ts';
import { isAtOrBelow, type Name } from '../../../src/dns/name.ts';
import type { Transport } from '../../../src/dns/observation.ts';
import type { Pack } from '../../../src/policy/pack.ts';
import type { Unseen } from '../../../src/policy/pack-answer.ts';
import type { PolicyQuery, QueryMessage } from '../../../src/policy/query.ts';
import type { RuleState } from '../../../src/policy/rule-book.ts';
import { RuleIndex, type RuleWorld } from '../../../src/policy/rule-index.ts';
import type { WrittenMatch } from '../../../src/policy/rule-text.ts';
import { FIELD, MESSAGE_FIELDS } from '../../../src/policy/verdict.ts';
import { addressOf, nameOf } from '../../support/observations.ts';
import { DEFAULT_GROUP, groupOf, ruleOf } from '../../support/policies.ts';

const SERVER = '203.0.113.53';
const LABS = groupOf(7, 'labs', ['192.0.2.0/28']);

const statesOf = (written: readonly WrittenMatch[]): RuleState[] =>
  written.map((match, index) => ({
    rule: ruleOf('deny', match, { id: `r${index}` }),
    hits: 0,
    lastHitAtMs: undefined,
  }));

/** A world that counts what it is asked. */
class CountingWorld implements RuleWorld {
  asked = 0;
  /** Names of the server of all queries. */
  names: readonly string[] = ['ns.example.org'];
  hasNames = true;

  pack(name: string): Pack | undefined {
    this.asked++;
    if (name === 'gone') return undefined;
    return {
      name,
      hasNames: this.hasNames,
      hasDestination: (destination) => this.#ask() && destination === addressOf('203.0.113.66'),
      hasName: (one) => this.#ask() && isAtOrBelow(one, nameOf('evil.example')),
    };
  }

  isNamed(destination: Address, nameServer: Name): boolean {
    this.asked++;
    return this.#namesOf(destination).includes(nameServer);
  }

  nameServersOf(destination: Address): readonly Name[] {
    this.asked++;
    return this.#namesOf(destination);
  }

  #namesOf(destination: Address): readonly Name[] {
    return destination === addressOf(SERVER) ? this.names.map(nameOf) : [];
  }

  #ask(): boolean {
    this.asked++;
    return true;
  }
}

const QUERY: PolicyQuery = {
  client: { address: addressOf('192.0.2.10'), mac: 2, inPort: 3, portName: 'p3' },
  group: DEFAULT_GROUP,
  destination: addressOf(SERVER),
  transport: 'udp',
  message: { name: nameOf('www.example.org'), type: 1, recursionDesired: false },
};

/** How often a search reads the query: each look at a rule does so. */
function readsOf(index: RuleIndex, query: PolicyQuery): number {
  let reads = 0;
  const counted = new Proxy(query, {
    get(target, key) {
      reads++;
      return Reflect.get(target, key);
    },
  });
  index.find(counted);
  return reads;
}

const MANY = 5000;
const nth = (n: number) => `198.18.${n >> 8}.${n & 255}`;
const many = (written: (n: number) => WrittenMatch) => statesOf(Array.from({ length: MANY }, (_, n) => written(n)));

describe('of many rules a search looks at few', () => {
  it.each<[string, (n: number) => WrittenMatch, Partial<PolicyQuery>]>([
    ['of one client each, to one server', (n) => ({ from: nth(n), to: SERVER }), {}],
    ['of one network each, to one server', (n) => ({ from: `${nth(n)}/32`, to: SERVER }), {}],
    ['of one client each, to one network', (n) => ({ from: nth(n), to: '203.0.113.0/24' }), {}],
    ['of one client each, to one pack', (n) => ({ from: nth(n), to: 'pack:bad' }), {}],
    ['of one client each, to one name', (n) => ({ from: nth(n), to: 'name:ns.example.org' }), {}],
    ['of one client each', (n) => ({ from: nth(n), protocol: 'udp' }), {}],
    ['of one port each', (n) => ({ from: `port:${n + 100}`, to: SERVER }), {}],
    ['of one group each', (n) => ({ from: `group:g${n}`, to: SERVER }), {}],
    ['to one name each', (n) => ({ to: `name:ns${n}.example` }), {}],
    ['to one zone each', (n) => ({ to: SERVER, zone: `z${n}.example` }), {}],
    [
      'to one zone each, before the message is seen',
      (n) => ({ to: SERVER, zone: `z${n}.example` }),
      { message: 'unseen' },
    ],
    ['of one type each', (n) => ({ types: [`TYPE${n + 300}`] }), {}],
    ['of one type each of a zone', (n) => ({ zone: 'org', types: [`TYPE${n + 300}`] }), {}],
    ['of another protocol', () => ({ to: SERVER, protocol: 'tcp' }), {}],
    ['all of a pack that there is not', (n) => ({ from: `192.0.2.${n & 31}`, to: 'pack:gone' }), {}],
    ['all alike', () => ({ to: SERVER, types: ['TXT'] }), {}],
  ])('%s', (_what, written, fields) => {
    for (const unseen of ['meets', 'fails'] as const) {
      const world = new CountingWorld();
      const index = new RuleIndex(many(written), world, unseen);
      expect(readsOf(index, { ...QUERY, ...fields })).toBeLessThan(50);
      expect(world.asked).toBeLessThan(5);
    }
  });

  it('asks a pack once for its destination and once for its name', () => {
    const world = new CountingWorld();
    const states = many((n) => ({ from: '192.0.2.10', to: 'pack:bad', zone: `z${n % 5}.example`, types: ['A'] }));
    const index = new RuleIndex(states, world, 'fails');
    expect(index.find(QUERY)).toBeUndefined();
    expect(world.asked).toBeLessThanOrEqual(3);
    expect(index.find({ ...QUERY, message: { name: nameOf('z3.example'), type: 1, recursionDesired: false } })).toBe(
      undefined,
    );
    expect(world.asked).toBeLessThanOrEqual(6);
  });

  it('a pack without names, which does not have the destination, costs no look and reads no more than that', () => {
    const world = new CountingWorld();
    world.hasNames = false;
    const index = new RuleIndex(
      many((n) => ({ from: nth(n), to: 'pack:bad' })),
      world,
      'fails',
    );
    expect(index.find(QUERY)).toBeUndefined();
    expect(index.reads & ~FIELD.destination).toBe(0);
  });

  it('finds a name server among many by its names', () => {
    const world = new CountingWorld();
    world.names = ['ns4000.example', 'ns17.example', 'other.example'];
    const index = new RuleIndex(
      many((n) => ({ to: `name:ns${n}.example` })),
      world,
      'fails',
    );
    expect(index.find(QUERY)?.rule.id).toBe('r17');
    expect(index.find({ ...QUERY, destination: addressOf('203.0.113.54') })).toBeUndefined();
    expect(world.asked).toBe(2);
  });
});

/** Rules that meet in a few destinations, and so stand together there. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const CLIENTS = ['192.0.2.10', '192.0.2.20', '198.51.100.7'];
const written = fc.record({
  from: maybe(
    fc.constantFrom(
      ...CLIENTS,
      ...['192.0.2.0/27', '192.0.2.0/24', '0.0.0.0/0', '2001:db8::/32', '192.0.2.99'],
      ...['mac:00:00:00:00:00:02', 'mac:00:00:00:00:00:09', 'port:3', 'port:p4', 'port:9', 'group:labs', 'group:gone'],
    ),
  ),
  to: maybe(
    fc.constantFrom(
      ...[SERVER, SERVER, '203.0.113.66', '203.0.113.0/24', 'pack:bad', 'pack:gone', 'name:ns.example.org'],
      ...Array.from({ length: 10 }, (_, n) => `name:ns${n}.example`),
    ),
  ),
  zone: maybe(fc.constantFrom('evil.example', 'example', 'org', 'www.example.org', 'net')),
  types: maybe(fc.constantFrom(['A'], ['TXT', 'A'], ['TXT'], ['MX'])),
  protocol: maybe(fc.constantFrom<Transport>('udp', 'tcp')),
});
/** Few shapes of the same kind are as likely as many of all kinds: a bucket is then divided by one field only. */
const manyWritten = fc
  .tuple(
    fc.array(written, { minLength: 1, maxLength: 120 }),
    fc.subarray(['from', 'to', 'zone', 'types', 'protocol'] as const),
  )
  .map(([rules, kept]) =>
    rules.map(
      (rule) =>
        Object.fromEntries(
          kept.map((key) => [key, rule[key]]).filter(([, value]) => value !== undefined),
        ) as WrittenMatch,
    ),
  );
const someMessage: fc.Arbitrary<QueryMessage> = fc.oneof(
  fc.constantFrom<QueryMessage>('unseen', 'unreadable'),
  fc.record({
    name: fc.constantFrom(...['www.example.org', 'a.evil.example', 'example', 'example.net'].map(nameOf)),
    type: fc.constantFrom(1, 16, 255),
    recursionDesired: fc.boolean(),
  }),
);
const someQuery: fc.Arbitrary<PolicyQuery> = fc.record({
  client: fc.record({
    address: fc.constantFrom(undefined, ...CLIENTS.map(addressOf)),
    mac: fc.constantFrom(undefined, 1, 2),
    inPort: fc.constantFrom(undefined, 3, 4),
    portName: fc.constantFrom(undefined, 'p3', 'p4'),
  }),
  group: fc.constantFrom(LABS, DEFAULT_GROUP),
  destination: fc.constantFrom(...[SERVER, '203.0.113.66', '203.0.113.54', '198.51.100.9'].map(addressOf)),
  transport: fc.constantFrom<Transport | undefined>('udp', 'tcp', undefined),
  message: someMessage,
});
const someNames = fc.subarray(['ns.example.org', 'ns1.example', 'ns8.example', 'other.example']);

function indexOf(rules: readonly WrittenMatch[], names: readonly string[], unseen: Unseen) {
  const world = new CountingWorld();
  world.names = names;
  return new RuleIndex(statesOf(rules), world, unseen);
}

/** Each rule in an index of its own, one after the other. */
function plainly(rules: readonly WrittenMatch[], names: readonly string[], unseen: Unseen, query: PolicyQuery) {
  let reads = 0;
  for (const [place, rule] of rules.entries()) {
    const index = indexOf([rule], names, unseen);
    if (index.find(query) !== undefined) return { place, reads: index.reads };
    reads |= index.reads;
  }
  return { place: undefined, reads };
}

describe('any number of rules', () => {
  it('are found as one by one, whatever was asked before, and read the message only where those do', () => {
    const someUnseen = fc.constantFrom<Unseen>('meets', 'fails');
    fc.assert(
      fc.property(manyWritten, someNames, someQuery, someQuery, someUnseen, (rules, names, before, query, unseen) => {
        const index = indexOf(rules, names, unseen);
        const expected = plainly(rules, names, unseen, query);
        index.find(before);
        expect(index.find(query)?.rule.id).toBe(expected.place === undefined ? undefined : `r${expected.place}`);
        if (expected.place !== undefined) expect(index.reads).toBe(expected.reads);
        else expect((index.reads & MESSAGE_FIELDS) !== 0).toBe((expected.reads & MESSAGE_FIELDS) !== 0);
      }),
      { numRuns: 3000 },
    );
  });

  it('hold or do not for queries that are alike in what was read', () => {
    fc.assert(
      fc.property(manyWritten, someNames, someQuery, someQuery, (rules, names, one, other) => {
        const index = indexOf(rules, names, 'fails');
        const isFound = index.find(one) !== undefined;
        const mixed = mix(one, other, index.reads);
        expect([index.find(mixed) !== undefined, mixed]).toEqual([isFound, mixed]);
      }),
      { numRuns: 5000 },
    );
  });
});

/** `other` with the fields that were read of `one`; the destination always is. */
function mix(one: PolicyQuery, other: PolicyQuery, reads: number): PolicyQuery {
  const has = (field: keyof typeof FIELD) => (reads & FIELD[field]) !== 0;
  const { client } = one;
  return {
    client: {
      address: (has('client') ? client : other.client).address,
      mac: (has('mac') ? client : other.client).mac,
      inPort: (has('port') ? client : other.client).inPort,
      portName: (has('port') ? client : other.client).portName,
    },
    group: has('group') ? one.group : other.group,
    destination: one.destination,
    transport: has('protocol') ? one.transport : other.transport,
    message: mixMessages(one.message, other.message, has('queryName'), has('queryType')),
  };
}

/** What cannot be read of a message is a part of its name and of its type. */
function mixMessages(one: QueryMessage, other: QueryMessage, isByName: boolean, isByType: boolean): QueryMessage {
  if (!isByName && !isByType) return other;
  if (typeof one === 'string' || typeof other === 'string') return one;
  return { ...other, name: isByName ? one.name : other.name, type: isByType ? one.type : other.type };
}
