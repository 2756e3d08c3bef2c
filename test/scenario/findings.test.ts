/** `gluewall findings`, as it is typed: of a gluewall that runs, of one that was killed, and of its store. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { eveFindingSchema } from '../../src/findings/eve-finding-schema.ts';
import type { FindingChangeView } from '../../src/services/finding-services.ts';
import type { FindingSummary, FindingView } from '../../src/services/finding-view.ts';
import { openSqliteStore } from '../../src/storage/sqlite-store.ts';
import { findingOf, foundOf } from '../support/findings.ts';
import { gluewall } from '../support/gluewall-command.ts';

const threadScript = new URL('../../dist/src/storage/sqlite-worker.js', import.meta.url);
const HOSTILE = 'evil\x1b]0;owned\x07\u202e.example';

// Many commands, each a process of its own.
vi.setConfig({ testTimeout: 120_000 });

let directory: string;
let running: GluewallProcess | undefined;

async function start(): Promise<void> {
  running = await GluewallProcess.start(directory, {
    openflow: { listen: '127.0.0.1:0' },
    control: { socket: join(directory, 'control.sock') },
    eve: { file: join(directory, 'eve.json') },
  });
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-findings-'));
  const { store } = await openSqliteStore(join(directory, 'gluewall.db'), { events: 100, threadScript });
  await store.saveFindings([
    findingOf('F-aaaaa1', { updatedAtMs: 3000 }),
    findingOf('F-aaaaa2', { ...foundOf('192.0.2.67'), updatedAtMs: 2000 }),
    findingOf('F-bbbbb1', {
      kind: 'c2-server',
      subject: HOSTILE,
      hosts: ['192.0.2.66', '192.0.2.67'],
      updatedAtMs: 1000,
    }),
  ]);
  await store.close();
  await start();
}, 30_000);

afterAll(async () => {
  await running?.kill();
  rmSync(directory, { recursive: true, force: true });
});

const findings = (...args: readonly string[]) =>
  gluewall(process.env, 'findings', ...args, '--config', join(directory, 'gluewall.yaml'));

async function asked<T>(...args: readonly string[]): Promise<T> {
  const { stdout, stderr } = await findings(...args, '--json');
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout) as T;
}

const ids = async (...args: readonly string[]) =>
  (await asked<readonly FindingSummary[]>('list', ...args)).map(({ id }) => id);

describe('findings of a gluewall that runs', () => {
  it('are a table for people, which nothing in them can steer', async () => {
    const { status, stdout } = await findings();
    expect(status).toBe(0);
    const [heading, ...rows] = stdout.trimEnd().split('\n');
    expect(heading).toMatch(/^FINDING\s+STATE\s+KIND\s+SUBJECT\s+SCORE\s+HOSTS\s+LAST SEEN\s+BECAUSE$/);
    expect(rows.map((row) => row.split(/\s+/)[0])).toEqual(['F-aaaaa1', 'F-aaaaa2', 'F-bbbbb1']);
    expect(stdout).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
  });

  it('are found by kind, state, host and number', async () => {
    expect(await ids('--kind', 'c2-server')).toEqual(['F-bbbbb1']);
    expect(await ids('--host', '192.0.2.67')).toEqual(['F-aaaaa2', 'F-bbbbb1']);
    expect(await ids('--limit', '1')).toEqual(['F-aaaaa1']);
    expect(await ids('--state', 'closed')).toEqual([]);
    const { stdout, status } = await findings('list', '--state', 'closed');
    expect([status, stdout]).toEqual([0, 'there is no such finding\n']);
  });

  it('are shown with why, and the next step', async () => {
    const { status, stdout } = await findings('show', 'AAAAA1');
    expect(status).toBe(0);
    expect(stdout).toContain('F-aaaaa1 (new): infected-host 192.0.2.66, 85 %');
    expect(stdout).toMatch(
      /60 % {2}beaconing: asked 198\.51\.100\.7 every 300 s, 40 times\n.*TXT k3\.example: blocked/,
    );
    expect(stdout).toContain('gluewall findings acknowledge F-aaaaa1');
  });

  it('refuse what is none, or not clear, with 1', async () => {
    for (const [id, words] of [
      ['F-zzzzzz', 'there is no finding F-zzzzzz'],
      ['F-aaaaa', '2 findings begin with F-aaaaa'],
    ] as const) {
      const { status, stderr } = await findings('show', id);
      expect([status, stderr]).toEqual([1, expect.stringContaining(words)]);
    }
    expect((await findings('close', 'F-aaaaa1', '--as', 'nothing', '--reason', 'x')).status).toBe(2);
    expect((await findings('close', 'F-aaaaa1', '--as', 'mistake')).status).toBe(2);
  });

  it('say what is missing for a traceback case, and that there is no node', async () => {
    const missing = await findings('trace', 'F-aaaaa1');
    expect([missing.status, missing.stderr]).toEqual([
      1,
      expect.stringContaining('what the victim is called: --name NAME'),
    ]);
    const noNode = await findings('trace', 'F-aaaaa1', '--name', 'www.example.org');
    expect([noNode.status, noNode.stderr]).toEqual([1, expect.stringContaining('is no traceback node')]);
  });

  it('keep what people did when they are killed right after it, and tell eve.json', async () => {
    const comment = `looked at it\x1b[2J ${'x'.repeat(1500)}`;
    expect((await findings('comment', 'F-aaaaa1', comment)).status).toBe(0);
    expect((await findings('acknowledge', 'F-aaaaa1')).status).toBe(0);
    expect((await findings('escalate', 'F-aaaaa2')).status).toBe(0);
    const closed = await asked<FindingChangeView>('close', 'F-bbbbb1', '--as', 'mistake', '--reason', 'it is our CDN');
    expect(closed).toMatchObject({ kept: true, finding: { state: 'closed', closed: { as: 'mistake' } } });
    await running?.kill();
    await start();
    const kept = await asked<FindingView>('show', 'F-aaaaa1');
    expect(kept).toMatchObject({
      state: 'acknowledged',
      comments: [{ text: expect.stringMatching(/^looked at it\\x1b/) }],
    });
    expect(await ids('--state', 'escalated')).toEqual(['F-aaaaa2']);
    expect(await asked<FindingView>('show', 'F-bbbbb1')).toMatchObject({ closed: { reason: 'it is our CDN' } });
    const text = readFileSync(join(directory, 'eve.json'), 'utf8').trimEnd();
    const lines = text.split('\n').map((line) => eveFindingSchema.parse(JSON.parse(line)));
    expect(lines.map(({ finding }) => `${finding.news} ${finding.id} ${finding.state}`)).toEqual([
      'state F-aaaaa1 acknowledged',
      'state F-aaaaa2 escalated',
      'state F-bbbbb1 closed',
    ]);
    expect(text).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
  });

  it('let one of two who do the same at once win', async () => {
    const both = await Promise.all([findings('reopen', 'F-bbbbb1'), findings('reopen', 'F-bbbbb1')]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([0, 1]);
    const refused = both.find(({ status }) => status === 1)!;
    expect(refused.stderr).toContain('F-bbbbb1 is not closed');
  });
});

describe('findings of a gluewall that does not run', () => {
  it('are asked of its store, and changed there', async () => {
    expect(await running?.stop()).toBe(0);
    expect(await ids()).toEqual(expect.arrayContaining(['F-aaaaa1', 'F-aaaaa2', 'F-bbbbb1']));
    const { status, stdout } = await findings('close', 'F-aaaaa2', '--as', 'resolved', '--reason', 'cleaned');
    expect([status, stdout]).toEqual([0, 'F-aaaaa2, infected-host 192.0.2.67, is closed as resolved: cleaned\n']);
    expect((await findings('acknowledge', 'F-aaaaa2')).status).toBe(1);
    const traced = await findings('trace', 'F-aaaaa1', '--name', 'www.example.org');
    expect([traced.status, traced.stderr]).toEqual([
      1,
      expect.stringContaining('cases are asked of the one that runs'),
    ]);
    await start();
    expect(await ids('--state', 'closed')).toEqual(['F-aaaaa2']);
  });

  it('make no store', async () => {
    const config = join(directory, 'other.yaml');
    const { status, stderr } = await gluewall(process.env, 'findings', 'list', '--config', config);
    expect([status, stderr]).toEqual([2, expect.stringContaining('other.yaml')]);
  });
});
