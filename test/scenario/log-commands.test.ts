/** `gluewall log`, as it is typed, on a query log that no gluewall has open. */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { octetsFingerprint } from '../../src/querylog/file-fingerprint.ts';
import { openSqliteQueryLog } from '../../src/storage/query-log/sqlite-query-log.ts';
import { gluewall } from '../support/gluewall-command.ts';

let folder: string;
const at = (name: string) => join(folder, name);
const config = () => at('gluewall.yaml');
const log = (...args: readonly string[]) => gluewall(process.env, 'log', ...args, '--config', config());
const detect = (...args: readonly string[]) => gluewall(process.env, 'log', 'detect', ...args);
const entriesOf = async (...args: readonly string[]) => JSON.parse((await log('search', '--json', ...args)).stdout);

/** A line of BIND, of a minute of 21 November 2026. */
function line(minute: number, name: string, client = '192.0.2.1#53211', type = 'A'): string {
  const time = `21-Nov-2026 10:${String(minute).padStart(2, '0')}:12.123`;
  return `${time} queries: info: client @0x7f2c04000b01 ${client} (${name}): query: ${name} IN ${type} +E(0)K (192.0.2.53)\n`;
}

const lines = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => line((from + index) % 60, `h${from + index}.example.com`)).join('');

function configure(querylog: object = {}): void {
  const settings = { store: { file: 'gw.db' }, control: { socket: at('control.sock') }, querylog };
  writeFileSync(config(), JSON.stringify(settings));
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-log-'));
  configure();
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('log import', () => {
  it('takes a file in, and answers the three questions', async () => {
    writeFileSync(at('queries.log'), lines(50) + line(59, 'www.example.org', '198.51.100.7#4000', 'AAAA'));
    const { status, stdout } = await log('import', at('queries.log'), '--zone', 'UTC');
    expect([status, stdout]).toEqual([0, expect.stringContaining('51 entries taken in as queries.log')]);
    expect(await entriesOf('--name', 'WWW.example.org')).toEqual({
      count: 1,
      next: null,
      entries: [
        {
          time: '2026-11-21T10:59:12.123Z',
          client: '198.51.100.7',
          clientPort: 4000,
          name: 'www.example.org',
          type: 'AAAA',
          class: 'IN',
          responseCode: null,
          answers: [],
          server: '192.0.2.53',
          role: 'recursive',
          source: 'queries.log',
          mark: null,
        },
      ],
    });
    expect((await entriesOf('--zone', 'example.com', '--client', '192.0.2.1')).count).toBe(50);
    expect((await entriesOf('--answer', '192.0.2.1')).count).toBe(0);
  });

  it('takes nothing in twice, and goes on behind what is there, whatever the file is called and packed', async () => {
    writeFileSync(at('queries.log'), lines(20));
    await log('import', at('queries.log'), '--source', 'ns1');
    writeFileSync(at('queries.log'), lines(30));
    const again = await log('import', at('queries.log'), '--source', 'ns1');
    expect(again.stdout).toMatch(
      /10 entries taken in as ns1; its first \d+ octets were taken in before, and are left out/,
    );
    writeFileSync(at('queries.log.1.gz'), gzipSync(lines(30)));
    const packed = await log('import', at('queries.log.1.gz'), '--source', 'ns1');
    expect(packed.stdout).toContain('0 entries taken in as ns1;');
    expect((await entriesOf()).count).toBe(30);
  });

  it('tells files of one name apart', async () => {
    writeFileSync(at('queries.log'), lines(5));
    await log('import', at('queries.log'));
    writeFileSync(at('queries.log'), lines(7, 100));
    const { stdout } = await log('import', at('queries.log'));
    expect(stdout).toContain('7 entries taken in as queries.log~2');
    writeFileSync(at('queries.log'), lines(5));
    expect((await log('import', at('queries.log'))).stdout).toContain('0 entries taken in as queries.log;');
    expect((await entriesOf()).count).toBe(12);
  });

  it('reads times as of the zone that is named, and says what it assumed', async () => {
    writeFileSync(at('queries.log'), line(0, 'a.example'));
    const { stdout } = await log('import', at('queries.log'), '--zone', 'Europe/Vienna');
    expect(stdout).toContain('that zone was Europe/Vienna');
    expect((await entriesOf()).entries[0].time).toBe('2026-11-21T09:00:12.123Z');
  });

  it('reads standard input', async () => {
    const main = join(import.meta.dirname, '..', '..', 'dist', 'src', 'cli', 'main.js');
    const { status, stdout } = spawnSync(
      process.execPath,
      [main, 'log', 'import', '-', '--source', 'ns1', '--config', config(), '--json'],
      { input: lines(3), encoding: 'utf8', timeout: 30_000 },
    );
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      { source: 'ns1', knownBytes: 0, reading: { format: 'bind', entries: 3 } },
    ]);
  });

  it('counts what cannot be read, keeps samples that cannot steer the terminal, and ends with 1', async () => {
    const noTime = line(3, 'a.example').replace('10:03', '10:99');
    writeFileSync(at('queries.log'), `${lines(3)}\x1b[31m what\n${noTime}${lines(2, 3)}`);
    const { status, stdout } = await log('import', at('queries.log'), '--format', 'bind', '--json');
    expect(status).toBe(1);
    const [{ reading }] = JSON.parse(stdout);
    expect(reading).toMatchObject({ records: 7, entries: 5, refused: { 'no such time': 1 } });
    const refused = JSON.parse((await log('refused', '--json')).stdout);
    expect(refused.map(({ sample }: { sample: string }) => sample).sort()).toEqual(['\x1b[31m what', noTime.trim()]);
    expect((await log('refused', '--source', 'queries.log')).stdout).toContain('\\x1b[31m what');
    expect((await log('refused', '--source', 'other')).stdout).toContain('no record of other was refused');
  });

  it('keeps pseudonyms of clients where it is to, and finds them by the address', async () => {
    writeFileSync(at('key'), 'a5'.repeat(32));
    configure({ anonymise: { key_file: 'key' } });
    writeFileSync(at('queries.log'), line(0, 'a.example', '192.0.2.77#1024') + line(1, 'b.example', '192.0.2.78#1024'));
    await log('import', at('queries.log'));
    const { entries } = await entriesOf('--client', '192.0.2.77');
    expect(entries).toMatchObject([{ name: 'a.example' }]);
    const [{ client }] = entries;
    expect(client).not.toBe('192.0.2.77');
    expect((await entriesOf('--pseudonym', client)).entries).toEqual(entries);
    const kept = readFileSync(join(folder, 'querylog', '2026-11-21.db')).toString('latin1');
    expect(kept).not.toContain(Buffer.from([192, 0, 2, 77]).toString('latin1'));
  });
});

describe('what is not imported', () => {
  it('a format that is named, and plainly another', async () => {
    writeFileSync(at('queries.log'), lines(5));
    const { status, stderr } = await log('import', at('queries.log'), '--format', 'dnsmasq');
    expect([status, stderr]).toEqual([1, expect.stringContaining('looks like bind, and not like dnsmasq')]);
    await log('import', at('queries.log'));
    const again = await log('import', at('queries.log'), '--format', 'dnsmasq');
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('was taken in as bind before')]);
    expect((await entriesOf()).count).toBe(5);
  });

  it('a file that gluewall follows, by whatever path; of one that was rotated away it warns', async () => {
    configure({ sources: [{ name: 'ns1', file: 'queries.log' }] });
    writeFileSync(at('queries.log'), lines(5));
    symlinkSync(at('queries.log'), at('link'));
    for (const name of ['queries.log', 'link']) {
      const { status, stderr } = await log('import', at(name), '--source', 'other');
      expect([status, stderr]).toEqual([1, expect.stringContaining('gluewall reads it as ns1')]);
    }
    writeFileSync(at('queries.log.2'), lines(7));
    const { status, stdout } = await log('import', at('queries.log.2'));
    expect([status, stdout]).toEqual([0, expect.stringContaining('as ns1: what it read of this one before')]);
    expect((await entriesOf()).count).toBe(7);
  });

  it('a file that was rotated away while gluewall reads it', async () => {
    configure({ sources: [{ name: 'ns1', file: 'queries.log' }] });
    writeFileSync(at('queries.log.1'), lines(5));
    writeFileSync(at('queries.log'), lines(5, 30));
    const octets = readFileSync(at('queries.log.1'));
    const store = openSqliteQueryLog(at('querylog'));
    const position = { fingerprint: `${octetsFingerprint(octets)}:1-2`, offset: 100, state: '' };
    await store.append({ source: 'ns1', entries: new Uint8Array(), position, quarantined: [] });
    await store.close();
    const { status, stderr } = await log('import', at('queries.log.1'), '--source', 'other');
    expect([status, stderr]).toEqual([1, expect.stringContaining('gluewall reads it as ns1')]);
  });

  it('half a line at the end of a file that somebody may be writing to', async () => {
    writeFileSync(
      at('d.log'),
      'dnsmasq[1]: query[A] a.example from 192.0.2.10\ndnsmasq[1]: query[A] b.example from 192.0.2.1',
    );
    const { stdout } = await log('import', at('d.log'));
    expect(stdout).toContain('1 entry taken in as d.log\n');
    expect(stdout).toContain('its last line has no end yet: its 45 octets are left');
    appendFileSync(at('d.log'), '0\ndnsmasq[1]: query[A] c.example from 192.0.2.1');
    const old = Date.now() / 1000 - 100;
    utimesSync(at('d.log'), old, old);
    expect((await log('import', at('d.log'))).stdout).toMatch(/^.*2 entries taken in as d.log; its first 47 octets/);
    const clients = (await entriesOf()).entries.map(({ name, client }: { name: string; client: string }) => [
      name,
      client,
    ]);
    expect(clients.toSorted()).toEqual([
      ['a.example', '192.0.2.10'],
      ['b.example', '192.0.2.10'],
      ['c.example', '192.0.2.1'],
    ]);
  });

  it('the same file by two at once', async () => {
    writeFileSync(at('queries.log'), lines(30_000));
    const results = await Promise.all([1, 2].map(() => log('import', at('queries.log'))));
    const sources = JSON.parse((await log('sources', '--json')).stdout);
    expect(sources).toMatchObject([{ source: 'queries.log', entries: 30_000 }]);
    expect(results.map(({ status }) => status)).toContain(0);
    for (const { stderr } of results.filter(({ status }) => status !== 0)) {
      expect(stderr).toContain('another process reads this source: wait for it, or name another with --source');
    }
  });

  it('the end of a packed file that was cut off', async () => {
    const packed = gzipSync(Array.from({ length: 3000 }, (_, at) => line(at % 60, `${randomUUID()}.example`)).join(''));
    writeFileSync(at('queries.log.gz'), packed.subarray(0, packed.length - 20_000));
    const cut = await log('import', at('queries.log.gz'));
    expect([cut.status, cut.stderr]).toEqual([1, expect.stringContaining('copy the file again')]);
    const { count } = await entriesOf('--limit', '10000');
    expect(count).toBeGreaterThan(0);
    writeFileSync(at('queries.log.gz'), packed);
    await log('import', at('queries.log.gz'));
    expect((await entriesOf('--limit', '10000')).count).toBe(3000);
  });

  it('for long: what is older than is to be kept, which it says', async () => {
    configure({ keep: '30d' });
    writeFileSync(at('old.log'), lines(3).replaceAll('2026', '2024'));
    const { stdout } = await log('import', at('old.log'));
    expect(stdout).toContain('3 of them are older than querylog.keep (30d): they go with the next trim');
  });
});

it('log import tells what was no query, and names the command that shows what was refused', async () => {
  writeFileSync(at('queries.log'), `${lines(3)}21-Nov-2026 10:11:12.123 general: info: running\nwhat is this\n`);
  const { status, stdout } = await log('import', at('queries.log'));
  expect(status).toBe(1);
  expect(stdout).toMatch(/records 5 {2}entries 3 {2}others [12]/);
  expect(stdout).toContain('what was refused: gluewall log refused --source queries.log');
});

describe('log search', () => {
  beforeEach(async () => {
    writeFileSync(at('queries.log'), lines(30));
    await log('import', at('queries.log'), '--zone', 'UTC');
  });

  it('gives pages, newest first, each with the command for the next', async () => {
    const seen: string[] = [];
    let { stdout } = await log('search', '--zone', 'example.com', '--limit', '12');
    for (let pages = 1; ; pages++) {
      const shown = stdout.trim().split('\n');
      const more = shown.at(-1)!.startsWith('more: ') ? shown.pop() : undefined;
      seen.push(...shown.map((text) => text.split(' ')[0]!));
      if (more === undefined) break;
      expect(pages).toBeLessThan(4);
      const [, ...words] = more.slice('more: '.length).split(' ');
      ({ stdout } = await gluewall(process.env, ...words));
    }
    expect(seen).toHaveLength(30);
    expect(seen).toEqual([...seen].sort().reverse());
    expect(new Set(seen).size).toBe(30);
  });

  it('keeps to its window', async () => {
    const window = ['--since', '2026-11-21T10:05:00Z', '--until', '2026-11-21T11:10:00+01:00'];
    expect((await entriesOf(...window)).entries.map(({ name }: { name: string }) => name)).toEqual(
      [9, 8, 7, 6, 5].map((number) => `h${number}.example.com`),
    );
  });

  it('says when nothing is found, and what to look at', async () => {
    const { status, stdout } = await log('search', '--name', 'nobody.example');
    expect([status, stdout]).toEqual([0, expect.stringContaining('gluewall log sources')]);
  });

  it('names the sources that there are when there is none of that name', async () => {
    for (const command of ['search', 'refused']) {
      const { status, stderr } = await log(command, '--source', 'campus');
      expect([status, stderr]).toEqual([
        0,
        expect.stringContaining('no source is called campus; there are queries.log'),
      ]);
    }
    expect((await log('search', '--source', 'queries.log', '--name', 'nobody.example')).stderr).toBe('');
  });

  it.each([
    [['--name', 'a..b'], 'no domain name'],
    [['--client', '192.0.2'], 'IPv4 or IPv6'],
    [['--since', 'yesterday'], 'such as 1h'],
    [['--limit', '0'], 'from 1 to 100000'],
    [['--page', 'second'], 'no page'],
    [['--since', '1h', '--until', '2h'], 'nothing lies between'],
  ])('refuses %j and says what it wants', async (args, wanted) => {
    const { status, stderr } = await log('search', ...args);
    expect(status).toBe(2);
    expect(stderr).toContain(wanted);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });
});

describe('log sources', () => {
  it('tells first and last entry of each source, and gaps', async () => {
    writeFileSync(at('queries.log'), line(0, 'a.example') + line(3, 'b.example') + line(50, 'c.example'));
    await log('import', at('queries.log'), '--zone', 'UTC', '--source', 'ns1');
    const { stdout } = await log('sources', '--gap', '30m', '--json');
    expect(JSON.parse(stdout)).toEqual([
      {
        source: 'ns1',
        entries: 3,
        first: '2026-11-21T10:00:12.123Z',
        last: '2026-11-21T10:50:12.123Z',
        gaps: [{ from: '2026-11-21T10:05:00.000Z', to: '2026-11-21T10:50:00.000Z' }],
        reading: null,
      },
    ]);
    expect((await log('sources', '--gap', '1s')).stderr).toContain('from 5m to 365d');
  });
});

describe('log trim', () => {
  it('lets go of days that are older than is to be kept', async () => {
    configure({ keep: '30d' });
    writeFileSync(at('old.log'), lines(3).replaceAll('2026', '2024'));
    await log('import', at('old.log'));
    const { stdout } = await log('trim', '--json');
    expect(JSON.parse(stdout).days).toBe(1);
    expect((await entriesOf()).count).toBe(0);
  });
});

describe('log detect', () => {
  it('names the format and shows three entries, of each file that it can', async () => {
    writeFileSync(at('queries.log'), lines(10));
    writeFileSync(at('letter.txt'), 'Dear reader,\nthis is no log.\n');
    const { status, stdout, stderr } = await detect(at('queries.log'), at('letter.txt'), at('nothing'));
    expect(status).toBe(1);
    expect(stdout.split('\n').filter((text) => text.includes('.example.com A'))).toHaveLength(3);
    expect(stdout).toMatch(/queries\.log: bind \(.+\); at its beginning 10 records of queries/);
    expect(stderr).toMatch(/letter\.txt: nothing in it is a query by .*bind/);
    expect(stderr).toContain('there is no such file');
    expect(existsSync(at('querylog'))).toBe(false);
  });

  it('says what to do about a file in another encoding', async () => {
    writeFileSync(at('dns.log'), Buffer.from(`\uFEFF${lines(3)}`, 'utf16le'));
    const { status, stderr } = await detect(at('dns.log'));
    expect([status, stderr]).toEqual([1, expect.stringContaining('iconv')]);
  });
});

describe('what was typed wrong', () => {
  it.each([
    [['import', 'nothing.log'], 1, 'there is no such file'],
    [['import', '/'], 1, 'is a folder'],
    [['import', 'x', '--format', 'bnd'], 2, 'want one of bind'],
    [['import', 'x', '--zone', 'Vienna'], 2, 'Europe/Vienna'],
    [['import', 'x', '--server', 'ns1'], 2, 'IPv4 or IPv6'],
    [['import', 'x', '--source', 'gate'], 2, 'choose another name'],
    [['import', 'x', '--source', 'dnstap/ns1'], 2, 'choose another name'],
    [['search'], 1, 'gluewall log import'],
    [['sources'], 1, 'gluewall run'],
  ])('%j', async (args, code, wanted) => {
    const { status, stderr } = await log(...args);
    expect(stderr).toContain(wanted);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(status).toBe(code);
  });
});
