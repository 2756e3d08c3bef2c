import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatName } from '../../../src/dns/name.ts';
import { DETECT_OCTETS, detectFormat } from '../../../src/querylog/detect-format.ts';
import { sharedFolder } from '../../conditions.ts';
import { describeIf } from '../../support/describe-if.ts';
import { lineLog } from '../../support/line-log.ts';

const NOW_MS = Date.UTC(2026, 10, 21);
const options = { zone: 'UTC', server: undefined, nowMs: NOW_MS, writtenMs: NOW_MS };
const detect = (head: string | Buffer) => detectFormat(typeof head === 'string' ? Buffer.from(head) : head, options);

const BIND =
  '21-Nov-2026 10:11:12.123 queries: info: client 192.0.2.1#53211 (h.example): query: h.example IN A + (192.0.2.53)';

describe('detectFormat', () => {
  it('finds the format that takes most records, and shows three of them', () => {
    const names = ['a', 'b', 'c', 'd'].map((label) => `${label}.example`);
    const text = names.map((name) => `${BIND.replaceAll('h.example', name)}\n`).join('');
    const { found, advice, trials } = detect(`${text}not of it\n`);
    expect(advice).toBeUndefined();
    expect(found).toMatchObject({ format: { name: 'bind' }, taken: 4, assumptions: ['zone'] });
    expect(found!.entries.map(({ name }) => formatName(name))).toEqual(['a.example', 'b.example', 'c.example']);
    expect(found!.other + Object.values(found!.refused).reduce((sum, count) => sum + count, 0)).toBe(1);
    expect(trials.length).toBeGreaterThan(1);
  });

  it('counts a last line without an end, and leaves out one that is cut by what is looked at', () => {
    expect(detect(BIND).found?.taken).toBe(1);
    const count = Math.ceil(DETECT_OCTETS / (BIND.length + 1));
    const head = Buffer.from(`${BIND}\n`.repeat(count)).subarray(0, DETECT_OCTETS);
    expect(detect(head).found).toMatchObject({ taken: count - 1, refused: {} });
  });

  it('looks at a bounded part', () => {
    const format = { ...lineLog, name: 'mine' };
    const line = `${NOW_MS} h.example\n`;
    const head = Buffer.from(line.repeat(100_000));
    expect(detectFormat(head, options, [format]).found?.taken).toBe(Math.floor(DETECT_OCTETS / line.length));
  });

  it.each([
    ['', 'it is empty'],
    [gzipSync(`${BIND}\n`), 'it is packed by gzip: unpack it first (gunzip -k FILE, or zcat FILE)'],
    [Buffer.from('fd377a585a00', 'hex'), 'it is packed by xz: unpack it first (unxz -k FILE)'],
    [Buffer.from('28b52ffd00', 'hex'), 'it is packed by zstd: unpack it first (unzstd FILE)'],
    ['BZh91AY', 'it is packed by bzip2: unpack it first (bunzip2 -k FILE)'],
    [Buffer.from(`\ufeff${BIND}`, 'utf16le'), 'it is UTF-16: convert it first (iconv -f UTF-16 -t UTF-8 FILE)'],
    [Buffer.from(BIND, 'utf16le'), 'it is UTF-16: convert it first (iconv -f UTF-16 -t UTF-8 FILE)'],
    [Buffer.from(BIND, 'utf16le').swap16(), 'it is UTF-16: convert it first (iconv -f UTF-16 -t UTF-8 FILE)'],
  ])('says what a file is that is no log (%#)', (head, advice) => {
    expect(detect(head)).toEqual({ found: undefined, trials: [], advice });
  });

  it('finds nothing in what is none, and says what was tried', () => {
    const { found, trials, advice } = detect('one line\nand another\n');
    expect(found).toBeUndefined();
    expect(advice).toBeUndefined();
    expect(trials.every(({ taken }) => taken === 0)).toBe(true);
  });

  it('never throws, whatever the file', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), (octets) => void detect(Buffer.from(octets))));
    const text = fc.string({
      unit: fc.constantFrom('query: ', 'IN A', '#', '[', ']', '\n', '\0', '192.0.2.1', ' ', ':', '/'),
    });
    fc.assert(fc.property(text, (line) => void detect(line)));
  });
});

const samples = join(sharedFolder, 'data', 'dnslog');
/** The formats of the folders of samples; of some files there is nothing to take. */
const FORMATS: Readonly<Record<string, string>> = {
  'bind-query': 'bind',
  'bind-denied': 'bind',
  infoblox: 'infoblox',
  unbound: 'unbound',
  dnsmasq: 'dnsmasq',
  'powerdns-recursor': 'powerdns-recursor',
  coredns: 'coredns',
  'windows-dns-debug': 'windows-debug',
  'windows-dns-etw': 'windows-etw',
};

describeIf(['shared'], 'detectFormat on samples', () => {
  const files = Object.entries(FORMATS).flatMap(([folder, format]) =>
    readdirSync(join(samples, folder)).map((file) => [join(folder, file), format] as const),
  );

  it.each(files)('knows %s', (file, format) => {
    const { found, trials } = detect(readFileSync(join(samples, file)));
    expect(
      found?.format.name,
      JSON.stringify(trials.map(({ format: { name }, taken, other, refused }) => [name, taken, other, refused])),
    ).toBe(format);
  });
});
