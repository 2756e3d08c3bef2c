import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTruth } from '../../../../src/cli/simulation/read-truth.ts';
import { RecordedLogs } from '../../../../src/cli/simulation/recorded-logs.ts';
import type { CaseOutcome } from '../../../../src/simulation/case-outcome.ts';
import { traceRecorded } from '../../../../src/simulation/recorded.ts';

const VECTORS = join(import.meta.dirname, '..', '..', '..', 'vectors', 'traceback-logs');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
  cpSync(VECTORS, folder, { recursive: true });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function outcomesOf(): Promise<CaseOutcome[]> {
  const truth = await readTruth(join(folder, 'truth.json'));
  const logs = new RecordedLogs();
  try {
    await logs.load(truth, folder);
    const outcomes: CaseOutcome[] = [];
    for await (const outcome of traceRecorded(truth, logs.byNode)) outcomes.push(outcome);
    return outcomes;
  } finally {
    await logs.close();
  }
}

/** Changes the truth as text. */
function change(from: string | RegExp, to: string): void {
  const file = join(folder, 'truth.json');
  const text = readFileSync(file, 'utf8');
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  writeFileSync(file, changed);
}

const ranks = (outcomes: readonly CaseOutcome[], search: 'two windows' | 'one window') =>
  outcomes.map(({ findings }) => findings[search]?.rank);

describe('logs made elsewhere', () => {
  it('are traced, and compared to the truth beside them', async () => {
    const outcomes = await outcomesOf();
    // With an innocent in the window; by a forwarder; its source has no logs; it did not ask; hidden by a cache.
    expect(ranks(outcomes, 'two windows').map((rank) => rank !== undefined)).toEqual([true, true, false, false, true]);
    expect(ranks(outcomes, 'one window').map((rank) => rank !== undefined)).toEqual([true, true, false, false, false]);
    expect(outcomes.map(({ truth }) => truth)).toEqual([
      { hops: 2, missing: undefined, isAsked: true, isSeen: true, ttlMs: undefined },
      { hops: 3, missing: undefined, isAsked: true, isSeen: true, ttlMs: undefined },
      { hops: 2, missing: 'source', isAsked: true, isSeen: true, ttlMs: undefined },
      { hops: 2, missing: undefined, isAsked: false, isSeen: false, ttlMs: undefined },
      { hops: 3, missing: undefined, isAsked: true, isSeen: false, ttlMs: undefined },
    ]);
    expect(outcomes[0]!.findings['two windows']).toMatchObject({ innocents: 1, inWindow: 1 });
  });

  it('find nobody where the destination has none', async () => {
    change('"logs": [{"file": "shop-bind.log", "format": "bind"}]', '"logs": []');
    const outcomes = await outcomesOf();
    expect(ranks(outcomes, 'two windows')).toEqual(new Array(5).fill(undefined));
    expect(outcomes.map(({ truth }) => truth.missing)).toEqual(new Array(5).fill('destination'));
  });

  it('lose what lies behind a forwarder that has none', async () => {
    change('"logs": [{"file": "isp-unbound.log"}]', '"logs": []');
    const outcomes = await outcomesOf();
    expect(ranks(outcomes, 'two windows').map((rank) => rank !== undefined)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(outcomes[1]!.truth.missing).toBe('forwarder');
  });

  it('go when they are closed, or cannot be read', async () => {
    const truth = await readTruth(join(folder, 'truth.json'));
    unlinkSync(join(folder, 'office-unbound.log'));
    const logs = new RecordedLogs();
    await expect(logs.load(truth, folder)).rejects.toMatchObject({
      code: 'log-file',
      message: expect.stringMatching(/office-unbound\.log cannot be read: there is no such file/),
    });
    expect(existsSync(logs.folder)).toBe(true);
    await logs.close();
    await logs.close();
    expect(existsSync(logs.folder)).toBe(false);
  });

  it('are refused when they are none', async () => {
    writeFileSync(join(folder, 'office-unbound.log'), 'nothing of the kind\n'.repeat(20));
    const old = new Date('2026-11-20T00:00:00Z');
    utimesSync(join(folder, 'office-unbound.log'), old, old);
    await expect(outcomesOf()).rejects.toMatchObject({
      code: 'log-file',
      message: expect.stringMatching(/office-unbound\.log: there is no query in it/),
    });
  });
});

describe('a truth that cannot be', () => {
  const told = async () => {
    const error = await readTruth(join(folder, 'truth.json')).then(
      () => undefined,
      (cause: Error & { code?: string }) => cause,
    );
    expect(error?.code).toBe('simulation-truth');
    return error!.message.replaceAll(folder, '');
  };

  it('is refused with where it is wrong', async () => {
    change('"hosts": ["192.0.2.13"]', '"hosts": []');
    expect(await told()).toMatch(/^\/truth\.json:10:\d+: cases\[0\]\.hosts: want at least one$/);
  });

  it.each([
    [
      'an unknown peer',
      '"peers": ["node.school.example"]',
      '"peers": ["node.nobody.example"]',
      /:4:\d+: nodes\[1\]\.peers\[0\]: there is no node node\.nobody\.example/,
    ],
    [
      'a node twice',
      '"node.isp.example", "servers"',
      '"node.shop.example", "servers"',
      /:4:\d+: nodes\[1\]\.name: node\.shop\.example is nodes\[0\], too/,
    ],
    [
      'a name of no zone',
      '"login.shop.example"',
      '"login.other.example"',
      /:14:\d+: cases\[4\]\.name: no node has a zone/,
    ],
    [
      'a host of nobody',
      '["198.18.1.40"]',
      '["198.19.1.40"]',
      /:12:\d+: cases\[2\]\.hosts\[0\]: 198\.19\.1\.40 is among the clients of no node/,
    ],
    ['a case without hosts', ', "hosts": ["192.0.2.13"]', '', /:10:\d+: cases\[0\]\.hosts: is missing: want a list/],
    [
      'an address that is none',
      '"source": "203.0.113.66"',
      '"source": "203.0.113.666"',
      /:10:\d+: cases\[0\]\.source: want an IPv4 or IPv6 address/,
    ],
    [
      'a time without a zone',
      '2026-11-20T12:00:05Z',
      '2026-11-20T12:00:05',
      /:10:\d+: cases\[0\]\.at: want a time with its zone/,
    ],
    [
      'an unknown format',
      '"format": "bind"',
      '"format": "bindd"',
      /:3:\d+: nodes\[0\]\.logs\[0\]\.format: want one of bind, /,
    ],
    ['an unknown time zone', 'Europe/Vienna', 'Europe/Wien', /:6:\d+: nodes\[3\]\.logs\[0\]\.zone: want a time zone/],
    ['an unknown key', '"forwarder"', '"forwards"', /:4:\d+: nodes\[1\]: unknown key "forwards"/],
    [
      'a comma too many',
      '"forwarder": true,',
      '"forwarder": true,,',
      /:4:\d+: want a name in quotation marks, and not ","/,
    ],
    ['a cut file', /"cases": [\s\S]*/, '"cases": [', /:9:13: want a value, and the text ends/],
    [
      'a key twice',
      '"forwarder": true,',
      '"forwarder": true, "forwarder": true,',
      /:4:\d+: "forwarder" stands here twice/,
    ],
  ] as const)('is refused: %s', async (_name, from, to, message) => {
    change(from, to);
    expect(await told()).toMatch(message);
  });

  it('is refused when there is none, or no text', async () => {
    writeFileSync(join(folder, 'truth.json'), Buffer.from([0xff, 0xfe, 0x00]));
    expect(await told()).toBe('/truth.json is no UTF-8 text');
    unlinkSync(join(folder, 'truth.json'));
    expect(await told()).toMatch(/truth\.json cannot be read: there is no such file; --logs wants a folder/);
    await expect(readTruth(folder)).rejects.toMatchObject({ code: 'simulation-truth' });
  });
});
