import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatEntry } from '../../../src/packs/entry.ts';
import { type PackFile, parsePackFile } from '../../../src/packs/pack-file.ts';

const GOOD = `# a comment
about Things to try

[Example DNS]
source https://dns.example/addresses
source ticket 4711
checked 2026-11-21
192.0.2.53          # the first
192.0.2.128/25
2001:db8::53
2001:db8:1::/48

[Others]
source https://other.example/
checked 2026-02-28
lookup.example.com
Two\\046Dots.example.net.
internal.
`;

const read = (text: string) => parsePackFile(text, 'try', '/p/try.pack');

function packOf(text: string): PackFile {
  const result = read(text);
  if ('sections' in result) return result;
  throw new Error(result.join('\n'));
}

function problemsOf(text: string): readonly string[] {
  const result = read(text);
  return 'sections' in result ? [] : result;
}

/** The good pack with another line in place of the one that begins with `from`. */
const withLine = (from: string, to: string) => GOOD.replace(new RegExp(`^${from}.*$`, 'm'), to);

describe('a pack file', () => {
  it('gives sections with sources, dates and entries in their order', () => {
    const pack = packOf(GOOD);
    expect(pack.name).toBe('try');
    expect(pack.about).toBe('Things to try');
    expect(pack.sections.map(({ title, sources, checked }) => ({ title, sources, checked }))).toEqual([
      { title: 'Example DNS', sources: ['https://dns.example/addresses', 'ticket 4711'], checked: '2026-11-21' },
      { title: 'Others', sources: ['https://other.example/'], checked: '2026-02-28' },
    ]);
    expect(pack.sections.map(({ entries }) => entries.map(({ line, entry }) => [line, formatEntry(entry)]))).toEqual([
      [
        [8, '192.0.2.53'],
        [9, '192.0.2.128/25'],
        [10, '2001:db8::53'],
        [11, '2001:db8:1::/48'],
      ],
      [
        [16, 'lookup.example.com'],
        [17, 'two\\.dots.example.net'],
        [18, 'internal'],
      ],
    ]);
  });

  it('may have Windows line ends', () => {
    expect(packOf(GOOD.replaceAll('\n', '\r\n'))).toEqual(packOf(GOOD));
  });

  it.each([
    ['192.0.2.53 ', '192.0.2.300', 8, '"192.0.2.300" is no IPv4 address'],
    [
      '192.0.2.53 ',
      '192.0.2.53/24',
      8,
      '"192.0.2.53/24" has bits set beyond its length: write 192.0.2.0/24, or 192.0.2.53',
    ],
    ['192.0.2.53 ', '2001:db8::1/32', 8, 'write 2001:db8::/32, or 2001:db8::1'],
    ['192.0.2.53 ', '192.0.2.0/33', 8, 'is no network: write ADDRESS/LENGTH'],
    ['192.0.2.53 ', 'fe80::1%eth0', 8, 'is no IPv6 address'],
    ['192.0.2.53 ', '0.0.0.0/0', 8, 'is all addresses'],
    ['192.0.2.53 ', '192.0.2.53 192.0.2.54', 8, 'is more than one word'],
    ['192.0.2.53 ', '.', 8, 'the root zone is all names'],
    ['192.0.2.53 ', 'com', 8, 'is a name of one label; write "com."'],
    ['192.0.2.53 ', 'a..example', 8, 'is no domain name'],
    ['192.0.2.53 ', `${'a'.repeat(64)}.example`, 8, 'is no domain name'],
    ['192.0.2.53 ', 'a b', 8, 'is more than one word'],
    ['192.0.2.53 ', '<html>', 8, 'is neither an address, a network nor a domain name'],
    ['192.0.2.53 ', '2001:DB8::53', 10, 'is in line 8 already'],
    ['checked 2026-11-21', 'checked 2026-02-30', 7, 'is no date'],
    ['checked 2026-11-21', '# checked', 8, 'does not say when this was checked'],
    ['about', '', 1, 'does not say what the pack is'],
    ['about', 'about one\nabout two', 3, 'one "about"'],
    ['about', '192.0.2.1', 2, 'stands before the first section'],
    ['\\[Others', '[Others', 13, 'is no title'],
    ['\\[Others', '[]', 13, 'is no title'],
    ['\\[Others', '[Empty]\n[Others]', 13, 'has no entries'],
    ['source https://other', '# none', 16, 'does not say where this is from'],
    ['2001:db8::53', `# long\n${'x'.repeat(5000)}`, 11, 'longer than 4096 characters'],
  ])('with another line for %j is refused: case %#', (from, to, line, problem) => {
    const problems = problemsOf(withLine(from, to));
    expect(problems.join('\n')).toContain(`/p/try.pack:${line}: `);
    expect(problems.join('\n')).toContain(problem);
  });

  it('is refused when a source stands among the entries', () => {
    const text = GOOD.replace('192.0.2.128/25', 'source https://late.example');
    expect(problemsOf(text)).toEqual(['/p/try.pack:9: "source" comes before the entries of its section; move it up']);
  });

  it('says every mistake, up to twenty', () => {
    const lines = Array.from({ length: 30 }, (_, index) => `192.0.2.${300 + index}`);
    expect(problemsOf(`${GOOD}${lines.join('\n')}`)).toHaveLength(20);
    expect(problemsOf(GOOD.replace('192.0.2.53 ', '300.1.1.1').replace('internal.', 'internal'))).toHaveLength(2);
  });

  it('never throws on what is cut, changed or made up', () => {
    for (let end = 0; end <= GOOD.length; end++) read(GOOD.slice(0, end));
    for (let at = 0; at < GOOD.length; at++) {
      for (const octet of ['\0', '[', '#', '/', ' ', 'ÿ', '\\']) read(GOOD.slice(0, at) + octet + GOOD.slice(at + 1));
    }
    const words = fc.constantFrom(
      'about x',
      '[t]',
      'source x',
      'checked 2026-01-01',
      '192.0.2.1',
      'a.b',
      '#',
      ':',
      '/',
    );
    fc.assert(fc.property(fc.array(fc.oneof(words, fc.string())), (lines) => void read(lines.join('\n'))));
  });
});

describe('the packs that come with gluewall', () => {
  const folder = join(import.meta.dirname, '../../../packs');
  const files = readdirSync(folder);
  const load = (file: string) => parsePackFile(readFileSync(join(folder, file), 'utf8'), file.slice(0, -5), file);

  it('are those of the documentation', () => {
    expect(files.sort()).toEqual(['av-lookups.pack', 'doh-endpoints.pack', 'public-resolvers.pack']);
  });

  it.each(files)('%s is a pack whose every section names a page', (file) => {
    const pack = load(file);
    if (!('sections' in pack)) throw new Error(pack.join('\n'));
    for (const { sources, checked } of pack.sections) {
      for (const source of sources) expect(new URL(source).protocol).toBe('https:');
      expect(Date.parse(checked)).toBeGreaterThan(Date.UTC(2026, 0, 1));
    }
  });

  it('know the largest public resolvers by both families', () => {
    const pack = load('public-resolvers.pack') as PackFile;
    const entries = pack.sections.flatMap(({ entries }) => entries.map(({ entry }) => formatEntry(entry)));
    expect(entries).toEqual(
      expect.arrayContaining([
        '8.8.8.8',
        '2001:4860:4860::8888',
        '1.1.1.1',
        '2606:4700:4700::1111',
        '9.9.9.9',
        '2620:fe::fe',
      ]),
    );
    expect(entries.every((entry) => !/[a-z]\./.test(entry))).toBe(true);
  });
});
