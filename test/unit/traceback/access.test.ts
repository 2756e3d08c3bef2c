import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseName } from '../../../src/dns/name.ts';
import { Access } from '../../../src/traceback/access.ts';
import type { ConfirmRequest, NodeRequest } from '../../../src/traceback/messages.ts';
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
  const confirm = (name: string, peer = PEER): ConfirmRequest => {
    const { ground: _, ...request } = sent({ name }, peer);
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

  it('a quota of the minute begins anew with each minute, and says when', () => {
    const { access, clock } = rig({ perMinute: 3 });
    clock.advance(15_000);
    for (let round = 0; round < 3; round++) access.count(PEER);
    const problem = problemOf(() => access.count(PEER));
    expect(problem).toMatchObject({ type: 'quota-exceeded', retryAfterMs: 45_000 });
    // Other peers have their own.
    access.count('other.example');
    clock.advance(44_999);
    expect(problemOf(() => access.count(PEER))?.type).toBe('quota-exceeded');
    clock.advance(1);
    expect(problemOf(() => access.count(PEER))).toBeUndefined();
  });

  it('a quota of the day holds over minutes, and until midnight (UTC)', () => {
    const { access, clock } = rig({ perDay: 5, perMinute: 2 });
    for (let round = 0; round < 5; round++) {
      access.count(PEER);
      clock.advance(MINUTE_MS);
    }
    expect(problemOf(() => access.count(PEER))?.retryAfterMs).toBe(12 * 3_600_000 - 5 * MINUTE_MS);
    clock.advance(12 * 3_600_000 - 5 * MINUTE_MS);
    expect(problemOf(() => access.count(PEER))).toBeUndefined();
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
  });

  it.each([-300_000, 300_000])('a request whose clock is off by %i ms is taken once, whenever it comes', (offMs) => {
    const { access, clock, sent } = rig();
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

  it('addresses cannot be tried on a name: 30 confirmations an hour, whatever its case', () => {
    const { access, clock, confirm } = rig();
    for (let round = 0; round < 30; round++) {
      access.admit(PEER, confirm(round % 2 === 0 ? 'www.example.org' : 'WWW.EXAMPLE.org'));
    }
    const problem = problemOf(() => access.admit(PEER, confirm('www.example.org')));
    expect(problem).toMatchObject({ type: 'quota-exceeded', retryAfterMs: 3_600_000 });
    const others: NodeRequest[] = [confirm('mail.example.org')];
    for (const request of others) expect(problemOf(() => access.admit(PEER, request))).toBeUndefined();
    expect(problemOf(() => access.admit('other.example', confirm('www.example.org', 'other.example')))).toBeUndefined();
    clock.advance(3_600_000);
    expect(problemOf(() => access.admit(PEER, confirm('www.example.org')))).toBeUndefined();
  });

  it('names that are confirmed are bounded, and forgotten with their hour', () => {
    const { access, clock, confirm } = rig();
    for (let round = 0; round < 4096; round++) access.admit(PEER, confirm(`n${round}.example.org`));
    expect(problemOf(() => access.admit(PEER, confirm('one-more.example.org')))?.type).toBe('quota-exceeded');
    clock.advance(3_600_000);
    expect(problemOf(() => access.admit(PEER, confirm('one-more.example.org')))).toBeUndefined();
  });
});
