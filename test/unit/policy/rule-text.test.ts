import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  composeMatch,
  describeMatch,
  isRuleWord,
  parseClientSelector,
  parseDestinationSelector,
  parseMatch,
  type WrittenMatch,
} from '../../../src/policy/rule-text.ts';

const read = (written: WrittenMatch) => {
  const match = parseMatch(written);
  if ('problem' in match) throw new Error(match.problem);
  return match;
};
const written = (given: WrittenMatch) => composeMatch(read(given));

const address = fc.oneof(fc.ipV4(), fc.ipV6());
const word = fc.stringMatching(/^[\w.-]{1,63}$/);
const label = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'));
const mac = fc.nat(2 ** 48 - 1).map((value) =>
  Buffer.from(value.toString(16).padStart(12, '0'), 'hex')
    .reduce((text, octet) => `${text}:${octet.toString(16).padStart(2, '0')}`, '')
    .slice(1),
);
const match: fc.Arbitrary<WrittenMatch> = fc.record(
  {
    from: fc.oneof(
      address,
      mac.map((text) => `mac:${text}`),
      fc.integer({ min: 1, max: 0xfffffeff }).map((port) => `port:${port}`),
      fc
        .stringMatching(/^[!-~]{1,63}$/)
        .filter((text) => !/^\d{1,10}$/.test(text))
        .map((text) => `port:${text}`),
      word.map((text) => `group:${text}`),
    ),
    to: fc.oneof(
      address,
      word.map((text) => `pack:${text}`),
      name.map((text) => `name:${text}`),
    ),
    zone: name,
    types: fc.array(
      fc.oneof(
        fc.constantFrom('A', 'txt', 'AAAA'),
        fc.nat(65_535).map((type) => `TYPE${type}`),
      ),
      {
        minLength: 1,
        maxLength: 5,
      },
    ),
    protocol: fc.constantFrom('udp', 'tcp'),
  },
  { requiredKeys: [] },
);

describe('a match', () => {
  it('is written as it is read: writing it, reading that and writing it again changes nothing', () => {
    fc.assert(
      fc.property(match, (given) => {
        const once = written(given);
        expect(read(once)).toEqual(read(given));
        expect(written(once)).toEqual(once);
        expect(Object.keys(once)).toEqual(['from', 'to', 'zone', 'types', 'protocol'].filter((key) => key in given));
      }),
    );
  });

  it.each<[WrittenMatch, WrittenMatch]>([
    [{ to: '2001:DB8:0:0::1' }, { to: '2001:db8::1' }],
    [{ from: '192.0.2.0/24' }, { from: '192.0.2.0/24' }],
    [
      { from: '0.0.0.0/0', to: '::/0' },
      { from: '0.0.0.0/0', to: '::/0' },
    ],
    [{ from: 'mac:02:00:00:00:00:0A' }, { from: 'mac:02:00:00:00:00:0a' }],
    [{ from: 'port:007' }, { from: 'port:7' }],
    [{ zone: 'WWW.Example.ORG.' }, { zone: 'www.example.org' }],
    [{ zone: '.' }, { zone: '.' }],
    [{ zone: 'a\\.b.example' }, { zone: 'a\\.b.example' }],
    [{ zone: '\\097\\032b.example' }, { zone: 'a\\032b.example' }],
    [{ zone: 'a\\\\b.example' }, { zone: 'a\\\\b.example' }],
    [{ zone: '\\255.example' }, { zone: '\\255.example' }],
    [{ to: 'name:NS1.Example.org' }, { to: 'name:ns1.example.org' }],
    [{ to: 'name:a\\.b.example' }, { to: 'name:a\\.b.example' }],
    [{ types: ['txt', 'A', 'TYPE1', 'type65535'] }, { types: ['A', 'TXT', 'TYPE65535'] }],
    [{ types: [] }, {}],
    [{}, {}],
  ])('%j is written %j', (given, expected) => {
    expect(written(given)).toEqual(expected);
  });

  it.each<[WrittenMatch, keyof WrittenMatch, string]>([
    [
      { from: '192.0.2.1/24' },
      'from',
      '"192.0.2.1/24" has bits set beyond its length: write 192.0.2.0/24, or 192.0.2.1',
    ],
    [{ to: '2001:db8::1/32' }, 'to', 'write 2001:db8::/32, or 2001:db8::1'],
    [{ from: '192.0.2.0/33' }, 'from', 'want an address'],
    [{ from: '192.0.2.256' }, 'from', 'want an address'],
    [{ from: 'fe80::1%eth0' }, 'from', 'want an address'],
    [{ from: '' }, 'from', 'want an address'],
    [{ from: 'mac:1' }, 'from', 'mac:02:00:00:00:00:01'],
    [{ from: 'port:0' }, 'from', 'port:NAME'],
    [{ from: 'port:4294967040' }, 'from', 'port:NAME'],
    [{ from: `port:${'9'.repeat(11)}x y` }, 'from', 'port:NAME'],
    [{ from: 'port:a b' }, 'from', 'port:NAME'],
    [{ from: 'group:' }, 'from', 'group:NAME'],
    [{ from: 'group:a b' }, 'from', 'group:NAME'],
    [{ from: `group:${'a'.repeat(64)}` }, 'from', 'group:NAME'],
    [{ from: 'pack:public-resolvers' }, 'from', 'group:NAME'],
    [{ to: 'group:lab' }, 'to', 'pack:NAME or name:NAME-SERVER'],
    [{ to: 'mac:02:00:00:00:00:01' }, 'to', 'pack:NAME'],
    [{ to: 'name:..' }, 'to', 'name:NAME-SERVER'],
    [{ to: 'pack:a\nb' }, 'to', '"pack:a\\nb" is not understood'],
    [{ zone: '' }, 'zone', 'want a domain name'],
    [{ zone: 'a..b' }, 'zone', 'want a domain name'],
    [{ zone: '\\256.example' }, 'zone', 'want a domain name'],
    [{ zone: 'ä\u{1f600}.example' }, 'zone', 'want a domain name'],
    [{ zone: `${'a'.repeat(64)}.example` }, 'zone', 'want a domain name'],
    [{ types: ['A', 'WORD'] }, 'types', '"WORD" is not understood'],
    [{ types: ['TYPE65536'] }, 'types', 'want RR types such as A, TXT or TYPE65280'],
  ])('%j is refused at %s', (given, key, problem) => {
    const refused = parseMatch(given);
    expect(refused).toMatchObject({ key, problem: expect.stringContaining(problem) });
  });

  it('reads any text or refuses it, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.nat(0xffff)).map((codes) => String.fromCharCode(...codes)),
          fc.ipV4().map((text) => `${text}/`),
        ),
        (text) => {
          for (const one of [parseClientSelector(text), parseDestinationSelector(text)])
            if (one !== undefined) expect(one).toHaveProperty('kind');
          parseMatch({ zone: text, types: [text] });
        },
      ),
    );
  });

  it.each<[WrittenMatch, string]>([
    [{}, 'everything'],
    [{ from: '192.0.2.0/24', to: 'pack:public-resolvers' }, 'from 192.0.2.0/24 to pack:public-resolvers'],
    [
      { from: 'group:lab', to: 'name:ns.example', zone: 'example.org', types: ['A', 'TXT'], protocol: 'tcp' },
      'from group:lab to name:ns.example zone example.org type A or TXT over tcp',
    ],
  ])('%j is described as %s', (given, text) => {
    expect(describeMatch(read(given))).toBe(text);
  });
});

describe('isRuleWord', () => {
  it.each(['a', 'public-resolvers', 'A_1.b', 'x'.repeat(63)])('%s is one', (text) =>
    expect(isRuleWord(text)).toBe(true),
  );
  it.each(['', 'a b', 'a:b', 'ä', 'x'.repeat(64), 'a\n'])('%j is none', (text) => expect(isRuleWord(text)).toBe(false));
});
