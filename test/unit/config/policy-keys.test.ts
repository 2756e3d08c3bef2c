/** rules, groups and strictness as they are written in gluewall.yaml. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configuredGroups } from '../../../src/cli/configured-groups.ts';
import { configuredRules } from '../../../src/cli/configured-rules.ts';
import { composeConfig } from '../../../src/config/compose.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { composeMatch } from '../../../src/policy/rule-text.ts';

const published = JSON.parse(readFileSync(join(import.meta.dirname, '../../../docs/gluewall.schema.json'), 'utf8'));
const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false });
ajv.addKeyword({ keyword: 'patternErrorMessage', schemaType: 'string' });
// The plugin is made for CommonJS.
(addFormats as unknown as { default: (ajv: Ajv2020) => void }).default(ajv);
const validate = ajv.compile(published);

const read = (text: string) => parseConfig(text, 'f');
const rule = (keys: string) => `rules: [{ action: allow, reason: x, ${keys} }]`;
const group = (keys: string) => `groups: [{ name: lab, clients: [192.0.2.1], ${keys} }]`;

function refusal(text: string): string {
  try {
    read(text);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`it was taken: ${text}`);
}

describe('rules', () => {
  it.each([
    rule('to: 192.0.2.1'),
    rule('from: 192.0.2.0/24, to: "2001:db8::/32"'),
    rule('from: "mac:02:00:00:00:00:0A"'),
    rule('from: "port:s1-eth3", to: "pack:public-resolvers"'),
    rule('from: "group:lab", to: "name:ns1.example.org"'),
    rule('zone: "a\\\\.b.example", types: [A, txt, TYPE65280], protocol: tcp'),
    rule('owner: dns-team, expires: "2030-01-31T18:00:00Z"'),
    rule('expires: "2030-01-31T18:00:00.5+02:00"'),
    'rules: [{ action: deny, reason: everything }]',
    'rules: []',
  ])('%s is taken, by the published schema too', (text) => {
    expect(() => read(text)).not.toThrow();
    expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each([
    ['rules: [{ reason: x, to: 192.0.2.1 }]', /rules\.0\.action: want one of: allow, deny/],
    ['rules: [{ action: permit, reason: x }]', /rules\.0\.action: want one of: allow, deny/],
    ['rules: [{ action: allow, to: 192.0.2.1 }]', /rules\.0\.reason/],
    ['rules: [{ action: allow, reason: "  " }]', /rules\.0\.reason/],
    [`rules: [{ action: allow, reason: ${'x'.repeat(501)} }]`, /rules\.0\.reason/],
    [rule('owner: 7'), /rules\.0\.owner/],
    [rule('zone: 7'), /rules\.0\.zone: want text/],
    [rule('zone: a..b'), /f:1:\d+: rules\.0\.zone: "a\.\.b" is not understood: want a domain name/],
    [rule(`zone: ${'a'.repeat(64)}.example`), /want a domain name/],
    [rule('types: []'), /rules\.0\.types/],
    [rule('types: [WORD]'), /rules\.0\.types\.0: "WORD" is not understood/],
    [rule('types: A'), /rules\.0\.types/],
    [rule('protocol: sctp'), /rules\.0\.protocol: want one of: udp, tcp/],
    [rule('expires: tomorrow'), /rules\.0\.expires: want a time with its zone, such as 2027/],
    [rule('expires: "2030-01-31T18:00:00"'), /want a time with its zone/],
    [rule('expires: "2030-02-31T18:00:00Z"'), /want a time with its zone/],
    [rule('to: group:lab'), /rules\.0\.to: "group:lab" is not understood: want an address, a network, pack:NAME/],
    [rule('from: name:ns.example'), /rules\.0\.from: "name:ns\.example" is not understood/],
    [rule('form: 192.0.2.1'), /unknown key "rules\[\]\.form"; did you mean "rules\[\]\.from"/],
    [group('mode: learn'), /groups\.0\.mode: want one of: monitor, enforce/],
    ['groups: [{ name: lab }]', /groups\.0\.clients/],
    ['groups: [{ name: lab, clients: [] }]', /groups\.0\.clients/],
    ['groups: [{ name: "a b", clients: [192.0.2.1] }]', /groups\.0\.name: want letters, digits/],
    ['groups: [{ name: lab, clients: ["group:other"] }]', /groups\.0\.clients\.0: "group:other" is not understood/],
    [group('strictness: { check: name }'), /groups\.0\.strictness\.check: want one of: address, zone/],
    [group('strictness: { minimum_zones: 0 }'), /groups\.0\.strictness\.minimum_zones/],
    ['strictness: { minimum_age: 31d }', /strictness\.minimum_age/],
    ['strictness: { recursion: drop }', /strictness\.recursion: want one of: ignore, alarm, block/],
  ])('%.70s is refused, by the published schema where it can', (text, said) => {
    expect(refusal(text)).toMatch(said);
    expect(refusal(text)).toMatch(/^f:\d+:\d+: /);
  });

  it.each([
    [
      rule('to: 192.0.2.1/24'),
      /f:1:\d+: rules\.0\.to: "192\.0\.2\.1\/24" has bits set beyond its length: write 192\.0\.2\.0\/24, or 192/,
    ],
    [rule('from: "2001:db8::1/32"'), /rules\.0\.from: .*write 2001:db8::\/32, or/],
    ['groups: [{ name: lab, clients: [192.0.2.66/26] }]', /groups\.0\.clients\.0: .*write 192\.0\.2\.64\/26, or/],
  ])('a network with host bits is refused with what may be meant: %s', (text, said) => {
    expect(refusal(text)).toMatch(said);
  });

  it('two groups of one name, and one named default, are refused', () => {
    const two = 'groups:\n  - { name: lab, clients: [192.0.2.1] }\n  - { name: lab, clients: [192.0.2.2] }\n';
    expect(refusal(two)).toBe(
      'f:3:7: there are two groups lab: put their clients into one, or give the second another name',
    );
    expect(refusal('groups: [{ name: default, clients: [192.0.2.1] }]')).toMatch(
      /^f:1:\d+: the group default is that of all other clients/,
    );
  });

  it('are written as they are read', () => {
    const text = `
rules:
  - { action: deny, from: "group:lab", to: "name:NS.Example.", zone: 'a\\.b.Example', types: [txt, A], protocol: udp, reason: x, owner: me, expires: "2030-01-31T18:00:00Z" }
groups:
  - { name: lab, clients: ["mac:02:00:00:00:00:0A", "port:7", "2001:DB8::/32"], strictness: { check: zone, minimum_age: 60s } }
`;
    const written = composeConfig(read(text)) as { rules: unknown[]; groups: unknown[] };
    expect(written.rules).toEqual([
      {
        action: 'deny',
        from: 'group:lab',
        to: 'name:ns.example',
        zone: 'a\\.b.example',
        types: ['TXT', 'A'],
        protocol: 'udp',
        reason: 'x',
        owner: 'me',
        expires: '2030-01-31T18:00:00.000Z',
      },
    ]);
    expect(written.groups).toMatchObject([
      {
        name: 'lab',
        clients: ['mac:02:00:00:00:00:0a', 'port:7', '2001:db8::/32'],
        strictness: { check: 'zone', minimum_age: '1m', recursion: 'ignore' },
      },
    ]);
    expect(composeConfig(read(JSON.stringify(written)))).toEqual(written);
  });

  it('a text is a client or a destination to the one who reads and to the published schema alike', () => {
    const texts = fc.oneof(
      fc
        .tuple(
          fc.constantFrom('', 'mac:', 'port:', 'group:', 'pack:', 'name:', 'x:'),
          fc.constantFrom(
            '',
            'a',
            '7',
            '0',
            'a b',
            'a.b',
            '..',
            '02:00:00:00:00:01',
            'ns.example.',
            '-',
            'ä',
            '4294967040',
          ),
        )
        .map((parts) => parts.join('')),
      fc.constantFrom('192.0.2.1', '::1', '192.0.2.0/24', '::/0', '192.0.2.256', '1.2.3.4/33', 'fe80::1%1'),
    );
    /** The schema cannot say these; reading finds them. */
    const onlyReading = /^(name:\.\.|port:(0|4294967040))$/;
    fc.assert(
      fc.property(fc.constantFrom('from', 'to'), texts, (key, text) => {
        fc.pre(!onlyReading.test(text));
        const config = { rules: [{ action: 'allow', reason: 'x', [key]: text }] };
        let isRead = true;
        try {
          read(JSON.stringify(config));
        } catch {
          isRead = false;
        }
        expect(validate(config), JSON.stringify(config)).toBe(isRead);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what becomes of them', () => {
  it('rules are asked in their order, then the addresses of allow; a rule has the same id wherever it stands', () => {
    const text = (rules: string) => `rules: [${rules}]\nallow: [192.0.2.53]`;
    const one = '{ action: deny, to: 203.0.113.1, reason: a }';
    const two = '{ action: allow, to: 203.0.113.2, reason: b, owner: me }';
    const made = configuredRules(read(text(`${one}, ${two}`)), 5000);
    expect(made.map(({ action, match, reason, owner }) => [action, composeMatch(match).to, reason, owner])).toEqual([
      ['deny', '203.0.113.1', 'a', ''],
      ['allow', '203.0.113.2', 'b', 'me'],
      ['allow', '192.0.2.53', 'in the configuration', ''],
    ]);
    for (const { origin, createdAtMs, expiresAtMs } of made)
      expect({ origin, createdAtMs, expiresAtMs }).toEqual({
        origin: 'configuration',
        createdAtMs: 5000,
        expiresAtMs: Number.POSITIVE_INFINITY,
      });
    const turned = configuredRules(read(text(`${two}, ${one.replace('reason: a', 'reason: other')}`)), 9000);
    const ids = (list: typeof made) => new Set(list.map(({ id }) => id));
    expect(ids(turned)).toEqual(ids(made));
    expect(ids(made).size).toBe(3);
    expect(configuredRules(read(rule('expires: "2030-01-31T18:00:00Z"')), 0)[0]!.expiresAtMs).toBe(
      Date.UTC(2030, 0, 31, 18),
    );
  });

  it('groups take mode and strictness from the whole where they say nothing', () => {
    const groups = configuredGroups(
      read(`
mode: enforce
inside: { networks: [192.0.2.0/24] }
outside: { ports: [eth0] }
strictness: { check: zone, minimum_zones: 2 }
groups:
  - { name: lab, clients: [192.0.2.1] }
  - { name: guests, clients: [192.0.2.2], mode: monitor, strictness: { recursion: block } }
`),
    );
    expect(
      groups.map(({ name, mode, strictness: { check, minimumZones, recursionDesired } }) => [
        name,
        mode,
        check,
        minimumZones,
        recursionDesired,
      ]),
    ).toEqual([
      ['lab', 'enforce', 'zone', 2, 'ignore'],
      ['guests', 'monitor', 'address', 1, 'block'],
      ['default', 'enforce', 'zone', 2, 'ignore'],
    ]);
    expect(groups.at(-1)!.id).toBe(1);
  });
});
