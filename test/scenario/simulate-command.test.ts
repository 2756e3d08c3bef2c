/** `gluewall traceback simulate`, as it is typed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { gluewall } from '../support/gluewall-command.ts';

const VECTORS = repositoryPath('test', 'vectors', 'traceback-logs');
const simulate = (...args: readonly string[]) => gluewall(process.env, 'traceback', 'simulate', ...args);
const lastLine = (stdout: string) => JSON.parse(stdout.trimEnd().split('\n').at(-1)!);

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a generated Internet', () => {
  it('is measured beside p^hops·q, and printed as one object', async () => {
    const typed = [
      '--participation',
      '0.9',
      '--query-rate',
      '1',
      '--hops',
      '3',
      '--cases',
      '80',
      '--seed',
      '4',
      '--background',
      '40',
      '--json',
    ];
    const { status, stdout } = await simulate(...typed);
    expect(status).toBe(0);
    const result = lastLine(stdout);
    expect(result).toMatchObject({ p: 0.9, q: 1, hops: 3, cases: 80, seed: '4', caches: false });
    expect(result.expected).toBeCloseTo(0.729);
    expect(result.error).toBeCloseTo(Math.sqrt((0.729 * 0.271) / 80));
    expect(Math.abs(result.measured - result.expected)).toBeLessThan(3 * result.error);
    expect((await simulate(...typed)).stdout).toBe(stdout);
  });

  it('is printed as tables, with the seed that was drawn', async () => {
    const { status, stdout } = await simulate('--cases', '20', '--caches', '--background', '100');
    expect(status).toBe(0);
    const seed = /^20 cases, p 0\.9, q 0\.55, hops 2, caches on, 100 queries of a client a day, seed (\d+)\n/.exec(
      stdout,
    );
    expect(seed).not.toBeNull();
    expect(stdout).toMatch(/^ +two windows +one window \(paper 1\)$/m);
    expect(stdout).toMatch(/^bot named +\d+\.\d % ± \d+\.\d % +\d+\.\d % ± \d+\.\d %$/m);
    expect(stdout).toMatch(/^expected \(p²·q\) +44\.6 % ± 11\.1 %$/m);
    expect(stdout).toMatch(/^TTL 60 s +\d+ +\d+\.\d %/m);
    expect((await simulate('--cases', '20', '--caches', '--background', '100', '--seed', seed![1]!)).stdout).toBe(
      stdout,
    );
  });

  it('is refused when it cannot be', async () => {
    const { status, stderr, stdout } = await simulate('--hops', '1');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/--hops: "1" is no such number: want a whole one from 2 to 16/);
  });
});

describe('logs made elsewhere', () => {
  it('are measured, with p and q as they were', async () => {
    const { status, stdout } = await simulate('--logs', VECTORS, '--json');
    expect(status).toBe(0);
    const result = lastLine(stdout);
    expect(result).toMatchObject({ p: 0.8, q: 0.8, hops: 2.4, measured: 0.6, cases: 5 });
    expect(result.expected).toBeCloseTo((3 * 0.8 ** 2 * 0.8 + 2 * 0.8 ** 3 * 0.8) / 5);
    expect(result.twoWindows.missed).toMatchObject({ source: 1, 'no query': 1, cache: 0 });
    expect(result.oneWindow.missed).toMatchObject({ source: 1, 'no query': 1, cache: 1 });
  });

  it('take p and q from the options, too', async () => {
    const typed = ['--participation', '1', '--query-rate', '0.5', '--json'];
    expect(lastLine((await simulate('--logs', VECTORS, ...typed)).stdout)).toMatchObject({
      p: 1,
      q: 0.5,
      expected: 0.5,
    });
  });

  it('are refused with what is missing', async () => {
    const { status, stderr } = await simulate('--logs', folder);
    expect(status).toBe(1);
    expect(stderr).toMatch(/truth\.json cannot be read: there is no such file/);
    writeFileSync(join(folder, 'truth.json'), '{"nodes": [}');
    const cut = await simulate('--logs', folder);
    expect([cut.status, cut.stderr]).toEqual([
      1,
      expect.stringMatching(/truth\.json:1:12: want a value, and not "\}"/),
    ]);
  });

  it('leave nothing behind when they are interrupted', async () => {
    const temporary = join(folder, 'tmp');
    mkdirSync(temporary);
    // Reading goes on until somebody writes to the pipe: nobody does.
    const logs = join(folder, 'endless');
    mkdirSync(logs);
    await once(spawn('mkfifo', [join(logs, 'never.log')]), 'exit');
    const node = { name: 'a.example', servers: ['192.0.2.53'], zones: ['example'], clients: ['192.0.2.0/24'] };
    const attack = { name: 'www.example', at: '2026-11-20T12:00:05Z', source: '203.0.113.66', hosts: ['192.0.2.9'] };
    const truth = { nodes: [{ ...node, logs: [{ file: 'never.log' }] }], cases: [attack] };
    writeFileSync(join(logs, 'truth.json'), JSON.stringify(truth));
    const main = repositoryPath('dist', 'src', 'cli', 'main.js');
    const env = { ...process.env, TMPDIR: temporary };
    const child = spawn(process.execPath, [main, 'traceback', 'simulate', '--logs', logs], { env });
    await expect.poll(() => readdirSync(temporary), { timeout: 20_000 }).toHaveLength(1);
    child.kill('SIGINT');
    await once(child, 'exit');
    expect(readdirSync(temporary)).toEqual([]);
  });
});
