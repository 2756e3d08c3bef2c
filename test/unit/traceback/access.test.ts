import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseName } from '../../../src/dns/name.ts';
import { Access } from '../../../src/traceback/access.ts';
import type { ConfirmRequest } from '../../../src/traceback/messages.ts';
import type { Peer } from '../../../src/traceback/node-options.ts';
import { Problem } from '../../../src/traceback/problem.ts';
import { peerNamed, tracebackOf } from '../../support/node-rig.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const PEER = 'peer.example';
const MINUTE_MS = 60_000;

function rig(parts: Partial<Peer> = {}) {
  const clock = new VirtualClock();
  const access = new Access({ peers: [peerNamed(PEER, parts), peerNamed('other.example')] }, clock);
  const sent = (extra: object = {}, peer = PEER) =>
    tracebackOf(peer, { sentAt: new Date(clock.nowMs()).toISOString(), ...extra });
  const confirm = (name: string, peer = PEER, before: readonly string[] = []): ConfirmRequest => {
    const { ground: _, ...request } = sent({ name, path: [...before, peer] }, peer);
    const hash = { nonce: '00'.repeat(32), tag: '00'.repeat(32) };
    return { ...request, kind: 'confirm', test: { hash } };
  };
  return { clock, access, sent, confirm };
}

/** Which problem this is refused with; undefined: it is not. */
function problemOf(act: () => void): Problem | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

describe('Access', () => {
  it.each<[string, string | undefined]>([
    ['example.org', undefined],
    ['WWW.Example.ORG', undefined],
    ['www.example.org.', undefined],
    ['notexample.org', 'out-of-scope'],
    ['org', 'out-of-scope'],
    ['example.org.example.net', 'out-of-scope'],
    ['.', 'out-of-scope'],
  ])('of names at or below example.org, %s is %s', (name, type) => {
    const { access, sent } = rig();
    expect(problemOf(() => access.admit(PEER, sent({ name })))?.type).toBe(type);
  });

  it('a peer without names or requests may ask nothing', () => {
    for (const parts of [{ names: [] }, { requests: [] }]) {
      const { access, sent } = rig(parts);
      expect(problemOf(() => access.admit(PEER, sent()))?.type).toBe('out-of-scope');
    }
  });

  it('the root as a name is all names', () => {
    const { access, sent } = rig({ names: [parseName('.')!] });
    expect(problemOf(() => access.admit(PEER, sent({ name: 'anything.example' })))).toBeUndefined();
  });

  it('a quota of the minute comes back bit by bit, and says when', () => {
    const { access, clock } = rig({ perMinute: 3 });
    for (let round = 0; round < 3; round++) access.count(PEER);
    const problem = problemOf(() => access.count(PEER));
    expect(problem).toMatchObject({ type: 'quota-exceeded', retryAfterMs: 20_001 });
    // Other peers have their own.
    access.count('other.example');
    clock.advance(19_999);
    expect(problemOf(() => access.count(PEER))?.type).toBe('quota-exceeded');
    clock.advance(2);
    expect(problemOf(() => access.count(PEER))).toBeUndefined();
    expect(problemOf(() => access.count(PEER))?.type).toBe('quota-exceeded');
  });

  it('a quota of the day holds over minutes, and at midnight (UTC)', () => {
    const { access, clock } = rig({ perDay: 5, perMinute: 2 });
    clock.advance(12 * 3_600_000 - 3 * MINUTE_MS);
    for (let round = 0; round < 5; round++) {
      access.count(PEER);
      clock.advance(MINUTE_MS);
    }
    const problem = problemOf(() => access.count(PEER));
    expect(problem?.retryAfterMs).toBeGreaterThan(4 * 3_600_000);
    clock.advance(problem!.retryAfterMs!);
    expect(problemOf(() => access.count(PEER))).toBeUndefined();
    expect(problemOf(() => access.count(PEER))?.type).toBe('quota-exceeded');
  });

  it('a peer that may never ask is not told when it may', () => {
    const { access } = rig({ perMinute: 0 });
    expect(problemOf(() => access.count(PEER))).toMatchObject({ type: 'quota-exceeded', retryAfterMs: undefined });
  });

  it('nothing is counted of who is no peer, or is none any more', () => {
    const { access, sent } = rig();
    expect(problemOf(() => access.count('stranger.example'))?.type).toBe('unknown-peer');
    access.configure({ peers: [] });
    expect(problemOf(() => access.count(PEER))?.type).toBe('unknown-peer');
    expect(problemOf(() => access.admit(PEER, sent()))?.type).toBe('unknown-peer');
  });

  it('what a peer has used stays when the configuration changes', () => {
    const { access, sent } = rig({ perDay: 1 });
    const request = sent();
    access.count(PEER);
    access.admit(PEER, request);
    access.configure({ peers: [peerNamed(PEER, { perDay: 1, perMinute: 9 })] });
    expect(problemOf(() => access.count(PEER))?.type).toBe('quota-exceeded');
    expect(problemOf(() => access.admit(PEER, request))?.type).toBe('replay');
    access.configure({ peers: [peerNamed(PEER, { perDay: 2, perMinute: 9 })] });
    access.count(PEER);
    access.count(PEER);
    expect(problemOf(() => access.count(PEER))?.type).toBe('quota-exceeded');
  });

  it('what was sent before the start may have been answered by the process before', () => {
    const { access, clock, sent } = rig();
    const startMs = clock.nowMs();
    clock.advance(1000);
    const before = sent({ sentAt: new Date(startMs - 1).toISOString() });
    const problem = problemOf(() => access.admit(PEER, before));
    expect(problem).toMatchObject({ type: 'stale', message: expect.stringContaining('send it anew') });
    expect(problemOf(() => access.admit(PEER, sent({ sentAt: new Date(startMs).toISOString() })))).toBeUndefined();
  });

  it.each([-300_000, 300_000])('a request whose clock is off by %i ms is taken once, whenever it comes', (offMs) => {
    const { access, clock, sent } = rig();
    clock.advance(300_000);
    const request = sent({ sentAt: new Date(clock.nowMs() + offMs).toISOString() });
    access.admit(PEER, request);
    const types = new Set<string | undefined>();
    for (let minute = 0; minute < 30; minute++) {
      types.add(problemOf(() => access.admit(PEER, request))?.type);
      clock.advance(MINUTE_MS);
    }
    // While it is fresh it is known, and when it is known no more it is stale.
    expect([...types]).not.toContain(undefined);
    expect([...types].sort()).toEqual(['replay', 'stale']);
  });

  it('a request that was refused for its scope may come again', () => {
    const { access, sent } = rig({ requests: ['confirm'] });
    const request = sent();
    expect(problemOf(() => access.admit(PEER, request))?.type).toBe('out-of-scope');
    access.configure({ peers: [peerNamed(PEER)] });
    expect(problemOf(() => access.admit(PEER, request))).toBeUndefined();
  });

  it('ids of one peer are not those of another, and are bounded', () => {
    const { access, sent } = rig();
    const request = randomUUID();
    access.admit(PEER, sent({ request }));
    expect(problemOf(() => access.admit('other.example', sent({ request }, 'other.example')))).toBeUndefined();
    for (let round = 1; round < 20_000; round++) access.admit(PEER, sent());
    expect(problemOf(() => access.admit(PEER, sent()))?.type).toBe('quota-exceeded');
  });

  it('addresses cannot be tried on a name: 30 confirmations an hour, whatever its case and the hour', () => {
    const { access, clock, confirm } = rig();
    // The clock shows five minutes to an hour.
    clock.advance(55 * MINUTE_MS);
    for (let round = 0; round < 30; round++) {
      access.admit(PEER, confirm(round % 2 === 0 ? 'www.example.org' : 'WWW.EXAMPLE.org.'));
    }
    const problem = problemOf(() => access.admit(PEER, confirm('www.example.org')));
    expect(problem).toMatchObject({ type: 'quota-exceeded', retryAfterMs: 120_001 });
    expect(problemOf(() => access.admit(PEER, confirm('mail.example.org')))).toBeUndefined();
    expect(problemOf(() => access.admit('other.example', confirm('www.example.org', 'other.example')))).toBeUndefined();
    clock.advance(6 * MINUTE_MS);
    const tries = Array.from({ length: 30 }, () => problemOf(() => access.admit(PEER, confirm('www.example.org'))));
    expect(tries.filter((one) => one === undefined)).toHaveLength(3);
  });

  it('who uses up the confirmations behind a forwarder leaves some to the others', () => {
    const { access, confirm } = rig();
    const letIn = (path: (round: number) => readonly string[]) => {
      const tries = Array.from({ length: 200 }, (_, round) =>
        problemOf(() => access.admit(PEER, confirm('www.example.org', PEER, path(round)))),
      );
      return tries.filter((one) => one === undefined).length;
    };
    expect(letIn(() => ['evil.example'])).toBe(30);
    // Nodes that it invents behind itself double it.
    expect(letIn((round) => [`n${round}.example`, 'evil.example'])).toBe(30);
    expect(letIn(() => ['good.example'])).toBe(30);
    // Two forwarders away, too; then all that are behind this peer have had theirs.
    expect(letIn(() => ['evil.example', 'far.example'])).toBe(30);
    expect(letIn(() => ['good.example', 'far.example'])).toBe(0);
  });

  it('a peer that invents where its requests come from has 120 in all', () => {
    const { access, confirm } = rig();
    const tries = Array.from({ length: 500 }, (_, round) =>
      problemOf(() => access.admit(PEER, confirm('www.example.org', PEER, [`a${round}.example`, `b${round}.example`]))),
    );
    expect(tries.filter((one) => one === undefined)).toHaveLength(120);
  });

  it('names that are confirmed are bounded, and forgotten with their hour', () => {
    const { access, clock, confirm } = rig();
    const full = () => {
      for (let round = 0; round < 8192; round++) {
        const problem = problemOf(() => access.admit(PEER, confirm(`n${round}.example.org`)));
        if (problem !== undefined) return problem.type;
      }
      return undefined;
    };
    expect(full()).toBe('quota-exceeded');
    expect(problemOf(() => access.admit(PEER, confirm('one-more.example.org')))?.type).toBe('quota-exceeded');
    clock.advance(3_600_000);
    expect(problemOf(() => access.admit(PEER, confirm('one-more.example.org')))).toBeUndefined();
  });
});
