import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, describe, expect, it } from 'vitest';
import { composeYaml } from '../../../src/config/compose.ts';
import { configJsonSchema } from '../../../src/config/json-schema.ts';
import { loadConfig, parseConfig } from '../../../src/config/load.ts';
import { parsePackFile } from '../../../src/packs/pack-file.ts';

const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false });
ajv.addKeyword({ keyword: 'patternErrorMessage', schemaType: 'string' });
// The plugin is made for CommonJS.
(addFormats as unknown as { default: (ajv: Ajv2020) => void }).default(ajv);
const validate = ajv.compile(configJsonSchema());

const folder = mkdtempSync(join(tmpdir(), 'gluewall-lists-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const withFrom = (from: string) => `lists: [{ name: a, from: ${JSON.stringify(from)}, format: plain }]`;

describe('where a list is from', () => {
  it.each([
    'https://lists.example/rpz.zone',
    'https://lists.example:8443/list?key=1',
    'https://[2001:db8::1]/list',
    'http://127.0.0.1:8080/list',
    'http://localhost/list',
    'http://[::1]:80/',
    '/var/lib/lists/bad.txt',
    'bad.txt',
    './bad:list.txt',
  ])('may be %s', (from) => {
    expect(parseConfig(withFrom(from), 'f').lists[0]?.from).toBe(from);
    expect(validate({ lists: [{ name: 'a', from, format: 'plain' }] })).toBe(true);
  });

  it.each([
    'http://lists.example/list',
    'http://127.0.0.1.lists.example/list',
    'https://user:password@lists.example/list',
    'https://user@lists.example/',
    'http://user@127.0.0.1/',
    'ftp://lists.example/list',
    'file:///etc/passwd',
    'https://',
    'https:///list',
    '',
    'a\0b',
  ])('may not be %j', (from) => {
    expect(() => parseConfig(withFrom(from), 'f')).toThrow('want a path, or an https:// URL');
    expect(validate({ lists: [{ name: 'a', from, format: 'plain' }] })).toBe(false);
  });
});

it('the samples of docs/packs.md are what they say', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/packs.md'), 'utf8');
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  expect(parseConfig(yaml, 'docs/packs.md').lists).toHaveLength(3);
  const [, pack = ''] = /```\n(about [\s\S]*?)```/.exec(page) ?? [];
  expect(parsePackFile(pack, 'sample', 'docs/packs.md')).toMatchObject({ sections: [{ entries: { length: 3 } }] });
});

describe('the configuration of packs and lists', () => {
  it('has defaults', () => {
    const { packs, lists } = parseConfig(`packs: {}\n${withFrom('bad.txt')}`, 'f');
    expect(packs).toEqual({ bytes: 67_108_864, entries: 1_000_000, bad_percent: 5, least_percent: 50, time: 120_000 });
    expect(lists).toEqual([{ name: 'a', from: 'bad.txt', format: 'plain', refresh: 3_600_000, broad: false }]);
  });

  it('has paths from the folder of its file', () => {
    const file = join(folder, 'gluewall.yaml');
    writeFileSync(
      file,
      `packs: { folder: packs, state: state }
lists:
  - { name: a, from: bad.txt, format: plain }
  - { name: b, from: "https://lists.example/list", format: rpz, ca_file: ca.pem }
`,
    );
    const { packs, lists } = loadConfig(file);
    expect(packs).toMatchObject({ folder: join(folder, 'packs'), state: join(folder, 'state') });
    expect(lists[0]).toMatchObject({ from: join(folder, 'bad.txt') });
    expect(lists[1]).toMatchObject({ from: 'https://lists.example/list', ca_file: join(folder, 'ca.pem') });
  });

  it('is written as it is read', () => {
    const config = parseConfig(`packs: { time: 90s }\n${withFrom('https://lists.example/')}`, 'f');
    expect(parseConfig(composeYaml(config), 'f')).toEqual(config);
  });

  it('has no two lists of one name', () => {
    const text = 'lists:\n  - { name: a, from: x, format: rpz }\n  - { name: a, from: y, format: misp }\n';
    expect(() => parseConfig(text, 'f.yaml')).toThrow('another list is named a, too');
  });

  it.each([
    '{ name: "a b", from: x, format: rpz }',
    '{ name: a, from: x, format: csv }',
    '{ name: a, format: rpz }',
    '{ name: a, from: x, format: rpz, refresh: 10s }',
    '{ name: a, from: x, format: rpz, action: allow }',
  ])('does not take %s', (list) => {
    expect(() => parseConfig(`lists: [${list}]`, 'f')).toThrow();
  });
});
