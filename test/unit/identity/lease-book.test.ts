import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../mininet/until.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { holdLeases } from '../../../src/identity/held-leases.ts';
import type { Lease } from '../../../src/identity/lease.ts';
import { LeaseBook } from '../../../src/identity/lease-book.ts';
import { MAX_LEASE_FILE_BYTES } from '../../../src/identity/read-lease-file.ts';
import { leaseOf, readLeases } from '../../support/lease-files.ts';
import { addressOf } from '../../support/observations.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const MAC = 0x020000000001;
const START_SECONDS = Date.UTC(2026, 0, 15, 12) / 1000;
const CHECK_MS = 10_000;
const LASTS = START_SECONDS + 3600;

const dnsmasqLine = (host: number, name: string, expires: number = LASTS) =>
  `${expires} 02:00:00:00:00:0${host} 192.0.2.${host} ${name} *\n`;

let directory: string;
let path: string;
let clock: VirtualClock;
let log: RecordingLog;
let book: LeaseBook;

const open = (...files: readonly string[]) => {
  book = new LeaseBook({ files: files.length === 0 ? [path] : files, checkMs: CHECK_MS, maxLeases: 100 }, clock, log);
  return book;
};
const nameOf = (host: number) => book.leaseOf(addressOf(`192.0.2.${host}`))?.hostname;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-leases-'));
  path = join(directory, 'dnsmasq.leases');
  clock = new VirtualClock();
  log = new RecordingLog();
});

afterEach(async () => {
  await book?.stop();
  rmSync(directory, { recursive: true });
});

describe('a lease file', () => {
  it('is read at the start: names by address and by MAC address', async () => {
    writeFileSync(path, dnsmasqLine(1, 'printer') + dnsmasqLine(2, '*'));
    await open().start();
    expect(nameOf(1)).toBe('printer');
    expect(book.namedLeaseOfMac(MAC)?.hostname).toBe('printer');
    expect(book.leaseOf(addressOf('192.0.2.2'))).toMatchObject({ hostname: undefined, mac: MAC + 1 });
    expect(book.namedLeaseOfMac(MAC + 1)).toBeUndefined();
    expect(book.size).toBe(2);
  });

  it('ends when its time is over, without anybody reading', async () => {
    writeFileSync(path, dnsmasqLine(1, 'printer'));
    await open().start();
    clock.advance(3_599_999);
    expect(nameOf(1)).toBe('printer');
    clock.advance(1);
    expect(nameOf(1)).toBeUndefined();
    expect(book.namedLeaseOfMac(MAC)).toBeUndefined();
  });

  it('is read again when it changes, and only then', async () => {
    writeFileSync(path, dnsmasqLine(1, 'printer'));
    await open().start();
    await book.check();
    expect(book.counters.get('readings')).toBe(1);
    writeFileSync(path, dnsmasqLine(2, 'laptop'));
    await book.check();
    expect([nameOf(1), nameOf(2)]).toEqual([undefined, 'laptop']);
    expect(book.counters.get('readings')).toBe(2);
  });

  it('half written keeps what was held of the rest, and a whole one does not', async () => {
    writeFileSync(path, dnsmasqLine(1, 'printer') + dnsmasqLine(2, 'laptop'));
    await open().start();
    writeFileSync(path, dnsmasqLine(1, 'plotter') + dnsmasqLine(2, 'laptop').slice(0, 20));
    await book.check();
    expect([nameOf(1), nameOf(2)]).toEqual(['plotter', 'laptop']);
    writeFileSync(path, '');
    await book.check();
    expect([nameOf(1), nameOf(2)]).toEqual(['plotter', 'laptop']);
    expect(book.counters.get('cut readings')).toBe(2);
    expect(log.lines).toEqual([]);
    writeFileSync(path, dnsmasqLine(1, 'plotter'));
    await book.check();
    expect([nameOf(1), nameOf(2)]).toEqual(['plotter', undefined]);
  });

  it('with a bad line says so once, with the line and what to do', async () => {
    writeFileSync(path, dnsmasqLine(1, 'printer') + dnsmasqLine(2, 'laptop'));
    await open().start();
    const bad = `${dnsmasqLine(1, 'printer')}garbage\n`;
    writeFileSync(path, bad);
    await book.check();
    writeFileSync(path, `${bad}more garbage\n`);
    await book.check();
    expect(log.lines).toEqual([
      `warn: ${path}: line 2 has no IP address as its third field: the rest is read, and what was known of them stays; correct or remove them when the server is stopped`,
    ]);
    expect(book.counters.get('bad rows')).toBe(3);
    expect([nameOf(1), nameOf(2)]).toEqual(['printer', 'laptop']);
    writeFileSync(path, dnsmasqLine(1, 'printer'));
    await book.check();
    expect(nameOf(2)).toBeUndefined();
    writeFileSync(path, bad);
    await book.check();
    expect(log.lines).toHaveLength(2);
  });

  it('that is not there is told once, and read when it comes', async () => {
    await open().start();
    await book.check();
    expect(log.lines).toEqual([expect.stringMatching(/^warn: .* cannot be read \(ENOENT\): see to it that/)]);
    writeFileSync(path, dnsmasqLine(1, 'printer'));
    await book.check();
    expect(nameOf(1)).toBe('printer');
    rmSync(path);
    await book.check();
    expect(nameOf(1)).toBe('printer');
    expect(log.lines).toHaveLength(2);
  });

  it('in a folder that comes later is found', async () => {
    const later = join(directory, 'later', 'dnsmasq.leases');
    await open(later).start();
    mkdirSync(join(directory, 'later'));
    writeFileSync(later, dnsmasqLine(1, 'printer'));
    await book.check();
    expect(nameOf(1)).toBe('printer');
  });

  it('that is a folder, a pipe or too large is refused', async () => {
    const pipe = join(directory, 'pipe');
    const large = join(directory, 'large');
    execFileSync('mkfifo', [pipe]);
    writeFileSync(large, '');
    truncateSync(large, MAX_LEASE_FILE_BYTES + 1);
    await open(directory, pipe, large).start();
    expect(log.lines.sort()).toEqual([
      expect.stringMatching(/cannot be read \(EISDIR\)|is no file/),
      expect.stringContaining(`${large} has 67108865 octets, more than 67108864: let the DHCP server tidy it up`),
      expect.stringContaining(`${pipe} is no file`),
    ]);
    expect(book.counters.get('unreadable files')).toBe(3);
  });

  it('with more leases than find room says so', async () => {
    writeFileSync(
      path,
      Array.from({ length: 101 }, (_, index) => `0 02:00:00:00:00:01 198.18.0.${index} x *\n`).join(''),
    );
    await open().start();
    expect(book.size).toBe(100);
    expect(log.lines).toEqual([`warn: ${path}: 1 leases find no room: raise clients.size`]);
  });

  it('names a MAC address by the lease that lasts longest', async () => {
    const line = (host: number, name: string, expires: number) =>
      `${expires} 02:00:00:00:00:01 192.0.2.${host} ${name} *\n`;
    writeFileSync(path, line(1, 'old', LASTS) + line(2, 'new', LASTS + 60) + line(3, 'older', LASTS - 60));
    await open().start();
    expect(book.namedLeaseOfMac(MAC)?.hostname).toBe('new');
  });

  it('of two, the first counts', async () => {
    const other = join(directory, 'other.leases');
    writeFileSync(path, dnsmasqLine(1, 'printer'));
    writeFileSync(other, dnsmasqLine(1, 'plotter') + dnsmasqLine(2, 'laptop'));
    await open(path, other).start();
    expect([nameOf(1), nameOf(2)]).toEqual(['printer', 'laptop']);
  });

  it('that takes long to read is left alone ten times as long', async () => {
    writeFileSync(path, dnsmasqLine(1, 'printer'));
    const reading = open().start();
    clock.advance(1000);
    await reading;
    writeFileSync(path, dnsmasqLine(1, 'plotter'));
    clock.advance(9999);
    await book.check();
    expect(nameOf(1)).toBe('printer');
    clock.advance(1);
    await book.check();
    expect(nameOf(1)).toBe('plotter');
  });

  it('is not read while nothing watches: stop is safe twice', async () => {
    writeFileSync(path, dnsmasqLine(1, 'printer'));
    await open().start();
    await book.stop();
    await book.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('the watch', () => {
  const started = async () => {
    book = new LeaseBook({ files: [path], checkMs: 3_600_000, maxLeases: 100 }, systemClock, log);
    await book.start();
  };
  const far = Math.floor(systemClock.nowMs() / 1000) + 3600;
  const named = (host: number, name: string) =>
    until(`${name} is known`, 5000, async () => (nameOf(host) === name ? true : undefined));

  it('sees what is appended, and a file put in the place of another', async () => {
    writeFileSync(path, dnsmasqLine(1, 'printer', far));
    await started();
    appendFileSync(path, dnsmasqLine(2, 'laptop', far));
    await named(2, 'laptop');
    writeFileSync(`${path}.new`, dnsmasqLine(1, 'plotter', far));
    renameSync(`${path}.new`, path);
    await named(1, 'plotter');
    expect(nameOf(2)).toBeUndefined();
  });
});

describe('what is held', () => {
  const held = (...leases: readonly Lease[]) => new Map(leases.map((lease) => [lease.address, lease]));
  const kept = (text: string, nowMs = 0) => {
    const before = held(
      leaseOf('192.0.2.1', { hostname: 'a' }),
      leaseOf('192.0.2.2', { hostname: 'b', expiresAtMs: 5000 }),
    );
    const after = holdLeases(before, readLeases(text), 100, nowMs);
    return [...after.values()].map(({ hostname }) => hostname).sort();
  };
  const KEA = 'address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state\n';

  it.each([
    ['goes when a whole file does not name it', '0 * 192.0.2.3 c *\n', 0, ['c']],
    ['stays when the file is cut', '0 * 192.0.2.3 c *\n0', 0, ['a', 'b', 'c']],
    ['stays when nobody can tell of whom a row is', '0 * 192.0.2.3 c *\nx\n', 0, ['a', 'b', 'c']],
    ['stays when its own row is bad, and only then', '0 * 192.0.2.3 c *\n0 * 192.0.2.1 a\n', 0, ['a', 'c']],
    ['counts more than an older row when the newer is bad', '0 * 192.0.2.1 z *\n0 * 192.0.2.1 a\n', 0, ['a']],
    ['counts less than a newer row', '0 * 192.0.2.1 a\n0 * 192.0.2.1 z *\n', 0, ['z']],
    ['stays in a journal', `${KEA}192.0.2.3,,,4294967295,0,1,0,0,c,0\n`, 0, ['a', 'b', 'c']],
    ['goes in a journal that ends it', `${KEA}192.0.2.1,,,0,0,1,0,0,a,0\n`, 0, ['b']],
    ['goes when its time is over', '0', 5000, ['a']],
  ])('%s', (_what, text, nowMs, expected) => {
    expect(kept(text, nowMs)).toEqual(expected);
  });
});
