import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../../../src/core/address.ts';
import { silentLog } from '../../../../src/core/log.ts';
import { parseName } from '../../../../src/dns/name.ts';
import type { AuditEntry } from '../../../../src/traceback/audit/audit.ts';
import type { Case, CaseProgress } from '../../../../src/traceback/cases/case.ts';
import type { CaseDemand } from '../../../../src/traceback/cases/case-demand.ts';
import { CaseFiles } from '../../../../src/traceback/cases/case-files.ts';
import { CaseRunner } from '../../../../src/traceback/cases/case-runner.ts';
import { type Gap, nodeRequest } from '../../../../src/traceback/messages.ts';
import { DEFAULT_MODEL } from '../../../../src/traceback/node-options.ts';
import { Problem } from '../../../../src/traceback/problem.ts';
import { reportedHost, reportOf, ScriptedNode } from '../../../support/scripted-node.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const OPTIONS = {
  name: 'victim.example.net',
  window: { beforeMs: 5000, afterMs: 1000 },
  model: DEFAULT_MODEL,
};

let folder: string;
let node: ScriptedNode;
let clock: VirtualClock;
let entries: AuditEntry[];
let isAuditFull: boolean;
let runner: CaseRunner;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-cases-'));
  node = new ScriptedNode();
  clock = new VirtualClock();
  entries = [];
  isAuditFull = false;
  runner = await startRunner();
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function startRunner(): Promise<CaseRunner> {
  const audit = {
    async append(entry: AuditEntry) {
      if (isAuditFull) throw new Problem('busy', 'nothing can be kept in the audit log now');
      entries.push(entry);
    },
  };
  const made = new CaseRunner(OPTIONS, { node, files: new CaseFiles(join(folder, 'cases'), silentLog), audit, clock });
  await made.start();
  return made;
}

function demand(parts: Partial<CaseDemand> = {}): CaseDemand {
  return {
    name: parseName('www.example.org')!,
    atMs: Date.UTC(2026, 10, 20, 12, 0, 5),
    source: parseAddress('192.0.2.7')!,
    method: 'hash',
    commandAndControl: false,
    timeLimitMs: 30_000,
    by: 'operator',
    ...parts,
  };
}

/** Takes all items of a case; `onItem` sees each. */
async function run(
  parts: Partial<CaseDemand> = {},
  signal = new AbortController().signal,
  onItem: (item: CaseProgress) => void = () => {},
): Promise<{ result: Case; items: CaseProgress[] }> {
  const items: CaseProgress[] = [];
  const work = runner.open(demand(parts), signal);
  for (;;) {
    const step = await work.next();
    if (step.done === true) return { result: step.value, items };
    items.push(step.value);
    onItem(step.value);
  }
}

const kinds = () => node.asked.map(({ kind }) => kind);

describe('a case', () => {
  it.each(['hash', 'oblivious'] as const)(
    'of packets that are spoofed, by %s, ends with ranked hosts',
    async (method) => {
      const { result, items } = await run({ method });
      expect(kinds()).toEqual(['confirm', 'traceback']);
      expect(result).toMatchObject({
        state: 'open',
        step: 'ended',
        outcome: 'hosts named',
        node: 'victim.example.net',
        question: {
          name: 'www.example.org',
          at: '2026-11-20T12:00:05.000Z',
          source: '192.0.2.7',
          by: 'operator',
          method,
        },
        confirmation: { outcome: 'spoofed', verdicts: [{ verdict: 'no match' }] },
        ground: { confirmed: 'spoofed' },
        hosts: [{ address: '192.0.2.50', name: 'host-50' }],
        gaps: [],
        isComplete: true,
      });
      expect(result.hosts[0]!.confidence).toBeGreaterThan(0.5);
      expect(items.map(({ step }) => step)).toEqual(['confirm', 'confirm', 'traceback', 'traceback', 'ended']);
      expect(items.at(-1)!.words).toBe('hosts named');
      expect(await runner.show(result.id)).toEqual(JSON.parse(JSON.stringify(result)));
    },
  );

  it('says nothing twice on its way', async () => {
    for (const parts of [{}, { commandAndControl: true }, { source: parseAddress('192.0.2.50')! }]) {
      const { result, items } = await run(parts);
      const said = items.map(({ words }) => words);
      for (const one of said.slice(0, -1)) expect(said.filter((other) => other.includes(one))).toEqual([one]);
      expect(result.detail).not.toContain(result.confirmation!.words);
    }
  });

  it('takes what the node has for the parts of its window that are not said', async () => {
    const { result } = await run({ beforeMs: 60_000 });
    expect(result.question.window).toEqual({ beforeMs: 60_000, afterMs: 1000 });
    expect((await run()).result.question.window).toEqual(OPTIONS.window);
  });

  it('asks what the schema takes, of itself, in the case and for less time than there is', async () => {
    node.suspects = [];
    await run({ commandAndControl: true });
    expect(kinds()).toEqual(['confirm', 'traceback', 'command-and-control']);
    for (const request of node.asked) {
      expect(nodeRequest.safeParse(request).error).toBeUndefined();
      expect(request).toMatchObject({ path: ['victim.example.net'], servers: [], case: node.asked[0]!.case });
      expect(request.timeLimitMs).toBeLessThanOrEqual(30_000);
    }
    expect(node.asked[0]!.timeLimitMs).toBeLessThan(30_000);
    expect(new Set(node.asked.map(({ request }) => request)).size).toBe(3);
  });

  it('of packets that are not spoofed ends there', async () => {
    node.sources = { 'source.example.net': ['192.0.2.50', '192.0.2.7'] };
    const { result } = await run();
    expect(kinds()).toEqual(['confirm']);
    expect(result).toMatchObject({
      outcome: 'not spoofed',
      hosts: [],
      isComplete: true,
      detail: 'the attacker is 192.0.2.7, no traceback is needed',
    });
    expect(result.ground).toBeUndefined();
  });

  it.each([
    ['nobody asked', { 'source.example.net': [] }],
    ['nobody answered', {}],
  ])('without a confirmation, for %s, names nobody', async (_, sources) => {
    node.sources = sources;
    const { result } = await run();
    expect(kinds()).toEqual(['confirm']);
    expect(result).toMatchObject({ outcome: 'not confirmed', hosts: [], isComplete: false });
  });

  it('goes on without a confirmation for a reason, which is audited', async () => {
    node.sources = {};
    const { result } = await run({ override: 'ticket 4711' });
    expect(result).toMatchObject({ outcome: 'hosts named', ground: { override: 'ticket 4711' } });
    const granted = entries.filter(({ decision }) => decision === 'granted');
    expect(granted.map(({ kind, override }) => [kind, override])).toEqual([
      ['confirm', undefined],
      ['traceback', 'ticket 4711'],
    ]);
    expect(node.asked[1]).toMatchObject({ ground: { override: 'ticket 4711' } });
  });

  it('does not use the reason where the confirmation says "spoofed"', async () => {
    const { result } = await run({ override: 'ticket 4711' });
    expect(result.ground).toEqual({ confirmed: 'spoofed' });
    expect(entries.every(({ override }) => override === undefined)).toBe(true);
  });

  it('goes on for a reason also when the confirmation fails', async () => {
    node.before = async ({ kind }) => {
      if (kind === 'confirm') throw new Problem('busy', 'too much to do');
    };
    const { result, items } = await run({ override: 'ticket 4711' });
    expect(result).toMatchObject({ outcome: 'hosts named', exchanges: [{ failure: 'too much to do' }, {}] });
    expect(items.map(({ words }) => words)).toContain('no confirmation: too much to do');
  });

  it('says what is missing', async () => {
    node.gaps = [{ reason: 'unreachable', node: 'away.example.net', detail: 'no route' }];
    const { result } = await run();
    expect(result).toMatchObject({ outcome: 'hosts named', isComplete: false });
    // The same at both steps.
    expect(result.gaps).toEqual(node.gaps);
  });

  it('names nobody where no source does', async () => {
    node.reports = [reportOf('source.example.net', [], 12)];
    const { result } = await run({ commandAndControl: true });
    expect(result).toMatchObject({
      outcome: 'no host named',
      isComplete: true,
      detail: expect.stringMatching(/12 not named/),
    });
    expect(kinds()).toEqual(['confirm', 'traceback']);
  });
});

describe('the search for command and control', () => {
  it('asks about the hosts that are likely, and no others', async () => {
    const hosts = [reportedHost('192.0.2.50', 0.6), reportedHost('192.0.2.51', 0.05)];
    node.reports = [reportOf('source.example.net', hosts)];
    const suspect = {
      name: 'c2.example',
      score: 17.5,
      hosts: ['192.0.2.50'],
      cases: 1,
      clients: 0,
      beforeMs: 4000,
      answers: [],
      reasons: ['by 0 of 240 other clients in 24 h'],
    };
    node.suspects = [{ path: ['destination.example.net', 'source.example.net'], names: [suspect] }];
    const { result } = await run({ commandAndControl: true });
    expect(node.asked[2]).toMatchObject({ kind: 'command-and-control', hosts: ['192.0.2.50'] });
    expect(result).toMatchObject({ outcome: 'hosts named', suspects: node.suspects, isComplete: true });
    expect(entries.at(-1)).toMatchObject({ kind: 'command-and-control', decision: 'answered', hosts: ['192.0.2.50'] });
  });

  it.each([
    ['fails', () => Promise.reject(new Problem('busy', 'too much to do')), 'too much to do'],
    ['hangs until the time is over', () => new Promise<void>(() => clock.advance(30_000)), 'no time is left'],
  ])('that %s leaves the hosts named, and says that this is not all', async (_, happens, why) => {
    node.before = async ({ kind }) => {
      if (kind === 'command-and-control') await happens();
    };
    const { result } = await run({ commandAndControl: true });
    expect(result).toMatchObject({ outcome: 'hosts named', hosts: [{ address: '192.0.2.50' }], isComplete: false });
    expect(result.detail).toMatch(new RegExp(`; what they asked for before is not known: ${why}$`));
    expect(result.exchanges.map(({ failure }) => failure)).toEqual([undefined, undefined, why]);
  });

  it('that has no time left leaves the hosts named, too', async () => {
    node.before = async ({ kind }) => {
      if (kind === 'traceback') clock.advance(29_990);
    };
    const { result } = await run({ commandAndControl: true });
    expect(kinds()).toEqual(['confirm', 'traceback']);
    expect(result).toMatchObject({ outcome: 'hosts named', isComplete: false });
    expect(result.detail).toMatch(/is not known: no time is left$/);
  });

  it('asks nothing where no host is likely', async () => {
    const hosts = Array.from({ length: 20 }, (_, index) => reportedHost(`192.0.2.${index + 50}`, 0.04));
    node.reports = [reportOf('source.example.net', hosts)];
    const { result, items } = await run({ commandAndControl: true });
    expect(kinds()).toEqual(['confirm', 'traceback']);
    expect(result).toMatchObject({ outcome: 'hosts named', isComplete: true });
    expect(items.some(({ words }) => words.startsWith('no command and control is looked for'))).toBe(true);
  });
});

describe('an answer with very many gaps', () => {
  const gapsOf = (kind: string, count: number): Gap[] =>
    Array.from({ length: count }, (_, index) => ({ reason: 'late', detail: `${kind} ${index}` }));

  it('does not take the case with it', async () => {
    node.before = async ({ kind }) => {
      node.gaps = gapsOf(kind, 2048);
    };
    const { result } = await run();
    expect(result.outcome).toBe('hosts named');
    expect(result.gaps).toHaveLength(4096);
    expect((await runner.show(result.id)).gaps).toHaveLength(4096);
    expect((await (await startRunner()).show(result.id)).hosts).toEqual(result.hosts);
  });

  it('is cut where not even a peer that keeps the rules sends so many', async () => {
    node.before = async ({ kind }) => {
      node.gaps = gapsOf(kind, 4000);
    };
    const { result } = await run();
    expect(result.gaps).toHaveLength(6144);
    expect(result.gaps.at(-1)).toEqual({ reason: 'too many', detail: '1857 more gaps are not kept' });
    expect((await runner.show(result.id)).gaps).toHaveLength(6144);
  });
});

describe('the audit log', () => {
  it('has what was asked here, with the hosts that were named', async () => {
    const { result } = await run();
    const asked = { peer: 'here', case: result.id, name: 'www.example.org' };
    const what = { at: '2026-11-20T12:00:05.000Z', window: OPTIONS.window, path: ['victim.example.net'] };
    expect(entries).toEqual(
      [
        { ...asked, kind: 'confirm', decision: 'granted', ...what, test: 'hash' },
        { ...asked, kind: 'confirm', decision: 'answered', gaps: 0 },
        { ...asked, kind: 'traceback', decision: 'granted', ...what },
        { ...asked, kind: 'traceback', decision: 'answered', hosts: ['192.0.2.50'], gaps: 0 },
      ].map((entry) => expect.objectContaining(entry)),
    );
    expect(entries.map(({ request }) => request)).toEqual(node.asked.flatMap(({ request }) => [request, request]));
  });

  it('comes first: while nothing can be written nothing is found', async () => {
    isAuditFull = true;
    const { result } = await run();
    expect(result).toMatchObject({
      outcome: 'failed',
      hosts: [],
      detail: expect.stringMatching(/nothing can be kept/),
    });
    expect(result.confirmation).toBeUndefined();
    isAuditFull = false;
    expect((await run()).result.outcome).toBe('hosts named');
  });

  it('has a request before anybody is asked', async () => {
    const before: unknown[] = [];
    node.before = async ({ kind }) => {
      before.push([kind, entries.at(-1)?.kind, entries.at(-1)?.decision]);
    };
    await run();
    expect(before).toEqual([
      ['confirm', 'confirm', 'granted'],
      ['traceback', 'traceback', 'granted'],
    ]);
  });

  it('has what our own node refused, and why', async () => {
    node.before = async ({ kind }) => {
      if (kind === 'traceback') throw new Problem('no-ground', 'the address asked here itself');
    };
    const { result } = await run();
    expect(entries.at(-1)).toMatchObject({ kind: 'traceback', decision: 'failed', problem: 'no-ground' });
    expect(result).toMatchObject({
      outcome: 'failed',
      confirmation: { outcome: 'spoofed' },
      detail: expect.stringMatching(
        /the address asked here itself; it ended at traceback: the confirmation said "spoofed"/,
      ),
    });
  });
});

describe('a case that does not come to its end', () => {
  const hang = (at: string) => {
    node.before = ({ kind }) => (kind === at ? new Promise(() => {}) : Promise.resolve());
  };

  it('is cancelled by its signal, and keeps what was found', async () => {
    hang('command-and-control');
    const ctrlC = new AbortController();
    const { result } = await run({ commandAndControl: true }, ctrlC.signal, ({ step }) => {
      if (step === 'command-and-control') setImmediate(() => ctrlC.abort());
    });
    expect(result).toMatchObject({ outcome: 'cancelled', hosts: [{ address: '192.0.2.50' }], isComplete: false });
    expect(result.detail).toContain(
      'it ended at command-and-control: the confirmation said "spoofed", with 1 host named',
    );
    expect((await runner.show(result.id)).outcome).toBe('cancelled');
    expect(clock.pendingTimers).toBe(0);
  });

  it('that was asked and not answered is kept, and in the audit log', async () => {
    hang('confirm');
    const ctrlC = new AbortController();
    const { result } = await run({}, ctrlC.signal, () => setImmediate(() => ctrlC.abort()));
    expect(result).toMatchObject({ outcome: 'cancelled', exchanges: [{ kind: 'confirm' }] });
    expect(entries.map(({ kind, decision }) => [kind, decision])).toEqual([
      ['confirm', 'granted'],
      ['confirm', 'failed'],
    ]);
  });

  it('ends when its time is over, whatever the node does', async () => {
    hang('traceback');
    const { result } = await run({}, undefined, ({ step }) => {
      if (step === 'traceback') setImmediate(() => clock.advance(30_000));
    });
    expect(result).toMatchObject({ outcome: 'late', confirmation: { outcome: 'spoofed' } });
    expect(result.detail).toMatch(/^no time is left; it ended at traceback/);
  });

  it('gives no step time that is over', async () => {
    node.before = async ({ kind }) => {
      if (kind === 'confirm') clock.advance(29_970);
    };
    const { result } = await run();
    expect(kinds()).toEqual(['confirm']);
    expect(result.outcome).toBe('late');
  });

  it('is told when the node fails in a way that it should not', async () => {
    node.before = async () => {
      throw new TypeError('undefined is not a function');
    };
    expect((await run()).result).toMatchObject({
      outcome: 'failed',
      detail: expect.stringMatching(/^undefined is not/),
    });
  });

  it('is cancelled when nobody takes its items any more', async () => {
    for await (const item of runner.open(demand(), new AbortController().signal)) {
      expect(item.step).toBe('confirm');
      break;
    }
    expect(runner.list()).toMatchObject([{ outcome: 'cancelled', step: 'ended' }]);
    expect(runner.running).toBe(0);
  });

  it('is interrupted where the process died, and says how far it was', async () => {
    hang('traceback');
    const work = runner.open(demand(), new AbortController().signal);
    for (let item = 0; item < 3; item++) await work.next();
    void work.next();
    await new Promise(setImmediate);
    // Another process begins on the same folder.
    runner = await startRunner();
    const [left] = runner.list();
    expect(left).toMatchObject({ outcome: 'interrupted', step: 'ended', isComplete: false });
    expect(await runner.show(left!.id)).toMatchObject({
      confirmation: { outcome: 'spoofed' },
      detail: 'gluewall ended in between; it ended at traceback: the confirmation said "spoofed"',
    });
  });

  it('is cancelled by the end of gluewall, which waits for it', async () => {
    hang('traceback');
    const running = run();
    while (node.asked.length < 2) await new Promise(setImmediate);
    await runner.stop();
    expect((await running).result.outcome).toBe('cancelled');
    await runner.stop();
    await expect(run()).rejects.toMatchObject({ code: 'case-busy' });
  });
});

describe('the folder of cases', () => {
  it('is told to whom asks when it cannot be written, and the answer is there all the same', async () => {
    node.before = async ({ kind }) => {
      if (kind === 'traceback') rmSync(join(folder, 'cases'), { recursive: true });
    };
    const { result, items } = await run();
    expect(result.outcome).toBe('hosts named');
    expect(items.at(-2)!.words).toMatch(/^this is not kept: a case in .* cannot be written \(ENOENT\)/);
  });

  it('must take a case before anything is asked', async () => {
    rmSync(join(folder, 'cases'), { recursive: true });
    await expect(run()).rejects.toMatchObject({ code: 'case-file' });
    expect(node.asked).toEqual([]);
    expect(runner.running).toBe(0);
  });

  it('has a file for each case that only its owner may read, and nothing half', async () => {
    const { result } = await run();
    expect(readdirSync(join(folder, 'cases'))).toEqual([`${result.id}.json`]);
    const file = join(folder, 'cases', `${result.id}.json`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ id: result.id, outcome: 'hosts named' });
  });
});

describe('cases', () => {
  it('are listed newest first, and closed with a reason', async () => {
    const first = (await run()).result;
    clock.advance(1000);
    const second = (await run({ name: parseName('mail.example.org')! })).result;
    expect(runner.list().map(({ id }) => id)).toEqual([second.id, first.id]);
    expect(runner.list()[0]).toMatchObject({ name: 'mail.example.org', hosts: 1, first: { address: '192.0.2.50' } });
    await runner.close(first.id, 'host was cleaned', 'operator');
    runner = await startRunner();
    expect(runner.list().map(({ state }) => state)).toEqual(['open', 'closed']);
    expect((await runner.show(first.id)).closed).toEqual({
      at: '2026-01-15T12:00:01.000Z',
      reason: 'host was cleaned',
      by: 'operator',
    });
  });

  it('that are closed keep who closed them, and why', async () => {
    const { id } = (await run()).result;
    const closed = await runner.close(id, 'host was cleaned', 'operator');
    await expect(runner.close(id, 'oops', 'somebody')).rejects.toMatchObject({
      code: 'case-closed',
      message: expect.stringContaining('host was cleaned'),
    });
    expect(await runner.show(id)).toEqual(JSON.parse(JSON.stringify(closed)));
  });

  it('that are not there are told', async () => {
    for (const id of ['00000000-0000-4000-8000-000000000000', '../../etc/passwd', '']) {
      await expect(runner.show(id)).rejects.toMatchObject({ code: 'case-unknown' });
      await expect(runner.close(id, 'why')).rejects.toMatchObject({ code: 'case-unknown' });
    }
  });

  it('are not closed while they are worked on, and only so many are at once', async () => {
    const release: (() => void)[] = [];
    node.before = ({ kind }) =>
      kind === 'confirm' ? new Promise((resolve) => release.push(resolve)) : Promise.resolve();
    const running = Array.from({ length: 16 }, () => run());
    while (release.length < 16) await new Promise(setImmediate);
    await expect(run()).rejects.toMatchObject({ code: 'case-busy' });
    await expect(runner.close(runner.list()[0]!.id, 'why')).rejects.toMatchObject({ code: 'case-busy' });
    for (const go of release.splice(0)) go();
    expect((await Promise.all(running)).map(({ result }) => result.outcome)).toEqual(Array(16).fill('hosts named'));
    node.before = async () => {};
    await run();
  });
});
