/** Packs and threat lists as an admin uses them: a running gluewall, the command line, and a real HTTPS server. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { until } from '../../mininet/until.ts';
import { systemClock } from '../../src/core/clock.ts';
import { EntryBook } from '../../src/packs/entry-book.ts';
import { readListInThread } from '../../src/packs/list-reader.ts';
import type { ReadOrder } from '../../src/packs/read-list.ts';
import { LabAuthority } from '../../src/pki/lab-authority.ts';
import type { PackView } from '../../src/services/pack-services.ts';
import { gluewall } from '../support/gluewall-command.ts';
import { LAB_DAYS, LAB_START_MS } from '../support/lab-certificates.ts';
import { ListServer } from '../support/list-server.ts';

const WAIT_MS = 20_000;
const LIST = '192.0.2.7\n198.51.100.0/25\nevil.example\n';
/** What `check` says of what is on the list. */
const DENIED = 'on the list botnets';
const SITE_PACK = `about Servers of a partner
[Partner]
source ticket 4711
checked 2026-11-21
203.0.113.53
partner.example
`;

const folder = mkdtempSync(join(tmpdir(), 'gluewall-packs-'));
let server: ListServer;
let running: GluewallProcess | undefined;

beforeAll(async () => {
  const authority = await LabAuthority.create('lists', LAB_START_MS, LAB_DAYS);
  writeFileSync(join(folder, 'ca.pem'), authority.files.certificatePem);
  mkdirSync(join(folder, 'packs'));
  writeFileSync(join(folder, 'packs', 'partner.pack'), SITE_PACK);
  writeFileSync(join(folder, 'packs', 'broken.pack'), SITE_PACK.replace('203.0.113.53', '203.0.113.256'));
  server = new ListServer(await authority.issue('127.0.0.1'));
  await server.start();
  server.serve(LIST, '"one"');
}, 180_000);

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(async () => {
  await running?.kill();
  running = undefined;
});

const config = () => ({
  openflow: { listen: '127.0.0.1:0' },
  packs: { folder: join(folder, 'packs') },
  lists: [{ name: 'botnets', from: server.url(), format: 'plain', ca_file: join(folder, 'ca.pem') }],
});

async function start(name: string): Promise<(...args: readonly string[]) => ReturnType<typeof gluewall>> {
  const { configPath, socketPath } = await GluewallProcess.start(join(folder, name), config()).then((one) => {
    running = one;
    return one;
  });
  return (...args) => gluewall(process.env, ...args, '--config', configPath, '--socket', socketPath);
}

async function packsOf(
  ask: (...args: readonly string[]) => ReturnType<typeof gluewall>,
): Promise<Map<string, PackView>> {
  const { stdout } = await ask('pack', 'list', '--json');
  return new Map((JSON.parse(stdout) as PackView[]).map((view) => [view.name, view]));
}

const isFetched = (ask: Awaited<ReturnType<typeof start>>) =>
  until('the list is fetched', WAIT_MS, async () =>
    (await packsOf(ask)).get('botnets')?.fetched === null ? undefined : true,
  );

describe('a running gluewall', () => {
  it('denies what a list holds, keeps the last good copy, and says how it stands', async () => {
    const ask = await start('first');
    await isFetched(ask);
    const packs = await packsOf(ask);
    expect(packs.get('botnets')).toMatchObject({
      kind: 'list',
      from: server.url(),
      format: 'plain',
      addresses: 1,
      networks: 1,
      names: 1,
      etag: '"one"',
      error: null,
      enabled: [{ as: 'deny', clients: null }],
    });
    expect(packs.get('partner')).toMatchObject({ kind: 'site', addresses: 1, names: 1, enabled: [] });
    expect(packs.get('public-resolvers')).toMatchObject({ kind: 'bundled' });
    const { stdout } = await ask('pack', 'list');
    expect(stdout).toContain('broken.pack:5: "203.0.113.256" is no IPv4 address');
    expect((await ask('check', '198.51.100.7')).stdout).toContain(DENIED);
    expect((await ask('check', '203.0.113.9', '--name', 'www.evil.example')).stdout).toContain(DENIED);
    expect((await ask('check', '198.51.100.128')).stdout).not.toContain(DENIED);
    await ask('allow', 'add', '198.51.100.8', '--reason', 'an exception');
    expect((await ask('check', '198.51.100.8')).status).toBe(0);

    server.serve('<html>Please log in</html>', '"two"');
    const refused = await ask('pack', 'refresh', 'botnets');
    expect([refused.status, refused.stdout]).toEqual([1, expect.stringContaining('is a page of HTML or XML, no list')]);
    expect((await packsOf(ask)).get('botnets')).toMatchObject({ addresses: 1, failures: 1, refused: 1, etag: '"one"' });
    expect((await ask('check', '198.51.100.7')).stdout).toContain(DENIED);
    expect(running?.log.find(({ alarm }) => alarm === 'list')?.msg).toContain('the last good copy stays in force');

    server.serve('evil.example\n', '"three"');
    expect((await ask('pack', 'refresh')).stdout).toContain('has shrunk from 3 entries to 1');
    expect(await ask('pack', 'refresh', 'botnets', '--force')).toMatchObject({
      status: 0,
      stdout: 'botnets is up to date: 1 entry\n',
    });
    expect((await packsOf(ask)).get('botnets')).toMatchObject({ addresses: 0, names: 1, etag: '"three"', error: null });
    expect((await ask('check', '198.51.100.7')).stdout).not.toContain(DENIED);
    server.serve(LIST, '"one"');
    expect((await ask('pack', 'refresh', 'partner')).stderr).toContain('partner is a pack from a file');
  }, 180_000);

  it('enables a pack by a rule, for some or for all', async () => {
    const ask = await start('enable');
    expect((await ask('check', '203.0.113.53')).status).toBe(1);
    const enabled = await ask(
      'pack',
      'enable',
      'partner',
      '--as',
      'allow',
      '--from',
      '192.0.2.0/28',
      '--reason',
      'ticket 4711',
    );
    expect(enabled).toMatchObject({ status: 0, stderr: expect.stringContaining('the pack holds names') });
    expect((await packsOf(ask)).get('partner')?.enabled).toEqual([
      { rule: expect.any(String), as: 'allow', clients: '192.0.2.0/28' },
    ]);
    expect((await ask('check', '203.0.113.53', '--client', '192.0.2.3')).status).toBe(0);
    expect((await ask('check', '203.0.113.53', '--client', '192.0.2.99')).status).toBe(1);
    expect(await ask('pack', 'enable', 'nothing', '--as', 'deny', '--reason', 'x')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('there is no pack nothing'),
    });
    expect(await ask('pack', 'enable', 'partner', '--as', 'perhaps', '--reason', 'x')).toMatchObject({ status: 2 });
  }, 180_000);

  it('denies by the last good copy after a restart, before it has fetched anything', async () => {
    await isFetched(await start('restart'));
    await running?.kill();
    server.handler = () => {};
    try {
      const ask = await start('restart');
      expect((await ask('check', '192.0.2.7')).stdout).toContain(DENIED);
      expect((await packsOf(ask)).get('botnets')).toMatchObject({ addresses: 1, networks: 1, names: 1, etag: '"one"' });
      expect((await ask('pack', 'show', 'botnets')).stdout.trim().split('\n').sort()).toEqual(
        LIST.trim().split('\n').sort(),
      );
    } finally {
      server.serve(LIST, '"one"');
    }
  }, 180_000);
});

describe('without a running gluewall', () => {
  it('packs and the last good copies of lists are listed and shown', async () => {
    await isFetched(await start('rest'));
    const { configPath } = running!;
    await running?.kill();
    const ask = (...args: readonly string[]) => gluewall(process.env, ...args, '--config', configPath);
    expect((await packsOf(ask)).get('botnets')).toMatchObject({ names: 1, etag: '"one"', enabled: [{ as: 'deny' }] });
    expect((await ask('pack', 'show', 'partner')).stdout).toBe(
      'Partner\n  source ticket 4711\n  checked 2026-11-21\n  203.0.113.53\n  partner.example\n',
    );
    expect(JSON.parse((await ask('pack', 'show', 'botnets', '--json')).stdout)).toHaveLength(3);
    expect(await ask('pack', 'refresh')).toMatchObject({ status: 1, stderr: expect.stringContaining('gluewall run') });
    expect(await ask('pack', 'show', 'nothing')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('there is no pack nothing'),
    });
  }, 180_000);

  it('the packs that come with it are listed without a configuration, a store and anything else', async () => {
    const env = { ...process.env, STATE_DIRECTORY: join(folder, 'nowhere'), XDG_RUNTIME_DIR: join(folder, 'nowhere') };
    writeFileSync(join(folder, 'none.yaml'), `control: { socket: ${join(folder, 'none.sock')} }\n`);
    const { status, stdout } = await gluewall(env, 'pack', 'list', '--config', join(folder, 'none.yaml'));
    expect(status).toBe(0);
    for (const name of ['av-lookups', 'doh-endpoints', 'public-resolvers'])
      expect(stdout).toContain(`${name}  bundled`);
  });
});

describe('the thread that reads lists', () => {
  const threadScript = new URL('../../dist/src/packs/list-thread.js', import.meta.url);
  const read = readListInThread(systemClock, threadScript);
  const order = (text: string | Buffer, more: Partial<ReadOrder> = {}): ReadOrder => {
    const file = join(folder, 'read.txt');
    writeFileSync(file, text);
    const limits = { maxBytes: 100_000_000, maxEntries: 1_000_000, maxBadPercent: 5 };
    const guard = { trustedResolvers: [], insideNetworks: [], isBroad: false };
    return { file, format: 'plain', ...limits, guard, nowMs: 0, ...more };
  };
  const never = new AbortController().signal;

  it('gives all entries of a large list', async () => {
    const book = new EntryBook();
    const text = Array.from({ length: 50_000 }, (_, index) => `n${index}.zone${index % 7}.example`).join('\n');
    expect(await read(order(text), book, never)).toMatchObject({ problem: undefined, bad: 0 });
    expect(book.size).toBe(50_000);
  }, 180_000);

  it('says what is wrong instead of failing', async () => {
    const problem = async (given: ReadOrder, signal = never) => (await read(given, new EntryBook(), signal)).problem;
    expect(await problem(order('a.example\n'.repeat(20), { maxBytes: 100 }))).toBe(
      'is larger than 100 octets (packs.bytes)',
    );
    expect(await problem({ ...order(''), file: join(folder, 'missing') })).toContain('could not be read: ENOENT');
    expect(await problem(order('a.example'), AbortSignal.abort())).toBe('was not read to its end');
  }, 30_000);
});
