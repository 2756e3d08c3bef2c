import { describe, expect, it } from 'vitest';
import { printable } from '../../../src/core/printable.ts';
import { Access } from '../../../src/traceback/access.ts';
import type { Audit } from '../../../src/traceback/audit/audit.ts';
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

function rig({ answering = answerNobody, audit = new RecordingAudit() as Audit, atOnce = 16 } = {}) {
  const clock = new VirtualClock();
  const log = new RecordingLog();
  const options = nodeOptions({ peers: [peerNamed(PEER), peerNamed('other.example')], atOnce, atOncePerPeer: 2 });
  const node = { answer: answering as never };
  const desk = new RequestDesk(options, { node, access: new Access(options, clock), audit, clock, log });
  const sent = (extra: object = {}, peer = PEER) =>
    tracebackOf(peer, { sentAt: new Date(clock.nowMs()).toISOString(), ...extra });
  return { clock, log, desk, sent, audit: audit as RecordingAudit };
}

const ask = (desk: RequestDesk, json: unknown, peer = PEER) => desk.handle(peer, json, never);

describe('RequestDesk', () => {
  it('an answer leaves when its record is written: the hosts that it names, its gaps, and who gave which reason', async () => {
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
    const report = { path: ['node.example'], expected: 0, clients: 1, otherCases: 0, hosts: [host], withheld: 0 };
    const answering: Answering = async (request) => ({
      kind: 'traceback',
      case: request.case,
      reports: [report],
      gaps: [{ reason: 'late', detail: '' }],
    });
    const { desk, sent } = rig({ answering, audit });
    let isAnswered = false;
    const request = sent({ ground: { override: 'the police asked' } });
    const answer = ask(desk, request).finally(() => {
      isAnswered = true;
    });
    await new Promise(setImmediate);
    expect(isAnswered).toBe(false);
    written();
    expect(nodeAnswer.safeParse(await answer).success).toBe(true);
    expect(entries).toEqual([
      {
        kind: 'traceback',
        peer: PEER,
        request: request.request,
        case: request.case,
        name: 'www.example.org',
        decision: 'granted',
        override: 'the police asked',
        hosts: ['192.0.2.7'],
        gaps: 1,
      },
    ]);
    expect(desk.figures).toEqual({
      granted: { confirm: 0, traceback: 1, 'command-and-control': 0 },
      refused: {},
      atWork: 0,
    });
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
