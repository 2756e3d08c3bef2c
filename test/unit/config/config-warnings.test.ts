/** What a configuration says that its author hardly meant: each with its place. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configWarnings } from '../../../src/config/config-warnings.ts';
import { loadConfigWithWarnings, parseConfig } from '../../../src/config/load.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-warnings-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The warnings about a file, without its path. */
function warningsOf(text: string): string[] {
  const file = join(folder, 'gluewall.yaml');
  writeFileSync(file, text);
  return loadConfigWithWarnings(file).warnings.map((warning) => warning.replace(file, 'f'));
}

describe('warnings', () => {
  it.each([
    '',
    'rules: [{ action: allow, to: 192.0.2.1, reason: x }, { action: deny, to: 192.0.2.2, reason: y }]',
    'rules: [{ action: allow, to: 192.0.2.1, reason: x }, { action: allow, to: 192.0.2.0/24, reason: y }]',
    'rules: [{ action: deny, from: "group:default", to: 192.0.2.1, reason: x }]',
    'rules: [{ action: deny, to: 192.0.2.1, reason: x, expires: "2999-01-01T00:00:00Z" }]',
  ])('none about %j', (text) => {
    expect(warningsOf(text)).toEqual([]);
  });

  it('a Response Policy Zone that nothing keeps the own zones out of', () => {
    const rpz = 'response:\n  rpz: { file: /var/lib/bind/rpz.zone }\n';
    expect(warningsOf(rpz)).toEqual([
      expect.stringMatching(
        /^f:2:\d+: nothing keeps zones of your own out of the Response Policy Zone: .*inside\.zones/,
      ),
    ]);
    expect(warningsOf(`inside: { zones: [corp.example.org] }\n${rpz}`)).toEqual([]);
  });

  it('an allow that a deny contradicts, with both lines, whichever comes first', () => {
    const text = `rules:
  - action: allow
    to: 203.0.113.8
    reason: ticket 1

  - action: deny
    to: 203.0.113.0/24
    reason: hosting of an attack
`;
    const said = 'this allow cannot win: a deny is asked first that is about all of it (to 203.0.113.0/24)';
    expect(warningsOf(text)).toEqual([`f:2:5: ${said}; see line 6`]);
    const turned = `rules:
  - { action: deny, to: 203.0.113.0/24, reason: x }
  - { action: allow, to: 203.0.113.8, reason: y }
`;
    expect(warningsOf(turned)).toEqual([`f:3:5: ${said}; see line 2`]);
  });

  it('a rule that another one shadows, with both lines', () => {
    const text = `rules:
  - { action: deny, from: 192.0.2.0/24, reason: x }
  - { action: deny, from: 192.0.2.7, zone: a.example, reason: y }
`;
    expect(warningsOf(text)).toEqual([
      'f:3:5: this rule never decides: one before it denies the same (from 192.0.2.0/24); see line 2',
    ]);
  });

  it('a rule that has expired, at its time', () => {
    const text = 'rules:\n  - action: allow\n    to: 192.0.2.1\n    reason: x\n    expires: "2020-01-01T00:00:00Z"\n';
    expect(warningsOf(text)).toEqual([
      'f:5:5: this rule expired at 2020-01-01T00:00:00.000Z and decides nothing: take it out, or give it another time',
    ]);
  });

  it('what has expired shadows nothing', () => {
    const text = `rules:
  - { action: deny, to: 203.0.113.0/24, reason: x, expires: "2020-01-01T00:00:00Z" }
  - { action: allow, to: 203.0.113.8, reason: y }
`;
    expect(warningsOf(text)).toEqual([expect.stringContaining('f:2:')]);
  });

  it('nor does what will have expired before', () => {
    const text = `rules:
  - { action: deny, to: 203.0.113.0/24, reason: x, expires: "2998-01-01T00:00:00Z" }
  - { action: allow, to: 203.0.113.8, reason: y, expires: "2999-01-01T00:00:00Z" }
`;
    expect(warningsOf(text)).toEqual([]);
  });

  it('a group that there is not', () => {
    const text = `groups:
  - { name: lab, clients: [192.0.2.1] }
rules:
  - action: allow
    from: group:labs
    to: 192.0.2.1
    reason: x
`;
    expect(warningsOf(text)).toEqual([
      'f:5:5: there is no group labs: the rule holds for nobody until `groups` has one of that name',
    ]);
  });

  it('at most a hundred', () => {
    const rules = Array.from({ length: 500 }, () => '  - { action: allow, to: 192.0.2.1, reason: x }\n').join('');
    expect(warningsOf(`rules:\n${rules}`)).toHaveLength(100);
  });

  it('goes by the time that it is given', () => {
    const config = parseConfig(
      'rules: [{ action: allow, to: 192.0.2.1, reason: x, expires: "2020-01-01T00:00:00Z" }]',
      'f',
    );
    expect(configWarnings(config, Date.UTC(2019, 0))).toEqual([]);
    expect(configWarnings(config, Date.UTC(2020, 0))).toHaveLength(1);
  });

  it('about rules that put very many hosts in quarantine, or honest ones', () => {
    const rule = (more: string) => `{ findings: [foreign-resolver], action: quarantine, for: 18h, ${more} }`;
    const warned = (response: string) => warningsOf(`inside: { networks: [192.0.2.0/24] }\nresponse: { ${response} }`);
    expect(warned(`rules: [${rule('min_score: 0')}], most_hosts: 1000`)).toEqual([
      expect.stringMatching(/^f:2:\d+: this rule puts .*behaviour\.min_score \(0\.8\)/),
      expect.stringMatching(/^f:2:\d+: rules may put 1000 hosts/),
    ]);
    expect(warned(`rules: [${rule('min_score: 0.8')}], most_hosts: 100`)).toEqual([]);
    expect(warned('most_hosts: 1000')).toEqual([]);
  });
});
