import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addModelCommand } from '../../../../src/cli/commands/traceback-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
let printed: string;

beforeEach(() => {
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true }));

async function model(...args: readonly string[]): Promise<string> {
  const group = new Command('traceback').exitOverride();
  addModelCommand(group);
  await group.parseAsync(['model', ...args], { from: 'user' });
  return printed;
}

describe('gluewall traceback model', () => {
  it('prints the plot, the table, the figures at 15 hops and the crossings', async () => {
    const lines = (await model()).split('\n');
    expect(lines).toContain('at 15 hops: 0.21 conventional; 0.45 DNS logs, q = 0.55; 0.81 DNS logs, q = 1');
    expect(lines).toContain('DNS logs, q = 0.55: better than the conventional one from 8 hops on');
    expect(lines).toContain('DNS logs, q = 1: better than the conventional one from 3 hops on');
    expect(lines).toContain('  15        0.2059              0.4455           0.8100');
    expect(lines.filter((line) => /^ +\d+ +\d\.\d{4}/.test(line))).toHaveLength(30);
    for (const line of lines) expect(line.length).toBeLessThan(100);
  });

  it('plots every curve where it belongs', async () => {
    const rows = (await model()).split('\n').filter((line) => /^(\d\.\d| {3}) \|/.test(line));
    expect(rows.filter((row) => row.startsWith('0.8'))).toHaveLength(1);
    expect(rows.find((row) => row.startsWith('0.8'))).toMatch(/b{50}$/);
    expect(rows.findIndex((row) => /a{50}/.test(row))).toBeGreaterThan(rows.findIndex((row) => /b{50}/.test(row)));
    expect(rows.at(-2)).toMatch(/\.$/);
  });

  it('says so where there is no crossing', async () => {
    expect(await model('--participation', '1')).toContain('at no number of hops better than the conventional one');
  });

  it('answers as JSON', async () => {
    const args = ['--query-rate', '0.5', '--forwarders', '0', '3', '--hops', '4', '--participation', '0.5', '--json'];
    const answer = JSON.parse(await model(...args));
    expect(answer).toMatchObject({
      participation: 0.5,
      hops: 4,
      conventional: { successes: [0.5, 0.25, 0.125, 0.0625] },
      dnsLogs: [
        { queryRate: 0.5, forwarders: 0, successes: [0.25, 0.125, 0.125, 0.125], betterFrom: 4 },
        { queryRate: 0.5, forwarders: 3, betterFrom: 7 },
      ],
    });
  });

  it('writes the picture and the table', async () => {
    const [svg, csv] = [join(folder, 'success.svg'), join(folder, 'success.csv')];
    await model('--svg', svg, '--csv', csv);
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(readFileSync(csv, 'utf8').split('\n')).toHaveLength(32);
  });

  it.each([
    [['--participation', '1.1'], '--participation: "1.1" is no share: want a number from 0 to 1, such as 0.55'],
    [['--participation', '90%'], '--participation: "90%" is no share'],
    [['--participation', ''], '--participation: "" is no share'],
    [['--query-rate', '0.5', 'often'], '--query-rate: "often" is no share'],
    [['--query-rate', '-1'], '--query-rate: "-1" is no share'],
    [['--hops', '1'], '--hops: "1" is no count: want a whole number from 2 to 255'],
    [['--hops', '256'], '--hops: "256" is no count'],
    [['--hops', '1e1'], '--hops: "1e1" is no count'],
    [['--forwarders', '15'], '--forwarders: "15" is no count: want a whole number from 0 to 14'],
    [['--forwarders', '0', '1', '2', '--query-rate', '0.1', '0.2', '0.3'], '9 curves are too many'],
  ])('%j: a usage error', async (args, message) => {
    await expect(model(...args)).rejects.toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(message) }),
    );
    expect(printed).toBe('');
  });

  it('a file that cannot be written: says which, and prints nothing', async () => {
    const file = join(folder, 'no-such-folder', 'success.svg');
    await expect(model('--svg', file)).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringContaining(file),
    });
    expect(printed).toBe('');
  });
});
