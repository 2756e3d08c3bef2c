import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { NodeRequest, SourceReport, TracebackAnswer, TracebackRequest } from '../../../src/traceback/messages.ts';
import { PeerFailure } from '../../../src/traceback/node-options.ts';
import { AT_MS, gapsOf, type Impostor, namedHosts, type RigNode, TracebackRig } from '../../support/traceback-rig.ts';

const DESTINATION: RigNode = { zones: ['example.org'], servers: ['192.0.2.53'] };
const SOURCE: RigNode = { servers: ['198.51.100.53'], clients: ['198.51.100.0/24'] };
const OTHER: RigNode = { servers: ['203.0.113.53'], clients: ['203.0.113.0/24'] };

/** Destination and two sources; what the second, `p.test`, does is the test's. */
async function rigOfThree(): Promise<TracebackRig> {
  const rig = new TracebackRig({ 'd.test': DESTINATION, 's.test': SOURCE, 'p.test': OTHER });
  await rig.log('d.test', ['198.51.100.53', 2900], ['203.0.113.53', 2800]);
  await rig.log('s.test', ['198.51.100.7', 3000]);
  await rig.log('p.test', ['203.0.113.7', 3000]);
  return rig;
}

const FOUND = { 's.test': ['198.51.100.7'] };

/** Lets everything go on that does not wait for time. */
async function settle() {
  for (let turns = 0; turns < 50; turns++) await turn();
}

describe('TracebackNode: time', () => {
  it('answers with what there is when a peer hangs, before who asked stops waiting', async () => {
    const rig = await rigOfThree();
    let isCalledOff = false;
    rig.impostors.set('p.test', (_, signal) => {
      signal.addEventListener('abort', () => {
        isCalledOff = true;
      });
      return new Promise(() => {});
    });
    let answer: TracebackAnswer | undefined;
    const startMs = rig.clock.nowMs();
    const asked = rig.traceback('d.test', { timeLimitMs: 2000 }).then((said) => {
      answer = said;
    });
    await settle();
    rig.clock.advance(1800);
    await settle();
    expect(answer).toBeUndefined();
    rig.clock.advance(150);
    await asked;
    expect(rig.clock.nowMs() - startMs).toBeLessThan(2000);
    expect(namedHosts(answer!)).toEqual(FOUND);
    expect(gapsOf(answer!)).toEqual(['late p.test 203.0.113.53']);
    expect(isCalledOff).toBe(true);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('leaves each hop less time than the one before, so that partial answers come through all of them', async () => {
    const names = ['d.test', 'f1.test', 'f2.test', 's.test'];
    const rig = new TracebackRig({
      'd.test': { ...DESTINATION, peers: ['f1.test'] },
      'f1.test': { isForwarder: true, servers: ['203.0.113.1'], clients: ['192.0.2.0/24'], peers: ['f2.test'] },
      'f2.test': { isForwarder: true, servers: ['203.0.113.2'], clients: ['192.0.3.0/24'], peers: ['s.test'] },
      's.test': SOURCE,
    });
    await rig.log('d.test', ['203.0.113.1', 2000]);
    await rig.log('f1.test', ['203.0.113.2', 2000], ['192.0.2.7', 2000]);
    await rig.log('f2.test', ['198.51.100.53', 2000], ['192.0.3.7', 2000]);
    rig.impostors.set('s.test', () => new Promise(() => {}));
    const asked = rig.traceback('d.test', { timeLimitMs: 10_000 });
    for (let step = 0; step < 20; step++) {
      await settle();
      rig.clock.advance(500);
    }
    const answer = await asked;
    expect(namedHosts(answer)).toEqual({ 'f1.test': ['192.0.2.7'], 'f2.test': ['192.0.3.7'] });
    expect(gapsOf(answer)).toEqual(['late s.test 198.51.100.53']);
    const limits = rig.asked.map(({ request }) => request.timeLimitMs);
    expect(rig.asked.map(({ to }) => to)).toEqual(names.slice(1));
    expect(limits).toEqual([9500, 9000, 8500]);
  });

  it('asks nobody for whom no time is left', async () => {
    const rig = await rigOfThree();
    const answer = await rig.traceback('d.test', { timeLimitMs: 52 });
    expect(gapsOf(answer)).toEqual(['late p.test 203.0.113.53', 'late s.test 198.51.100.53']);
    expect(rig.asked).toEqual([]);
  });

  it('does not wait for a log that hangs', async () => {
    const log = { search: () => new Promise<never>(() => {}) };
    const rig = new TracebackRig({ 'd.test': DESTINATION, 's.test': { ...SOURCE, parts: { log } } });
    await rig.log('d.test', ['198.51.100.53', 2900]);
    const asked = rig.traceback('d.test', { timeLimitMs: 2000 });
    await settle();
    // The source gives up before its own time is up, and says so itself.
    rig.clock.advance(1750);
    await settle();
    rig.clock.advance(200);
    expect(gapsOf(await asked)).toEqual(['late s.test']);
  });

  it('calls off all who wait when nobody waits for the answer', async () => {
    const rig = await rigOfThree();
    const calledOff: string[] = [];
    for (const name of ['s.test', 'p.test']) {
      rig.impostors.set(name, (_, signal) => {
        signal.addEventListener('abort', () => calledOff.push(name));
        return new Promise(() => {});
      });
    }
    const controller = new AbortController();
    const asked = rig.ask('d.test', rig.request('d.test'), controller.signal);
    const outcome = expect(asked).rejects.toThrow('nobody waits');
    await settle();
    expect(rig.asked).toHaveLength(2);
    controller.abort(new Error('nobody waits'));
    await outcome;
    expect(calledOff.sort()).toEqual(['p.test', 's.test']);
    expect(rig.clock.pendingTimers).toBe(0);
    const late = rig.ask('d.test', rig.request('d.test'), AbortSignal.abort(new Error('gone before')));
    await expect(late).rejects.toThrow('gone before');
  });

  it('a case goes on for the second who asks when the first has gone', async () => {
    const release: (() => void)[] = [];
    const held = new TracebackRig({
      's.test': {
        ...SOURCE,
        parts: {
          log: {
            search: () => new Promise((resolve) => release.push(() => resolve({ entries: [], last: undefined }))),
          },
        },
      },
    });
    const request = (peer: string) => held.request('s.test', { case: CASE, path: [peer], servers: ['198.51.100.53'] });
    const first = new AbortController();
    const gone = expect(held.ask('s.test', request('f1.test'), first.signal)).rejects.toThrow('gone');
    const second = held.ask('s.test', request('f2.test'));
    await settle();
    first.abort(new Error('gone'));
    await gone;
    for (let turns = 0; turns < 100; turns++) {
      for (const goOn of release.splice(0)) goOn();
      await turn();
    }
    expect(gapsOf(await second)).toEqual(['no log s.test']);
  });

  it('asks at most 16 peers at once, and all of them', async () => {
    const sources = Array.from({ length: 40 }, (_, index) => `s${index}.test`);
    const specs = Object.fromEntries(sources.map((name, index) => [name, { servers: [`203.0.113.${index}`] }]));
    const rig = new TracebackRig({ 'd.test': DESTINATION, ...specs });
    await rig.log('d.test', ...sources.map((_, index) => [`203.0.113.${index}`, 2000] as const));
    let atOnce = 0;
    let most = 0;
    const impostor: Impostor = async ({ case: caseId }) => {
      most = Math.max(most, ++atOnce);
      await settle();
      atOnce--;
      return { kind: 'traceback', case: caseId, reports: [], gaps: [] };
    };
    for (const name of sources) rig.impostors.set(name, impostor);
    expect((await rig.traceback('d.test')).gaps).toEqual([]);
    expect([rig.asked.length, most]).toEqual([40, 16]);
  });
});

const CASE = randomUUID();

function reportOf(path: readonly string[], hosts: readonly string[] = ['203.0.113.7']): SourceReport {
  const at = '2026-11-20T12:00:00.000Z';
  const host = { firstAt: at, lastAt: at, queries: 1, chance: 0.1, cases: [], confidence: 0.9 };
  const named = hosts.map((address) => ({ address, ...host }));
  return { path: [...path], expected: 1, clients: 10, otherCases: 0, coveredMs: 0, hosts: named, withheld: 0 };
}

describe('TracebackNode: peers that lie', () => {
  const answerOf = ({ case: caseId }: NodeRequest, reports: readonly SourceReport[]) => {
    return { kind: 'traceback' as const, case: caseId, reports: [...reports], gaps: [] };
  };
  const many = Array.from({ length: 5000 }, (_, index) => reportOf(['p.test', `x${index}.test`]));
  const tooLong = ['p.test', ...Array.from({ length: 9 }, (_, index) => `x${index}.test`)];
  const lies: Record<string, Impostor> = {
    'another case': async () => ({ kind: 'traceback', case: CASE, reports: [reportOf(['p.test'])], gaps: [] }),
    'another kind': async ({ case: caseId }) => ({ kind: 'confirm', case: caseId, findings: [], gaps: [] }),
    'thousands of reports': async (request) => answerOf(request, many),
    'thousands of gaps': async ({ case: caseId }) => ({
      kind: 'traceback',
      case: caseId,
      reports: [],
      gaps: Array.from({ length: 5000 }, (_, index) => ({ reason: 'late' as const, detail: `${index}` })),
    }),
    'thousands of hosts': async (request) =>
      answerOf(request, [
        reportOf(
          ['p.test'],
          Array.from({ length: 5000 }, () => '203.0.113.7'),
        ),
      ]),
    'a way that is not its own': async (request) => answerOf(request, [reportOf(['s.test'])]),
    'no way': async (request) => answerOf(request, [reportOf([])]),
    'a way through who asked': async (request) => answerOf(request, [reportOf(['p.test', 'd.test'])]),
    'a way beyond the hop limit': async (request) => answerOf(request, [reportOf(tooLong)]),
  };

  it.each(Object.keys(lies))('takes %s for nonsense, and what others say for an answer', async (lie) => {
    const rig = await rigOfThree();
    rig.impostors.set('p.test', lies[lie]!);
    const answer = await rig.traceback('d.test');
    expect(namedHosts(answer)).toEqual(FOUND);
    expect(gapsOf(answer)).toEqual(['nonsense p.test 203.0.113.53']);
  });

  it.each(['unreachable', 'refused', 'late', 'nonsense'] as const)(
    'has a gap for a peer that is %s',
    async (reason) => {
      const rig = await rigOfThree();
      rig.impostors.set('p.test', () => Promise.reject(new PeerFailure(reason, 'connect to 192.0.2.200 failed')));
      const ours = await rig.traceback('d.test');
      expect(namedHosts(ours)).toEqual(FOUND);
      expect(gapsOf(ours)).toEqual([`${reason} p.test 203.0.113.53`]);
      expect(ours.gaps[0]!.detail).toBe('connect to 192.0.2.200 failed');
      const forAPeer = await rig.ask('d.test', rig.request('x.test'));
      expect(forAPeer.gaps[0]!.detail).not.toContain('192.0.2.200');
    },
  );

  it('cannot silence another source by speaking in its name', async () => {
    const rig = await rigOfThree();
    rig.impostors.set('p.test', async (request) => answerOf(request, [reportOf(['p.test', 's.test'])]));
    const { reports } = await rig.traceback('d.test');
    const named = reports.map(({ path, hosts }) => [path.join(' '), hosts[0]!.address]).sort();
    expect(named).toEqual([
      ['d.test p.test s.test', '203.0.113.7'],
      ['d.test s.test', '198.51.100.7'],
    ]);
  });

  it('cannot frame a host in the cases of others by a name that it alone was made to ask for', async () => {
    const rig = new TracebackRig({ 's.test': SOURCE, 'd.test': {}, 'evil.test': {} });
    const clients = Array.from({ length: 12 }, (_, index) => `198.51.100.${index + 1}`);
    const hourMs = 3_600_000;
    for (const hour of [2, 4, 6, 8, 10, 12]) {
      await rig.log('s.test', ...clients.map((client, index) => [client, hour * hourMs + index * 60_000] as const));
    }
    await rig.log(
      's.test',
      ['198.51.100.1', hourMs, 'x.evil.test'],
      ...clients.map((client) => [client, 3000] as const),
    );
    const trace = async (peer: string, more: Partial<TracebackRequest> = {}) => {
      const servers = ['198.51.100.53'];
      const { reports } = await rig.ask('s.test', rig.request(peer, { case: randomUUID(), servers, ...more }));
      return new Map(reports[0]!.hosts.map(({ address, confidence }) => [address, confidence]));
    };
    const before = await trace('d.test');
    const lure = { name: 'x.evil.test', at: new Date(AT_MS - hourMs).toISOString() };
    expect((await trace('evil.test', lure)).get('198.51.100.1')).toBeGreaterThan(0.9);
    const after = await trace('d.test', { at: new Date(AT_MS + 1).toISOString() });
    const odds = (share: number) => share / (1 - share);
    expect(odds(after.get('198.51.100.1')!)).toBeLessThan(6.4 * odds(before.get('198.51.100.1')!));
    expect(after.get('198.51.100.2')).toBeGreaterThan(before.get('198.51.100.2')! / 2);
  });

  it('cannot crowd out what others say', async () => {
    const rig = await rigOfThree();
    rig.impostors.set('p.test', async (request) => answerOf(request, many.slice(0, 256)));
    const answer = await rig.traceback('d.test');
    expect(answer.reports).toHaveLength(256);
    expect(namedHosts(answer)['s.test']).toEqual(FOUND['s.test']);
    expect(gapsOf(answer)).toEqual(['too many']);
  });
});

describe('TracebackNode: command and control', () => {
  async function search(rig: TracebackRig, hosts: string[], more: { case?: string; path?: string[] } = {}) {
    const { kind: _, ...envelope } = rig.request('d.test', more);
    const answer = await rig.ask('d.test', { ...envelope, kind: 'command-and-control', hosts, lookbackMs: 600_000 });
    const names = answer.reports.map(({ path, names: found }) => [path.at(-1), found[0]?.name]);
    return { names, gaps: gapsOf(answer) };
  }

  async function rigWithBot(): Promise<TracebackRig> {
    const rig = await rigOfThree();
    const crowd = Array.from({ length: 50 }, (_, index) => {
      return [`198.51.100.${100 + index}`, 7_200_000 + index * 60_000, 'news.example.net'] as const;
    });
    await rig.log(
      's.test',
      ...crowd,
      ['198.51.100.7', 20_000, 'cc.bad.example'],
      ['198.51.100.7', 60_000, 'news.example.net'],
    );
    return rig;
  }

  it('tells what a host asked for before, of a host that was named', async () => {
    const rig = await rigWithBot();
    const caseId = randomUUID();
    await rig.traceback('d.test', { case: caseId });
    rig.asked.length = 0;
    const { names, gaps } = await search(rig, ['198.51.100.7'], { case: caseId });
    expect(names).toEqual([['s.test', 'cc.bad.example']]);
    expect(gaps).toEqual([]);
    // The other source is not told of hosts that are not its own.
    expect(rig.asked.map(({ to, request }) => [to, 'hosts' in request && request.hosts])).toEqual([
      ['s.test', ['198.51.100.7']],
    ]);
  });

  it('tells nothing of a host that was not named, or in another case, or to another', async () => {
    const rig = await rigWithBot();
    const caseId = randomUUID();
    await rig.traceback('d.test', { case: caseId });
    const refused = { names: [], gaps: ['refused d.test'] };
    expect(await search(rig, ['198.51.100.100'], { case: caseId })).toEqual(refused);
    expect(await search(rig, ['198.51.100.7'])).toEqual(refused);
    expect(await search(rig, ['198.51.100.7'], { case: caseId, path: ['x.test'] })).toEqual(refused);
    const { kind: _, ...envelope } = rig.request('x.test', { case: caseId, servers: ['198.51.100.53'] });
    const hosts = ['198.51.100.7'];
    const direct = { ...envelope, kind: 'command-and-control' as const, hosts, lookbackMs: 600_000 };
    expect(await rig.ask('s.test', direct)).toMatchObject({ reports: [], gaps: [{ reason: 'refused' }] });
  });
});
