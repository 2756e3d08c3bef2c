import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Anonymiser } from '../../../src/querylog/anonymiser.ts';
import { confirmationResult } from '../../../src/traceback/confirmation/confirmation-result.ts';
import { createTest } from '../../../src/traceback/confirmation/confirmation-test.ts';
import type { NamedHosts } from '../../../src/traceback/named-hosts.ts';
import { addressOf, nameOf } from '../../support/store-rows.ts';
import { AT_MS, gapsOf, namedHosts, type RigNode, TracebackRig, VICTIM } from '../../support/traceback-rig.ts';

const DESTINATION: RigNode = { zones: ['example.org'], servers: ['192.0.2.53'] };
const SOURCE: RigNode = { servers: ['198.51.100.53'], clients: ['198.51.100.0/24'] };
const HOUR_MS = 3_600_000;

/** A source behind two forwarders, both of which asked the destination. */
async function diamond(): Promise<TracebackRig> {
  const forwarder = (number: number): RigNode => ({
    isForwarder: true,
    servers: [`203.0.113.${number}`],
    peers: ['s.test'],
  });
  const rig = new TracebackRig({
    'd.test': DESTINATION,
    'f1.test': forwarder(1),
    'f2.test': forwarder(2),
    's.test': SOURCE,
  });
  await rig.log('d.test', ['203.0.113.1', 2000], ['203.0.113.2', 2100]);
  return rig;
}

describe('TracebackNode: the basic scheme', () => {
  it('names the host whose resolver asked, and when it did', async () => {
    const rig = new TracebackRig({ 'd.test': DESTINATION, 's.test': SOURCE });
    await rig.log('d.test', ['198.51.100.53', 2900]);
    await rig.log('s.test', ['198.51.100.7', 3000], ['198.51.100.7', 1000], ['198.51.100.8', 9000]);
    const answer = await rig.traceback('d.test');
    expect(namedHosts(answer)).toEqual({ 's.test': ['198.51.100.7'] });
    expect(answer.gaps).toEqual([]);
    expect(answer.reports[0]).toMatchObject({
      path: ['d.test', 's.test'],
      hosts: [{ firstAt: '2026-11-20T11:59:57.000Z', lastAt: '2026-11-20T11:59:59.000Z', queries: 2 }],
    });
    expect(rig.asked.map(({ to, request }) => [to, request.path, request.servers, request.hopLimit])).toEqual([
      ['s.test', ['d.test'], ['198.51.100.53'], 7],
    ]);
  });

  it('tells whoever wants to know which hosts it named to a peer, and not which it named to its own people', async () => {
    const named: NamedHosts[] = [];
    const parts = { onNamed: (one: NamedHosts) => named.push(one) };
    const rig = new TracebackRig({ 'd.test': { ...DESTINATION, parts }, 's.test': { ...SOURCE, parts } });
    await rig.log('d.test', ['198.51.100.53', 2900]);
    await rig.log('s.test', ['198.51.100.7', 3000]);
    await rig.traceback('d.test');
    expect(named).toMatchObject([
      {
        asker: 'd.test',
        name: VICTIM,
        at: '2026-11-20T12:00:00.000Z',
        hosts: [{ address: '198.51.100.7', queries: 1 }],
      },
    ]);
    const ours = new TracebackRig({ 's.test': { ...SOURCE, zones: ['example.org'], parts } });
    await ours.log('s.test', ['198.51.100.7', 3000]);
    expect(namedHosts(await ours.traceback('s.test'))).toEqual({ 's.test': ['198.51.100.7'] });
    expect(named).toHaveLength(1);
  });

  it('finds a host behind a resolver that asked an hour before, for another', async () => {
    const rig = new TracebackRig({ 'd.test': DESTINATION, 's.test': SOURCE });
    await rig.log('d.test', ['198.51.100.53', HOUR_MS]);
    await rig.log('s.test', ['198.51.100.8', HOUR_MS], ['198.51.100.7', 3000]);
    expect(namedHosts(await rig.traceback('d.test'))).toEqual({ 's.test': ['198.51.100.7'] });
  });

  it('asks no resolver whose cache has forgotten the name by then', async () => {
    const rig = new TracebackRig({ 'd.test': DESTINATION, 's.test': SOURCE });
    await rig.log('d.test', ['198.51.100.53', 2 * HOUR_MS + 5001], ['192.0.2.53', 1000, 'other.example.org']);
    await rig.log('s.test', ['198.51.100.7', 3000]);
    const answer = await rig.traceback('d.test');
    expect([answer.reports, answer.gaps, rig.asked]).toEqual([[], [], []]);
  });

  it('asks a peer once, with all its servers', async () => {
    const servers = ['198.51.100.53', '2001:db8:53::/48'];
    const rig = new TracebackRig({ 'd.test': DESTINATION, 's.test': { ...SOURCE, servers } });
    await rig.log('d.test', ['2001:db8:53::1', 2000], ['198.51.100.53', 2500], ['2001:db8:53::2', 3000]);
    await rig.log('s.test', ['198.51.100.7', 3000]);
    await rig.traceback('d.test');
    expect(rig.asked.map(({ request }) => request.servers)).toEqual([
      ['2001:db8:53::1', '198.51.100.53', '2001:db8:53::2'],
    ]);
  });

  it('says which servers nobody is known to speak for, and goes on', async () => {
    const rig = new TracebackRig({ 'd.test': DESTINATION, 's.test': SOURCE });
    await rig.log(
      'd.test',
      ['203.0.113.1', 2000],
      ['198.51.100.53', 2500],
      ['2001:db8::1', 3000],
      ['203.0.113.1', 4000],
    );
    await rig.log('s.test', ['198.51.100.7', 3000], ['203.0.113.9', 3000]);
    const answer = await rig.traceback('d.test');
    expect(namedHosts(answer)).toEqual({ 's.test': ['198.51.100.7'] });
    // At the source an address that is no client's is nobody's business.
    expect(gapsOf(answer)).toEqual(['unknown server d.test 2001:db8::1', 'unknown server d.test 203.0.113.1']);
  });

  it('looks for the hosts of its own network in one go, where it is source and destination', async () => {
    const both: RigNode = { zones: ['example.org'], servers: ['192.0.2.53', '192.0.2.54'], clients: ['192.0.2.0/24'] };
    const rig = new TracebackRig({ 'd.test': both, 's.test': SOURCE });
    await rig.log('d.test', ['192.0.2.54', 2900], ['192.0.2.7', 3000], ['198.51.100.53', 2000]);
    await rig.log('s.test', ['198.51.100.7', 3000]);
    const answer = await rig.traceback('d.test');
    expect(namedHosts(answer)).toEqual({ 'd.test': ['192.0.2.7'], 's.test': ['198.51.100.7'] });
    expect(answer.gaps).toEqual([]);
  });

  it('compares names without regard to case, in the request as in the log', async () => {
    const rig = new TracebackRig({ 'd.test': { ...DESTINATION, zones: ['EXAMPLE.org'] }, 's.test': SOURCE });
    await rig.log('d.test', ['198.51.100.53', 2900, 'wWw.eXaMpLe.OrG']);
    await rig.log('s.test', ['198.51.100.7', 3000, 'WWW.example.ORG']);
    const answer = await rig.traceback('d.test', { name: 'www.EXAMPLE.org.' });
    expect(namedHosts(answer)).toEqual({ 's.test': ['198.51.100.7'] });
  });
});

describe('TracebackNode: other options', () => {
  it('takes up peers, clients and windows of caches while it runs', async () => {
    const rig = new TracebackRig({ 'd.test': { ...DESTINATION, peers: [] }, 's.test': SOURCE });
    await rig.log('d.test', ['198.51.100.53', 2900], ['192.0.2.7', 1000]);
    await rig.log('s.test', ['198.51.100.7', 3000]);
    const request = rig.request('d.test');
    const before = await rig.ask('d.test', request);
    expect(gapsOf(before)).toEqual(['unknown server d.test 192.0.2.7', 'unknown server d.test 198.51.100.53']);
    const { peers } = new TracebackRig({ 'd.test': DESTINATION, 's.test': SOURCE }).options('d.test');
    const clients = [{ base: addressOf('192.0.2.0'), prefixLength: 24 }];
    rig.node('d.test').configure({ ...rig.options('d.test'), peers, clients });
    const after = await rig.ask('d.test', request);
    expect(namedHosts(after)).toEqual({ 'd.test': ['192.0.2.7'], 's.test': ['198.51.100.7'] });
    expect(after.gaps).toEqual([]);
  });
});

describe('TracebackNode: zones of others', () => {
  it('asks the peer whose zone the name is in, for its zones', async () => {
    const rig = new TracebackRig({ 'v.test': {}, 'd.test': DESTINATION, 's.test': SOURCE });
    await rig.log('d.test', ['198.51.100.53', 2900]);
    await rig.log('s.test', ['198.51.100.7', 3000]);
    const answer = await rig.traceback('v.test');
    expect(answer.reports.map(({ path }) => path)).toEqual([['v.test', 'd.test', 's.test']]);
    expect(rig.asked.map(({ to, request }) => [to, request.path, request.servers])).toEqual([
      ['d.test', ['v.test'], []],
      ['s.test', ['v.test', 'd.test'], ['198.51.100.53']],
    ]);
  });

  it('finds its own clients, whose resolver the other log has: one that was not spoofed, and a bot', async () => {
    const rig = new TracebackRig({ 'd.test': DESTINATION, 's.test': SOURCE });
    await rig.log('d.test', ['198.51.100.53', 2900]);
    await rig.log('s.test', ['198.51.100.7', 3000]);
    const ask = async (address: string) => {
      const question = { caseId: randomUUID(), name: nameOf(VICTIM), address: addressOf(address) };
      const { test, read } = createTest('hash', question);
      const { ground: _, ...envelope } = rig.request('s.test', { case: question.caseId });
      const { findings, gaps } = await rig.ask('s.test', { ...envelope, kind: 'confirm', test });
      return confirmationResult((await read(findings)).verdicts, gaps);
    };
    expect(await ask('198.51.100.7')).toMatchObject({ outcome: 'not spoofed', matches: 1, missing: 0 });
    expect(await ask('198.51.100.8')).toMatchObject({ outcome: 'spoofed', noMatches: 1, missing: 0 });
    const answer = await rig.traceback('s.test');
    expect(answer.reports.map(({ path }) => path)).toEqual([['s.test']]);
    expect(namedHosts(answer)).toEqual({ 's.test': ['198.51.100.7'] });
    // The other log has led back to where the question comes from.
    expect(gapsOf(answer)).toEqual(['loop s.test 198.51.100.53']);
  });

  it('asks those behind it, where it is a forwarder and the zone is of another', async () => {
    const forwarder: RigNode = { isForwarder: true, servers: ['203.0.113.1'] };
    const rig = new TracebackRig({ 'f.test': forwarder, 'd.test': DESTINATION, 's.test': SOURCE });
    await rig.log('d.test', ['203.0.113.1', 2900]);
    await rig.log('f.test', ['198.51.100.53', 2950]);
    await rig.log('s.test', ['198.51.100.7', 3000]);
    expect(namedHosts(await rig.traceback('f.test'))).toEqual({ 's.test': ['198.51.100.7'] });
  });

  it('finds its own clients where the zone of a name is a part of its own, and of a peer', async () => {
    const parent: RigNode = { ...DESTINATION, ...SOURCE };
    const child: RigNode = { zones: ['www.example.org'], servers: ['192.0.2.99'] };
    const rig = new TracebackRig({ 'v.test': { peers: ['d.test'] }, 'd.test': parent, 'c.test': child });
    await rig.log('c.test', ['198.51.100.53', 2900]);
    await rig.log('d.test', ['198.51.100.7', 3000]);
    expect(namedHosts(await rig.traceback('v.test'))).toEqual({ 'd.test': ['198.51.100.7'] });
  });

  it('has a gap where nobody is known whose zone it is', async () => {
    const rig = new TracebackRig({ 'v.test': {}, 's.test': SOURCE });
    expect(gapsOf(await rig.traceback('v.test'))).toEqual(['unknown server v.test']);
  });

  it('passes on what is asked of a zone that a peer has a part of, and of no other', async () => {
    const child: RigNode = { zones: ['www.example.org', 'example.net'], servers: ['192.0.2.99'] };
    const rig = new TracebackRig({
      'v.test': { peers: ['d.test'] },
      'd.test': DESTINATION,
      'c.test': child,
      's.test': SOURCE,
    });
    await rig.log('c.test', ['198.51.100.53', 2900]);
    await rig.log('s.test', ['198.51.100.7', 3000]);
    expect(namedHosts(await rig.traceback('v.test'))).toEqual({ 's.test': ['198.51.100.7'] });
    const foreign = rig.request('v.test', { name: 'www.example.net' });
    expect(gapsOf(await rig.ask('d.test', foreign))).toEqual(['no log d.test']);
  });
});

/** `d.test`, forwarders `f1.test` …, `s.test`: each knows the next alone. */
function chain(hops: number): Record<string, RigNode> {
  const forwarders = Array.from({ length: hops - 2 }, (_, index) => `f${index + 1}.test`);
  const names = ['d.test', ...forwarders, 's.test'];
  return Object.fromEntries(
    names.map((name, index) => {
      const spec = name === 'd.test' ? DESTINATION : name === 's.test' ? SOURCE : { isForwarder: true };
      const servers = spec.servers ?? [`203.0.113.${index}`];
      return [name, { ...spec, servers, peers: names.slice(index + 1, index + 2) }];
    }),
  );
}

async function logChain(rig: TracebackRig, hops: number) {
  for (let hop = 1; hop < hops - 1; hop++) {
    await rig.log(hop === 1 ? 'd.test' : `f${hop - 1}.test`, [`203.0.113.${hop}`, 2000 + hop]);
  }
  await rig.log(hops === 2 ? 'd.test' : `f${hops - 2}.test`, ['198.51.100.53', 2500]);
  await rig.log('s.test', ['198.51.100.7', 3000]);
}

describe('TracebackNode: forwarding', () => {
  it.each([3, 4, 5, 9])('finds the host over %i hops', async (hops) => {
    const rig = new TracebackRig(chain(hops));
    await logChain(rig, hops);
    const answer = await rig.traceback('d.test');
    expect(namedHosts(answer)).toEqual({ 's.test': ['198.51.100.7'] });
    expect(answer.reports[0]!.path).toHaveLength(hops);
    expect(answer.gaps).toEqual([]);
    const last = rig.asked.at(-1)!.request;
    expect([last.path.length, last.hopLimit]).toEqual([hops - 1, 8 - (hops - 1)]);
  });

  it('stops at the hop limit, and says where', async () => {
    const rig = new TracebackRig(chain(5));
    await logChain(rig, 5);
    const answer = await rig.traceback('d.test', { hopLimit: 3 });
    expect(answer.reports).toEqual([]);
    expect(gapsOf(answer)).toEqual(['hop limit s.test 198.51.100.53']);
    expect(gapsOf(await rig.traceback('d.test', { hopLimit: 0 }))).toEqual(['hop limit f1.test 203.0.113.1']);
  });

  it('names its own clients beside those behind it, and does not go on where it is no forwarder', async () => {
    const specs = { ...chain(3), 'f1.test': { ...chain(3)['f1.test']!, clients: ['192.0.2.0/24'] } };
    for (const isForwarder of [true, false]) {
      const rig = new TracebackRig({ ...specs, 'f1.test': { ...specs['f1.test'], isForwarder } });
      await logChain(rig, 3);
      await rig.log('f1.test', ['192.0.2.7', 1000]);
      const all = { 'f1.test': ['192.0.2.7'], 's.test': ['198.51.100.7'] };
      expect(namedHosts(await rig.traceback('d.test'))).toEqual(isForwarder ? all : { 'f1.test': ['192.0.2.7'] });
    }
  });

  it('asks a source once of what it says, by whichever forwarder it is reached', async () => {
    const rig = await diamond();
    for (const name of ['f1.test', 'f2.test']) await rig.log(name, ['198.51.100.53', 2500]);
    await rig.log('s.test', ['198.51.100.7', 3000]);
    const answer = await rig.traceback('d.test');
    expect(answer.reports.map(({ path }) => path)).toEqual([['d.test', 'f1.test', 's.test']]);
    expect(answer.reports[0]!.otherCases).toBe(0);
    expect(answer.gaps).toEqual([]);
    // Oblivious findings have another key each time: the same finding comes twice, and is told once.
    const question = { caseId: randomUUID(), name: nameOf(VICTIM), address: addressOf('198.51.100.7') };
    const { test, read } = createTest('oblivious', question);
    const { ground: _, ...envelope } = rig.request('d.test', { case: question.caseId });
    const { findings } = await rig.ask('d.test', { ...envelope, kind: 'confirm', test });
    expect((await read(findings)).verdicts.map(({ verdict }) => verdict)).toEqual(['match']);
  });

  it('reaches a source by the other forwarder when one does not answer', async () => {
    const rig = await diamond();
    await rig.log('f2.test', ['198.51.100.53', 2500]);
    await rig.log('s.test', ['198.51.100.7', 3000]);
    rig.impostors.set('f1.test', () => Promise.reject(new Error('no route')));
    const answer = await rig.traceback('d.test');
    expect(namedHosts(answer)).toEqual({ 's.test': ['198.51.100.7'] });
    expect(gapsOf(answer)).toEqual(['unreachable f1.test 203.0.113.1']);
  });
});

describe('TracebackNode: loops', () => {
  it('does not ask a peer that is on the way', async () => {
    const mutual = (number: number): RigNode => ({
      isForwarder: true,
      servers: [`203.0.113.${number}`],
      clients: [`198.51.${number}.0/24`],
    });
    const rig = new TracebackRig({ 'd.test': DESTINATION, 'f1.test': mutual(1), 'f2.test': mutual(2) });
    await rig.log('d.test', ['203.0.113.1', 2000]);
    await rig.log('f1.test', ['203.0.113.2', 2000], ['198.51.1.7', 2000]);
    await rig.log('f2.test', ['203.0.113.1', 2000], ['198.51.2.7', 2000]);
    const answer = await rig.traceback('d.test');
    expect(namedHosts(answer)).toEqual({ 'f1.test': ['198.51.1.7'], 'f2.test': ['198.51.2.7'] });
    expect(gapsOf(answer)).toEqual(['loop f1.test 203.0.113.1']);
    expect(rig.asked).toHaveLength(2);
  });

  it('refuses what has come by itself before', async () => {
    const rig = new TracebackRig({ 'd.test': DESTINATION, 'f.test': { isForwarder: true } });
    const request = rig.request('d.test', { path: ['d.test', 'f.test', 'x.test'], servers: ['203.0.113.1'] });
    await expect(rig.ask('f.test', request)).rejects.toMatchObject({ type: 'loop' });
  });

  it('does not grow with the number of ways through layers of forwarders', async () => {
    const layers = 10;
    const name = (layer: number, side: number) => `f${layer}-${side}.test`;
    const server = (layer: number, side: number) => `203.0.113.${2 * layer + side}`;
    const specs: Record<string, RigNode> = { 'd.test': DESTINATION, 's.test': SOURCE };
    for (let layer = 0; layer < layers; layer++) {
      for (const side of [0, 1]) specs[name(layer, side)] = { isForwarder: true, servers: [server(layer, side)] };
    }
    const rig = new TracebackRig(specs);
    await rig.log('d.test', [server(0, 0), 2000], [server(0, 1), 2000]);
    for (let layer = 0; layer < layers; layer++) {
      const next = layer === layers - 1 ? ['198.51.100.53'] : [server(layer + 1, 0), server(layer + 1, 1)];
      for (const side of [0, 1]) for (const client of next) await rig.log(name(layer, side), [client, 2000]);
    }
    await rig.log('s.test', ['198.51.100.7', 3000]);
    const answer = await rig.traceback('d.test', { hopLimit: 16 });
    expect(namedHosts(answer)).toEqual({ 's.test': ['198.51.100.7'] });
    // What was not asked again is no loop: nobody is twice on one way.
    expect(new Set(answer.gaps.map(({ reason }) => reason))).toEqual(new Set(['too many']));
    // 2 + 4 + 8 …: 3,070 without an end to it.
    expect(rig.asked.length).toBeLessThan(400);
  });
});

describe('TracebackNode: confirmation and ground', () => {
  async function confirmed(address: string, method: 'hash' | 'oblivious') {
    const rig = new TracebackRig({ 'd.test': DESTINATION, 's.test': SOURCE });
    await rig.log('d.test', ['198.51.100.53', 2900]);
    await rig.log('s.test', ['198.51.100.7', 3000], ['198.51.100.8', 20_000]);
    const caseId = randomUUID();
    const { test, read } = createTest(method, { caseId, name: nameOf(VICTIM), address: addressOf(address) });
    const { ground: _, ...envelope } = rig.request('d.test', { case: caseId });
    const { findings, gaps } = await rig.ask('d.test', { ...envelope, kind: 'confirm', test });
    expect(gaps).toEqual([]);
    return { rig, caseId, verdicts: (await read(findings)).verdicts };
  }

  it.each(['hash', 'oblivious'] as const)('finds the address itself, or not, by %s', async (method) => {
    const path = ['d.test', 's.test'];
    expect((await confirmed('198.51.100.7', method)).verdicts).toEqual([{ path, verdict: 'match' }]);
    expect((await confirmed('198.51.100.8', method)).verdicts).toEqual([{ path, verdict: 'no match' }]);
  });

  it('refuses hosts on the ground that packets were spoofed, where it found that they were not', async () => {
    const { rig, caseId } = await confirmed('198.51.100.7', 'hash');
    const answer = await rig.traceback('d.test', { case: caseId.toUpperCase() });
    expect(answer.reports).toEqual([]);
    expect(gapsOf(answer)).toEqual(['refused s.test 198.51.100.53']);
    const override = await rig.traceback('d.test', {
      case: caseId,
      ground: { override: 'the bot shares the address' },
    });
    expect(namedHosts(override)).toEqual({ 's.test': ['198.51.100.7'] });
    expect(namedHosts(await rig.traceback('d.test'))).toEqual({ 's.test': ['198.51.100.7'] });
  });
});

describe('TracebackNode: a log that says nothing', () => {
  it('is a gap, and no finding that nobody asked', async () => {
    const rig = new TracebackRig({ 'd.test': DESTINATION, 's.test': SOURCE });
    await rig.log('d.test', ['198.51.100.53', 2900]);
    await rig.log(
      's.test',
      ['198.51.100.7', HOUR_MS + 5001, 'other.test'],
      ['198.51.100.7', -HOUR_MS - 1000, 'other.test'],
    );
    const answer = await rig.traceback('d.test');
    expect(answer.reports).toEqual([]);
    expect(gapsOf(answer)).toEqual(['no log s.test']);
    await rig.log('s.test', ['198.51.100.9', -HOUR_MS + 1000, 'other.test']);
    rig.clock.advance(60_000);
    const later = await rig.traceback('d.test');
    expect([namedHosts(later), later.gaps]).toEqual([{ 's.test': [] }, []]);
  });

  it('makes nobody certain of what is usual when it begins with the window', async () => {
    const rig = new TracebackRig({ 'd.test': DESTINATION, 's.test': SOURCE });
    await rig.log('d.test', ['198.51.100.53', 2900]);
    await rig.log('s.test', ['198.51.100.7', 3000]);
    const { reports } = await rig.traceback('d.test');
    expect(reports[0]).toMatchObject({ coveredMs: 0, hosts: [{ confidence: expect.closeTo(0.71, 2) }] });
  });

  it('is a gap when it cannot be asked, and the reason is kept here', async () => {
    const errors: unknown[] = [];
    const log = { search: () => Promise.reject(new Error('disk of /secret')) };
    const source: RigNode = { ...SOURCE, parts: { log, onLogError: (error) => errors.push(error) } };
    const rig = new TracebackRig({ 'd.test': DESTINATION, 's.test': source });
    await rig.log('d.test', ['198.51.100.53', 2900]);
    const answer = await rig.traceback('d.test');
    expect(gapsOf(answer)).toEqual(['no log s.test']);
    expect(JSON.stringify(answer)).not.toContain('secret');
    expect(errors).toHaveLength(1);
  });

  it('has no role: a gap', async () => {
    const rig = new TracebackRig({ 'd.test': DESTINATION, 's.test': { servers: ['198.51.100.53'] } });
    await rig.log('d.test', ['198.51.100.53', 2900]);
    expect(gapsOf(await rig.traceback('d.test'))).toEqual(['no log s.test']);
  });
});

describe('TracebackNode: a log with pseudonyms', () => {
  const anonymiser = new Anonymiser(Buffer.alloc(32, 0x5a));
  const clientInLog = (address: Parameters<Anonymiser['pseudonym']>[0]) => anonymiser.pseudonym(address);
  const inLog = (text: string) => ({ client: clientInLog(addressOf(text)), name: nameOf(VICTIM), atMs: AT_MS - 2000 });
  const clients = ['198.51.100.0/24', '2001:db8:7::/48'];

  it('knows its networks, and names pseudonyms without the names of others', async () => {
    const source: RigNode = { ...SOURCE, clients, clientInLog, parts: { names: () => 'of somebody else' } };
    const rig = new TracebackRig({ 'd.test': DESTINATION, 's.test': source });
    await rig.log('d.test', ['198.51.100.53', 2900]);
    await rig.logEntries('s.test', [inLog('198.51.100.7'), inLog('203.0.113.7'), inLog('2001:db8:7::7')]);
    const { reports } = await rig.traceback('d.test');
    const hosts = reports[0]!.hosts.map(({ address, name }) => [addressOf(address), name]);
    const pseudonyms = ['198.51.100.7', '2001:db8:7::7'].map((text) => [clientInLog(addressOf(text)), undefined]);
    expect(hosts).toHaveLength(2);
    expect(hosts).toEqual(expect.arrayContaining(pseudonyms));
  });

  it.each(['198.51.100.7', '2001:db8:7::7'])('tells whether %s asked', async (asker) => {
    const rig = new TracebackRig({ 'd.test': DESTINATION, 's.test': { ...SOURCE, clients, clientInLog } });
    await rig.log('d.test', ['198.51.100.53', 2900]);
    await rig.logEntries('s.test', [inLog(asker)]);
    for (const [address, verdict] of [
      [asker, 'match'],
      ['198.51.100.9', 'no match'],
    ] as const) {
      const caseId = randomUUID();
      const { test, read } = createTest('oblivious', { caseId, name: nameOf(VICTIM), address: addressOf(address) });
      const { ground: _, ...envelope } = rig.request('d.test', { case: caseId });
      const { findings } = await rig.ask('d.test', { ...envelope, kind: 'confirm', test });
      expect((await read(findings)).verdicts.map((one) => one.verdict)).toEqual([verdict]);
    }
  });

  it('asks peers behind it, and tells nobody a pseudonym of a server', async () => {
    const rig = new TracebackRig({ 'd.test': { ...DESTINATION, clientInLog }, 's.test': SOURCE });
    await rig.logEntries('d.test', [inLog('198.51.100.53'), inLog('203.0.113.1'), inLog('203.0.113.2')]);
    await rig.log('s.test', ['198.51.100.7', 3000]);
    const answer = await rig.traceback('d.test');
    expect(namedHosts(answer)).toEqual({ 's.test': ['198.51.100.7'] });
    expect(rig.asked[0]!.request.servers).toEqual(['198.51.100.53']);
    expect(gapsOf(answer)).toEqual(['unknown server d.test']);
    expect(answer.gaps[0]!.detail).toContain('2 servers');
  });
});
