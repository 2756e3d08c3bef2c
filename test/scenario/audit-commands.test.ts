/** The audit log on the command line, and what is left of it when the process that writes it is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addAuditCommands } from '../../src/cli/commands/audit.ts';
import { silentLog } from '../../src/core/log.ts';
import { AuditLog } from '../../src/traceback/audit/audit-log.ts';
import { formatHead } from '../../src/traceback/audit/audit-record.ts';
import { readAudit } from '../../src/traceback/audit/verify-audit.ts';
import { auditEntry, numbered } from '../support/audit-entries.ts';
import { gluewall } from '../support/gluewall-command.ts';
import { runCommand } from '../support/run-command.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const BUILT = fileURLToPath(new URL('../../dist/src', import.meta.url));
const CHILD = fileURLToPath(new URL('../support/audit-child.mjs', import.meta.url));
const ROUNDS = 6;
const ROUND_MS = 250;
/** More than one round writes. */
const ROUND_ENTRIES = 1_000_000;
const LIMIT_MS = 60_000;

let folder: string;
let child: ChildProcess | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-audit-'));
});

afterAll(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const audit = (...args: readonly string[]) => runCommand(addAuditCommands, 'audit', ...args);

describe('a process that is killed while it writes', () => {
  const file = () => join(folder, 'killed', 'audit.jsonl');

  /** Lets a process write for a while, and kills it; what it was told is kept. */
  async function writeAndKill(round: number): Promise<readonly number[]> {
    const started = spawn(process.execPath, [CHILD, BUILT, file(), String(round * ROUND_ENTRIES)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    let told = '';
    started.stdout!.setEncoding('utf8').on('data', (text: string) => {
      told += text;
    });
    await once(started.stdout!, 'data');
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS + 37 * round));
    started.kill('SIGKILL');
    await once(started, 'close');
    return told.split('\n').slice(0, -1).map(Number);
  }

  it('leaves a log that verifies, and in which nothing is missing that was acknowledged', {
    timeout: LIMIT_MS,
  }, async () => {
    const told: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const of = await writeAndKill(round);
      expect(of.length).toBeGreaterThan(0);
      told.push(...of);
      // As a disk leaves it that had taken half a line.
      if (round % 2 === 0) appendFileSync(file(), '{"number":');
    }
    const last = new AuditLog(file(), { clock: new VirtualClock(), log: silentLog });
    await last.start();
    await last.stop();
    const { status, stdout } = await gluewall(process.env, 'audit', 'verify', file());
    expect(status, stdout).toBe(0);
    expect(stdout).toContain(formatHead(last.head));
    const names = new Set<string>();
    let cuts = 0;
    for await (const { record } of readAudit(file())) {
      if ('note' in record.entry) cuts++;
      else names.add(record.entry.name!);
    }
    expect(told.filter((number) => !names.has(`w${number}.example.org`))).toEqual([]);
    expect(cuts).toBeGreaterThanOrEqual(ROUNDS / 2);
    expect(readdirSync(join(folder, 'killed')).filter((name) => name.includes('.cut-'))).toHaveLength(cuts);
    // Each process had its own part of the numbers, and all went through several parts of the log.
    expect(readdirSync(join(folder, 'killed')).filter((name) => /\.\d+$/.test(name)).length).toBeGreaterThan(1);
  });
});

describe('gluewall audit', () => {
  const file = () => join(folder, 'node', 'audit.jsonl');
  let head: string;

  beforeAll(async () => {
    const clock = new VirtualClock(Date.UTC(2026, 10, 20, 12));
    const log = new AuditLog(file(), { clock, log: silentLog, partBytes: 2000 });
    await log.start();
    for (let number = 1; number <= 9; number++) {
      await log.append(auditEntry(number, number % 3 === 0 ? { peer: 'here', override: 'ticket 4711' } : {}));
      clock.advance(60_000);
    }
    await log.append({
      kind: undefined,
      peer: undefined,
      from: '203.0.113.9',
      request: undefined,
      case: undefined,
      name: undefined,
      decision: 'refused',
      problem: 'no-certificate',
    });
    await log.stop();
    head = formatHead(log.head);
    const tls = { key: 'key.pem', certificate: 'certificate.pem', ca: 'ca.pem' };
    const config = { node: { name: 'node.example.org', tls, folder: 'node', clients: ['192.0.2.0/24'] } };
    writeFileSync(join(folder, 'gluewall.yaml'), JSON.stringify(config));
  });

  it('verifies the log of the configuration, and prints the head to be kept elsewhere', async () => {
    const { stdout, exitCode, error } = await audit('verify', '--config', join(folder, 'gluewall.yaml'));
    expect(error).toBeUndefined();
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/10 records in \d parts, as they were written/);
    expect(stdout).toContain(`the last is ${head}`);
    expect((await audit('verify', file(), '--head', head)).exitCode).toBe(0);
  });

  it('answers in JSON', async () => {
    const { stdout } = await audit('verify', file(), '--json');
    expect(JSON.parse(stdout)).toMatchObject({ file: file(), isWhole: true, records: 10, head, fault: null });
  });

  it('says the first record that is not as it was written, where and why, and ends with 1', async () => {
    const damaged = join(folder, 'damaged.jsonl');
    copyFileSync(`${file()}.1`, damaged);
    writeFileSync(damaged, readFileSync(damaged, 'utf8').replace('w3.example', 'w4.example'));
    const { stdout, exitCode } = await audit('verify', damaged);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /^record 3 \(.*damaged\.jsonl, line 3\): its hash does not fit: .*\nthe 2 before it are as they/,
    );
    const { stdout: json } = await audit('verify', damaged, '--json');
    expect(JSON.parse(json)).toMatchObject({ isWhole: false, records: 2, fault: { number: 3, line: 3 } });
    const listed = await audit('list', damaged);
    expect(listed.exitCode).toBe(1);
    expect(listed.stdout.split('\n')).toHaveLength(3);
  });

  it('finds out that the end was cut off, by a head that was kept', async () => {
    const cut = join(folder, 'cut.jsonl');
    copyFileSync(`${file()}.1`, cut);
    expect((await audit('verify', cut)).exitCode).toBe(0);
    const { stdout, exitCode } = await audit('verify', cut, '--head', head);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('record 10 was there: the end was cut off');
    rmSync(cut);
    expect((await audit('verify', cut, '--head', head)).exitCode).toBe(1);
  });

  it('looks over and lists the newer parts when older ones were put away', async () => {
    const newer = join(folder, 'newer', 'audit.jsonl');
    mkdirSync(join(folder, 'newer'));
    for (const name of readdirSync(join(folder, 'node')).filter((name) => !/\.(1|lock)$/.test(name))) {
      copyFileSync(join(folder, 'node', name), join(folder, 'newer', name));
    }
    const { stdout: whole } = await audit('verify', `${file()}.1`, '--json');
    const old = JSON.parse(whole) as { readonly records: number; readonly head: string };
    expect(old.records).toBeGreaterThan(0);
    expect((await audit('verify', newer)).exitCode).toBe(1);
    const { stdout, exitCode } = await audit('verify', newer, '--from', old.head, '--head', head, '--json');
    expect(exitCode, stdout).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ isWhole: true, records: 10 - old.records, head });
    const listed = await audit('list', newer);
    expect(listed.exitCode).toBe(0);
    expect(listed.stdout.trimEnd().split('\n')).toHaveLength(10 - old.records - 1);
    expect((await audit('verify', newer, '--from', '5')).error).toMatchObject({ code: 'usage' });
  });

  it('lists records: all, of a peer, of a case, of late', async () => {
    const numbers = async (...args: readonly string[]) => {
      const { stdout } = await audit('list', file(), '--json', ...args);
      return (JSON.parse(stdout) as { number: number }[]).map(({ number }) => number);
    };
    expect(await numbers()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await numbers('--peer', 'here')).toEqual([3, 6, 9]);
    expect(await numbers('--case', numbered(1001))).toEqual([1, 4, 7]);
    expect(await numbers('--since', '2026-11-20T12:07:00Z')).toEqual([8, 9, 10]);
    expect(await numbers('--case', numbered(1001), '--peer', 'here')).toEqual([]);
  });

  it('lists records for people', async () => {
    const { stdout, exitCode } = await audit('list', file());
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[2]).toBe(
      `     3  2026-11-20T12:02:00.000Z  granted   traceback            made here  about w3.example.org  case ${numbered(1000)}  hosts: 192.0.2.7, 2001:db8::7  gaps: 1  without confirmation: ticket 4711`,
    );
    expect(lines[9]).toMatch(/refused {3}a request {12}by somebody unknown at 203\.0\.113\.9 {2}no-certificate$/);
    // The tenth stands below the ninth.
    expect(new Set(lines.map((line) => line.indexOf('2026-'))).size).toBe(1);
  });

  it('says what is wrong with what was typed, or where there is no log', async () => {
    for (const head of ['5', `5:${'x'.repeat(64)}`, '']) {
      expect((await audit('verify', file(), '--head', head)).error).toMatchObject({ code: 'usage' });
    }
    expect((await audit('list', file(), '--since', 'yesterday')).error).toMatchObject({ code: 'usage' });
    const nowhere = join(folder, 'nowhere.jsonl');
    for (const command of ['verify', 'list']) {
      const { error, exitCode } = await audit(command, nowhere);
      expect(error).toMatchObject({ code: 'audit-file', message: expect.stringContaining('there is no audit log') });
      expect(exitCode).toBe(0);
    }
    mkdirSync(join(folder, 'folder'));
    expect((await audit('verify', join(folder, 'folder'))).error).toMatchObject({ code: 'audit-file' });
  });

  it('ends with 1 where there is no log, with a message and no trace', async () => {
    const { status, stderr } = await gluewall(process.env, 'audit', 'verify', join(folder, 'nowhere.jsonl'));
    expect(status).toBe(1);
    expect(stderr).toMatch(/^gluewall: there is no audit log .*nowhere\.jsonl/);
  });
});
