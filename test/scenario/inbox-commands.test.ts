/** `gluewall inbox`, as it is typed: of a gluewall that runs, of one that was killed, and of its store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runProgram } from '../../mininet/child.ts';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { parseAddress } from '../../src/core/address.ts';
import { parseName } from '../../src/dns/name.ts';
import type { EventRow } from '../../src/services/event-row-view.ts';
import type { PageView } from '../../src/services/inbox-services.ts';
import type { EntryDetail, EntryView, InboxChangeView } from '../../src/services/inbox-view.ts';
import { openSqliteStore } from '../../src/storage/sqlite-store.ts';
import { gluewall } from '../support/gluewall-command.ts';
import { verdictEvent } from '../support/verdict-events.ts';

const threadScript = new URL('../../dist/src/storage/sqlite-worker.js', import.meta.url);
const HOSTILE = 'evil\x1b]0;owned\x07\u202e';
const HOUR_MS = 3_600_000;

// Many commands, each a process of its own.
vi.setConfig({ testTimeout: 120_000 });

let directory: string;
let running: GluewallProcess | undefined;

async function start(): Promise<void> {
  running = await GluewallProcess.start(directory, {
    openflow: { listen: '127.0.0.1:0' },
    control: { socket: join(directory, 'control.sock') },
  });
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-inbox-'));
  const { store } = await openSqliteStore(join(directory, 'gluewall.db'), { events: 1000, threadScript });
  const now = Date.now();
  const [other, denied] = [parseAddress('2001:db8::66')!, parseAddress('198.51.100.66')!];
  await store.saveEvents([
    verdictEvent({ atMs: now - 3 * HOUR_MS }),
    verdictEvent({ atMs: now - 2 * HOUR_MS, queryType: 16 }),
    verdictEvent({ atMs: now - HOUR_MS, client: other, clientName: HOSTILE, enforced: false }),
    verdictEvent({
      ...{ atMs: now - HOUR_MS / 2, destination: denied, reason: 'denyRule', ruleId: 'r-1' },
      queryName: parseName('a\\032b\\000.evil.test')!,
    }),
    verdictEvent({ atMs: now - HOUR_MS / 4, verdict: 'allow', reason: 'history' }),
  ]);
  await store.close();
  await start();
}, 30_000);

afterAll(async () => {
  await running?.kill();
  rmSync(directory, { recursive: true, force: true });
});

const config = () => ['--config', join(directory, 'gluewall.yaml')];
const inbox = (...args: readonly string[]) => gluewall(process.env, 'inbox', args[0]!, ...config(), ...args.slice(1));

async function asked<T>(...args: readonly string[]): Promise<T> {
  const { stdout, stderr } = await inbox(args[0]!, '--json', ...args.slice(1));
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout) as T;
}

const list = async (...search: readonly string[]) => (await asked<PageView<EntryView>>('list', ...search)).items;
const names = async (...search: readonly string[]) => (await list(...search)).map(({ queryName }) => queryName);
const idOf = async (search: string) => String((await list(search))[0]!.id);

describe('the inbox of a gluewall that runs', () => {
  it('is a table for people, which nothing in it can steer', async () => {
    const { status, stdout, stderr } = await inbox('list');
    expect(status, stderr).toBe(0);
    const [heading, ...rows] = stdout.trimEnd().split('\n');
    expect(heading).toMatch(/^ENTRY\s+SEVERITY\s+STATE\s+LAST SEEN\s+EVENTS\s+CLIENT\s+SERVER\s+NAME\s+TYPE\s+WHY$/);
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(/^\d+ +high +open .* 192\.0\.2\.66 .* 198\.51\.100\.66 +a\\032b\\000\.evil\.test/);
    expect(rows[1]).toContain('(would block)');
    expect(stdout).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
  });

  it('is searched by words, and by what the table shows', async () => {
    expect(await names('severity:high')).toEqual(['a\\032b\\000.evil.test']);
    expect(await names('name:a\\032b\\000.evil.test')).toEqual(['a\\032b\\000.evil.test']);
    expect(await names('client:2001:db8::/32')).toEqual(['evil.test']);
    expect(await names('client:192.0.2.0/24', 'type:TXT')).toEqual(['evil.test']);
    expect(await names('state:acknowledged')).toEqual([]);
    expect(await names('since:1h')).toEqual(['a\\032b\\000.evil.test']);
    expect(await names('--', '-reason:unknown')).toEqual(['a\\032b\\000.evil.test']);
  });

  it('comes in pages', async () => {
    const first = await asked<PageView<EntryView>>('list', '--limit', '2');
    expect(first.items).toHaveLength(2);
    const { stdout } = await inbox('list', '--limit', '2');
    expect(stdout).toContain(`there is more: gluewall inbox list --after ${first.next}`);
    const second = await asked<PageView<EntryView>>('list', '--limit', '2', '--after', first.next!);
    expect(second.items).toHaveLength(1);
    expect((await inbox('list', '--after', 'nowhere')).status).toBe(1);
    expect((await inbox('list', '--limit', '501')).status).toBe(2);
  });

  it('refuses a search that it cannot understand, and says which word', async () => {
    const { status, stderr } = await inbox('list', 'severty:high');
    expect([status, stderr]).toEqual([2, expect.stringMatching(/at character 1: .*did you mean severity:\?/)]);
    expect(await inbox('search', 'state:open')).toMatchObject({ status: 2 });
  });

  it('shows an entry with the next step, and its events', async () => {
    const id = await idOf('type:TXT');
    const { status, stdout } = await inbox('show', id);
    expect(status).toBe(0);
    expect(stdout).toContain(`entry ${id} (medium, open)`);
    expect(stdout).toContain('203.0.113.66 is unknown and block');
    expect(stdout).toContain(`gluewall inbox acknowledge ${id}`);
    const events = await asked<PageView<EventRow>>('events', id);
    expect(events.items.map(({ queryType }) => queryType)).toEqual(['TXT', 'A']);
    const hostile = await inbox('show', await idOf('client:2001:db8::66'));
    expect(hostile.stdout).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
    const missing = await inbox('show', '999999');
    expect([missing.status, missing.stderr]).toEqual([1, expect.stringContaining('there is no entry 999999')]);
    expect((await inbox('show', 'x')).status).toBe(2);
  });

  it('searches all events, allowed ones too', async () => {
    const { items } = await asked<PageView<EventRow>>('search', 'client:192.0.2.66');
    expect(items.map(({ verdict, severity }) => [verdict, severity])).toEqual([
      ['allow', null],
      ['block', 'high'],
      ['block', 'medium'],
      ['block', 'medium'],
    ]);
    const { stdout } = await inbox('search', 'verdict:"would block"');
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    expect((await inbox('search', 'nothing.at.all')).stdout).toBe('no such event is kept\n');
  });

  it('keeps what people did when it is killed right after it', async () => {
    const [first, second] = [await idOf('severity:high'), await idOf('type:TXT')];
    const done = await asked<InboxChangeView>('acknowledge', first, '--for', '2d');
    expect(done.changed).toMatchObject([{ state: 'acknowledged', stateBy: expect.any(String) }]);
    expect(Date.parse(done.changed[0]!.until!) - Date.now()).toBeGreaterThan(47 * HOUR_MS);
    expect(done.undo).toMatchObject([{ id: Number(first), state: 'open', until: null }]);
    expect((await inbox('escalate', second)).stdout).toMatch(
      /^entry \d+, 192\.0\.2\.66 to 203\.0\.113\.66 for evil\.test, is escalated\n$/,
    );
    const words = 'looked at it\x1b[2J';
    expect((await inbox('comment', first, '--text', words)).status).toBe(0);
    await running?.kill();
    await start();
    const shown = await asked<EntryDetail>('show', first);
    expect(shown).toMatchObject({ state: 'acknowledged', comments: 1, remarks: [{ text: words }] });
    expect((await inbox('show', first)).stdout).toContain('looked at it\\x1b[2J');
    expect(await names('state:escalated')).toEqual(['evil.test']);
    expect(await names()).toHaveLength(2);
  });

  it('says which of several are not there, and takes a comment from a pipe', async () => {
    const id = await idOf('state:escalated');
    const { status, stdout } = await inbox('reopen', id, '999999');
    expect([status, stdout]).toEqual([1, expect.stringMatching(/is open again\nthere is no entry 999999/)]);
    const main = join(import.meta.dirname, '..', '..', 'dist', 'src', 'cli', 'main.js');
    const command = `echo " from a pipe " | "${process.execPath}" "${main}" inbox comment ${id} --config "${config()[1]}"`;
    expect(await runProgram('sh', ['-c', command], process.env)).toMatchObject({ status: 0 });
    expect(await asked<EntryDetail>('show', id)).toMatchObject({ remarks: [{ text: 'from a pipe' }] });
    expect((await inbox('comment', id, '--text', ' ')).status).toBe(2);
    expect((await inbox('acknowledge', id, '--for', 'soon')).status).toBe(2);
  });
});

describe('the inbox of a gluewall that does not run', () => {
  it('is asked of its store, and changed there', async () => {
    expect(await running?.stop()).toBe(0);
    const id = await idOf('type:TXT');
    expect((await inbox('acknowledge', id)).status).toBe(0);
    expect(await names('state:acknowledged')).toHaveLength(2);
    await start();
    expect(await names('state:acknowledged')).toHaveLength(2);
  });
});
