import { describe, expect, it } from 'vitest';
import { printable } from '../../../src/core/printable.ts';
import { Access } from '../../../src/traceback/access.ts';
import type { Audit, AuditEntry } from '../../../src/traceback/audit/audit.ts';
import { nodeAnswer } from '../../../src/traceback/messages.ts';
import { Problem } from '../../../src/traceback/problem.ts';
import { RequestDesk } from '../../../src/traceback/request-desk.ts';
import {
  type Answering,
  answerNobody,
  nodeOptions,
  peerNamed,
  RecordingAudit,
  tracebackOf,
} from '../../support/node-rig.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const PEER = 'peer.example';
const never = new AbortController().signal;

function rig({
  answering = answerNobody,
  audit = new RecordingAudit() as Audit,
  atOnce = 16,
  perMinute = 10_000,
} = {}) {
  const clock = new VirtualClock();
  const log = new RecordingLog();
  const options = nodeOptions({
    peers: [peerNamed(PEER, { perMinute }), peerNamed('other.example')],
    atOnce,
    atOncePerPeer: 2,
  });
  const node = { answer: answering as never };
  const desk = new RequestDesk(options, { node, access: new Access(options, clock), audit, clock, log });
  const sent = (extra: object = {}, peer = PEER) =>
    tracebackOf(peer, { sentAt: new Date(clock.nowMs()).toISOString(), ...extra });
  return { clock, log, desk, sent, audit: audit as RecordingAudit };
}

const ask = (desk: RequestDesk, json: unknown, peer = PEER) => desk.handle(peer, json, never);

describe('RequestDesk', () => {
  it('the node is asked behind the record of the request, and an answer leaves behind its own', async () => {
    let written: () => void = () => {};
    const entries: unknown[] = [];
    const audit: Audit = {
      append: (entry) => {
        entries.push(entry);
        return new Promise((resolve) => {
          written = resolve;
        });
      },
    };
    const host = {
      address: '192.0.2.7',
      firstAt: '2026-11-20T12:00:00.000Z',
      lastAt: '2026-11-20T12:00:00.000Z',
      queries: 1,
      chance: 0,
      cases: [],
      confidence: 1,
    };
    const report = {
      path: ['node.example'],
      expected: 0,
      clients: 1,
      otherCases: 0,
      coveredMs: 0,
      hosts: [host],
      withheld: 0,
    };
    let isAsked = false;
    const answering: Answering = async (request) => {
      isAsked = true;
      return { kind: 'traceback', case: request.case, reports: [report], gaps: [{ reason: 'late', detail: '' }] };
    };
    const { desk, sent } = rig({ answering, audit });
    let isAnswered = false;
    const request = sent({ ground: { override: 'the police asked' } });
    const answer = ask(desk, request).finally(() => {
      isAnswered = true;
    });
    await new Promise(setImmediate);
    expect(isAsked).toBe(false);
    written();
    await new Promise(setImmediate);
    expect([isAsked, isAnswered]).toEqual([true, false]);
    written();
    expect(nodeAnswer.safeParse(await answer).success).toBe(true);
    const asked = { kind: 'traceback', peer: PEER, request: request.request, case: request.case };
    const { at, window, path } = request;
    const name = 'www.example.org';
    expect(entries).toEqual([
      { ...asked, name, decision: 'granted', at, window, path, override: 'the police asked' },
      { ...asked, name, decision: 'answered', hosts: ['192.0.2.7'], allHosts: undefined, gaps: 1 },
    ]);
    expect(desk.figures).toEqual({
      granted: { confirm: 0, traceback: 1, 'command-and-control': 0 },
      refused: {},
      atWork: 0,
    });
  });

  it('the record of a search for command and control has the hosts that asked for the names, a confirmation names none', async () => {
    const suspect = { name: 'c2.example', score: 17, cases: 1, clients: 0, beforeMs: 4000, answers: [], reasons: [] };
    const names = [
      { ...suspect, hosts: ['192.0.2.7', '192.0.2.8'] },
      { ...suspect, name: 'other.example', hosts: ['192.0.2.7'] },
    ];
    const answering: Answering = async (request, signal) =>
      request.kind === 'command-and-control'
        ? { kind: request.kind, case: request.case, reports: [{ path: ['node.example'], names }], gaps: [] }
        : answerNobody(request, signal);
    const { desk, sent, audit } = rig({ answering });
    await ask(desk, sent({ kind: 'command-and-control', hosts: ['192.0.2.7', '192.0.2.8'], lookbackMs: 900_000 }));
    const { ground: _, ...confirm } = sent({ kind: 'confirm', test: { oblivious: { blinded: 'ab'.repeat(32) } } });
    await ask(desk, confirm);
    const answered = audit.entries.filter(({ decision }) => decision === 'answered');
    expect(answered.map(({ kind, hosts }) => [kind, hosts])).toEqual([
      ['command-and-control', ['192.0.2.7', '192.0.2.8']],
      ['confirm', undefined],
    ]);
  });

  it('a request that was called off has its records, whatever was refused before', async () => {
    const { desk, sent, audit } = rig({ answering: () => new Promise(() => {}) });
    for (let count = 0; count < 300; count++) await ask(desk, 'nonsense').catch(() => {});
    const reset = new AbortController();
    const request = sent({ kind: 'command-and-control', hosts: ['192.0.2.7'], lookbackMs: 900_000 });
    const answer = desk.handle(PEER, request, reset.signal);
    await new Promise(setImmediate);
    reset.abort();
    await expect(answer).rejects.toMatchObject({ type: 'late' });
    expect(audit.entries.filter((entry) => entry.request === request.request)).toMatchObject([
      { decision: 'granted', kind: 'command-and-control', lookbackMs: 900_000, case: request.case },
      { decision: 'failed', problem: 'late', case: request.case },
    ]);
  });

  it('refusals beyond the pace of a peer are one record in a minute, and a line of the log', async () => {
    const { desk, audit, clock, log } = rig();
    for (let count = 0; count < 300; count++) await ask(desk, 'nonsense').catch(() => {});
    await ask(desk, 'nonsense', 'other.example').catch(() => {});
    expect(audit.refusals(PEER, 'malformed')).toBe(120);
    clock.advance(60_000);
    const shared = { peer: PEER, decision: 'refused', leftOut: { malformed: 180 }, seconds: 60 };
    expect(audit.entries.filter(({ leftOut }) => leftOut !== undefined)).toMatchObject([shared]);
    expect(log.lines).toContain('warn: 180 refusals within 60 s share one record of the audit log');
    for (let count = 0; count < 130; count++) await ask(desk, 'nonsense').catch(() => {});
    desk.stop();
    desk.stop();
    expect(audit.entries.filter(({ leftOut }) => leftOut !== undefined)).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it('of very many hosts that an answer names a record has the first, and how many they are', async () => {
    const host = { firstAt: '2026-11-20T12:00:00.000Z', lastAt: '2026-11-20T12:00:00.000Z' };
    const answering: Answering = async (request) => ({
      kind: 'traceback',
      case: request.case,
      reports: Array.from({ length: 10 }, (_, source) => ({
        path: ['node.example', `source-${source}.example`],
        expected: 0,
        clients: 1,
        otherCases: 0,
        coveredMs: 0,
        hosts: Array.from({ length: 60 }, (_, index) => ({
          ...host,
          address: `198.18.${source}.${index}`,
          queries: 1,
          chance: 0,
          cases: [],
          confidence: 0,
        })),
        withheld: 0,
      })),
      gaps: [],
    });
    const { desk, sent, audit } = rig({ answering });
    await ask(desk, sent());
    const [{ hosts, allHosts }] = audit.decided('answered') as [AuditEntry];
    expect([hosts?.length, hosts?.at(-1), allHosts]).toEqual([256, '198.18.4.15', 600]);
  });

  it('nothing is answered while the audit log cannot be written', async () => {
    const audit: Audit = { append: () => Promise.reject(new Problem('busy', 'nothing can be kept', 1000)) };
    const { desk, sent } = rig({ audit });
    await expect(ask(desk, sent())).rejects.toMatchObject({ type: 'busy' });
    expect(desk.figures).toMatchObject({ granted: { traceback: 0 }, refused: { busy: 1, unaudited: 1 } });
  });

  it('places are of each peer and of all, and come free when the node is done, not before', async () => {
    const open: (() => void)[] = [];
    const answering: Answering = (request, signal) =>
      new Promise((resolve) => open.push(() => resolve(answerNobody(request, signal))));
    const { desk, sent } = rig({ answering, atOnce: 3 });
    const gone = new AbortController();
    const first = desk.handle(PEER, sent(), gone.signal);
    const second = ask(desk, sent());
    await expect(ask(desk, sent())).rejects.toMatchObject({ type: 'busy', message: 'you ask too much at once' });
    const third = ask(desk, sent({}, 'other.example'), 'other.example');
    const fourth = ask(desk, sent({}, 'other.example'), 'other.example');
    await expect(fourth).rejects.toMatchObject({ type: 'busy', message: 'this node has too much to do' });
    gone.abort();
    await expect(first).rejects.toMatchObject({ type: 'late' });
    expect(desk.figures.atWork).toBe(3);
    for (const done of open) done();
    await Promise.all([second, third]);
    expect(desk.figures.atWork).toBe(0);
  });

  it('four peers that take all they can leave a place to each of the others', async () => {
    const clock = new VirtualClock();
    const names = Array.from({ length: 8 }, (_, index) => `p${index}.example`);
    const options = nodeOptions({ peers: names.map((name) => peerNamed(name)), atOnce: 16, atOncePerPeer: 4 });
    const node = { answer: (() => new Promise(() => {})) as never };
    const audit = new RecordingAudit();
    const desk = new RequestDesk(options, {
      ...{ node, access: new Access(options, clock), audit, clock, log: new RecordingLog() },
    });
    const sentAt = new Date(clock.nowMs()).toISOString();
    const refused: string[] = [];
    const asked = names.flatMap((name) => {
      const wanted = Array.from({ length: 4 }, () => desk.handle(name, tracebackOf(name, { sentAt }), never));
      return wanted.map((answer) => answer.catch(() => refused.push(name)));
    });
    await new Promise(setImmediate);
    const left = (name: string) => 4 - refused.filter((one) => one === name).length;
    expect(names.map(left)).toEqual([4, 4, 1, 1, 1, 1, 1, 1]);
    clock.advance(60_250);
    await Promise.all(asked);
  });

  it('works on a request for a minute at most, whatever its time limit', async () => {
    const limits: number[] = [];
    const answering: Answering = async (request, signal) => {
      limits.push(request.timeLimitMs);
      return answerNobody(request, signal);
    };
    const { desk, sent } = rig({ answering });
    for (const timeLimitMs of [600_000, 5000]) await ask(desk, sent({ timeLimitMs }));
    expect(limits).toEqual([60_000, 5000]);
  });

  it('a node that is over its time is not waited for', async () => {
    const { desk, sent, clock } = rig({ answering: () => new Promise(() => {}) });
    const answer = ask(desk, sent({ timeLimitMs: 1000 }));
    clock.advance(1250);
    await expect(answer).rejects.toMatchObject({ type: 'late' });
  });

  it('of what is no request only what is well written goes into the audit log', async () => {
    const { desk, audit } = rig();
    const request = '6dbb3b36-6f0c-4f0a-9d5f-1f1f4b1f7c11';
    for (const json of [
      { kind: 'traceback', request, name: 'a\u001b[31m..', case: 'x'.repeat(10_000) },
      'text',
      null,
      [1],
      { kind: { toString: 1 }, name: 5 },
    ]) {
      await expect(ask(desk, json)).rejects.toMatchObject({ type: 'malformed' });
    }
    expect(audit.entries[0]).toEqual({
      kind: 'traceback',
      peer: PEER,
      from: undefined,
      request,
      case: undefined,
      name: undefined,
      decision: 'refused',
      problem: 'malformed',
    });
    expect(JSON.stringify(audit.entries).length).toBeLessThan(1000);
  });

  it('a request that comes again in another spelling has come before', async () => {
    const { desk, sent, audit } = rig();
    const request = sent();
    await ask(desk, request);
    const again = { ...request, request: request.request.toUpperCase(), case: request.case.toUpperCase() };
    await expect(ask(desk, again)).rejects.toMatchObject({ type: 'replay' });
    expect(audit.entries.at(-1)).toMatchObject({ request: request.request, case: request.case, problem: 'replay' });
  });

  it('what is refused before it is read uses up the quota, and what is refused for that is told so', async () => {
    const { desk, sent } = rig({ perMinute: 2 });
    const problem = new Problem('not-found', 'nothing is answered here');
    const told = async () => (await desk.refuse({ peer: PEER }, problem)).type;
    expect([await told(), await told(), await told()]).toEqual(['not-found', 'not-found', 'quota-exceeded']);
    await expect(ask(desk, sent())).rejects.toMatchObject({ type: 'quota-exceeded' });
    expect((await desk.refuse({ peer: undefined, from: '192.0.2.1' }, problem)).type).toBe('not-found');
  });

  it('what a peer is told of its mistakes is short and harmless', async () => {
    const { desk, sent } = rig();
    const json = { ...sent(), ['\u001b[31m'.repeat(1000)]: 1, servers: Array(500).fill('\u202e') };
    const problem: Problem = await ask(desk, json).then(
      () => expect.unreachable(),
      (error) => error,
    );
    expect(problem.type).toBe('malformed');
    expect(problem.message.length).toBeLessThanOrEqual(500);
    expect(problem.message).toBe(printable(problem.message));
  });

  it('a mistake of ours is told as that alone, and is in our log', async () => {
    const answering: Answering = async () => {
      throw new TypeError('secret of the log');
    };
    const { desk, sent, log } = rig({ answering });
    await expect(ask(desk, sent())).rejects.toMatchObject({ type: 'internal', message: 'the request failed here' });
    expect(log.lines).toContain('error: a request of another node failed');
  });
});
