import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Address, formatAddress, isIpv4 } from '../../../src/core/address.ts';
import type { Name } from '../../../src/dns/name.ts';
import type { LogPage, LogQuestion } from '../../../src/querylog/query-log-store.ts';
import { createTest } from '../../../src/traceback/confirmation/confirmation-test.ts';
import { nodeRequest, type TracebackRequest } from '../../../src/traceback/messages.ts';
import { addressOf, nameOf } from '../../support/store-rows.ts';
import { AT_MS, gapsOf, namedHosts, type RigNode, TracebackRig, VICTIM } from '../../support/traceback-rig.ts';

const SOURCE: RigNode = { servers: ['198.51.100.53'], clients: ['198.51.100.0/24'] };
const SERVERS = ['198.51.100.53'];
const iso = (atMs: number) => new Date(atMs).toISOString();

/** A source, and a request of a peer to it. */
function sourceRig(node: RigNode = SOURCE) {
  const rig = new TracebackRig({ 's.test': node });
  const from = (peer: string, more: Partial<TracebackRequest> = {}) => rig.request(peer, { servers: SERVERS, ...more });
  const ask = (peer: string, more: Partial<TracebackRequest> = {}) => rig.ask('s.test', from(peer, more));
  return { rig, from, ask };
}

describe('TracebackNode: a peer that asks too much', () => {
  it('is in nobody else’s way: 16 requests of one, and one of another', async () => {
    const asked: (Name | undefined)[] = [];
    const open: (() => void)[] = [];
    const search = ({ name }: LogQuestion): Promise<LogPage> => {
      asked.push(name);
      return new Promise((resolve) => open.push(() => resolve({ entries: [], last: undefined })));
    };
    const { rig, from } = sourceRig({ ...SOURCE, parts: { log: { search } } });
    const greedy = Array.from({ length: 16 }, (_, number) =>
      rig.ask('s.test', from('evil.test', { name: `x${number}.example.org` })),
    );
    await turn();
    const other = rig.ask('s.test', from('honest.test', { name: VICTIM }));
    for (let turns = 0; turns < 5; turns++) await turn();
    // One of each: the log has two questions, whoever asks how much.
    expect(asked).toEqual([nameOf('x0.example.org'), nameOf(VICTIM)]);
    let isAnswered = false;
    void other.then(() => {
      isAnswered = true;
    });
    let greedyAnswers = 0;
    for (const answer of greedy) void answer.then(() => greedyAnswers++);
    while (!isAnswered) {
      for (const goOn of open.splice(0)) goOn();
      await turn();
    }
    expect(greedyAnswers).toBeLessThan(3);
    expect(gapsOf(await other)).toEqual(['no log s.test']);
    while (greedyAnswers < 16) {
      for (const goOn of open.splice(0)) goOn();
      await turn();
    }
  });

  it('has one confirmation at a time', async () => {
    const tested: string[] = [];
    // As they are; an odd address is asked for when it is found, and not on the way there.
    const clientInLog = (address: Address) => {
      const text = formatAddress(address);
      if (isIpv4(address) && (address & 1) === 1) tested.push(text);
      return address;
    };
    const { rig, from } = sourceRig({ clients: ['198.51.100.0/24'], clientInLog });
    const confirm = async (peer: string, name: string, first: number) => {
      const hosts = Array.from({ length: 40 }, (_, number) => `198.51.100.${first + 2 * number}`);
      await rig.log('s.test', ...hosts.map((host) => [host, 3000, name] as const));
      const caseId = randomUUID();
      const { test } = createTest('hash', { caseId, name: nameOf(name), address: addressOf('192.0.2.1') });
      const { ground: _, ...envelope } = from(peer, { case: caseId, name });
      return () => rig.ask('s.test', { ...envelope, kind: 'confirm', test });
    };
    const isFirst = (text: string) => Number(text.split('.')[3]) < 100;
    const switches = () => tested.filter((text, index) => index > 0 && isFirst(text) !== isFirst(tested[index - 1]!));
    for (const [other, isOneByOne] of [
      ['evil.test', true],
      ['honest.test', false],
    ] as const) {
      tested.length = 0;
      const asks = [await confirm('evil.test', VICTIM, 1), await confirm(other, 'mail.example.org', 101)];
      await Promise.all(asks.map((ask) => ask()));
      expect(switches().length === 1).toBe(isOneByOne);
      expect(new Set(tested).size).toBe(80);
    }
  });

  it('has the log looked through once of a name and a window, whatever it calls the case', async () => {
    let searches = 0;
    const search = async (): Promise<LogPage> => {
      searches++;
      return { entries: [], last: undefined };
    };
    const { ask } = sourceRig({ ...SOURCE, parts: { log: { search } } });
    await ask('evil.test');
    const first = searches;
    await ask('evil.test', { case: randomUUID() });
    await ask('other.test', { case: randomUUID(), name: 'WWW.example.org' });
    expect([first > 0, searches - first]).toEqual([true, 0]);
  });

  it('does not make thousands of requests of one in a mesh of forwarders', async () => {
    const names = Array.from({ length: 16 }, (_, number) => `n${number}.test`);
    const server = (number: number) => `203.0.113.${number}`;
    const rig = new TracebackRig({
      'd.test': { zones: ['example.org'], servers: ['192.0.2.53'] },
      ...Object.fromEntries(names.map((name, number) => [name, { isForwarder: true, servers: [server(number)] }])),
      's.test': SOURCE,
    });
    const everybody = names.map((_, number) => [server(number), 2000] as const);
    for (const name of ['d.test', ...names]) await rig.log(name, ...everybody);
    await rig.log('n7.test', ['198.51.100.53', 2000]);
    await rig.log('s.test', ['198.51.100.7', 3000]);
    const answer = await rig.traceback('d.test', { hopLimit: 15 });
    expect(namedHosts(answer)).toEqual({ 's.test': ['198.51.100.7'] });
    // 16 nodes, each asked for two askers by each of the others.
    expect(rig.asked.length).toBeLessThan(2 * 17 * 17);
  });

  it('is given what a peer has said when it asks again', async () => {
    const rig = new TracebackRig({ 'f.test': { isForwarder: true }, 's.test': SOURCE });
    await rig.log('f.test', ['198.51.100.53', 2000]);
    await rig.log('s.test', ['198.51.100.7', 3000]);
    const request = rig.request('a.test', { servers: ['203.0.113.1'] });
    for (let time = 0; time < 3; time++) {
      const answer = await rig.ask('f.test', { ...request, request: randomUUID() });
      expect([namedHosts(answer), answer.gaps]).toEqual([{ 's.test': ['198.51.100.7'] }, []]);
    }
    expect(rig.asked).toHaveLength(1);
  });
});

describe('TracebackNode: a peer that wants to know more than it may', () => {
  it('learns how many servers nobody speaks for, and no address of them', async () => {
    const rig = new TracebackRig({ 'd.test': { zones: ['example.org'] }, 's.test': SOURCE });
    await rig.log('d.test', ['203.0.113.1', 2000], ['203.0.113.2', 2000]);
    const ours = await rig.traceback('d.test');
    expect(gapsOf(ours)).toEqual(['unknown server d.test 203.0.113.1', 'unknown server d.test 203.0.113.2']);
    const caseId = randomUUID();
    const { test } = createTest('hash', { caseId, name: nameOf(VICTIM), address: addressOf('192.0.2.1') });
    const { ground: _, ...envelope } = rig.request('a.test', { case: caseId });
    for (const answer of [
      await rig.ask('d.test', rig.request('a.test')),
      await rig.ask('d.test', { ...envelope, kind: 'confirm', test }),
    ]) {
      expect(gapsOf(answer)).toEqual(['unknown server d.test']);
      expect(answer.gaps[0]!.detail).toContain('2 servers');
      expect(JSON.stringify(answer)).not.toContain('203.0.113');
    }
  });

  it('a match that one peer has found is nothing to the case of another', async () => {
    const { rig, ask, from } = sourceRig();
    await rig.log('s.test', ['198.51.100.7', 3000]);
    const caseId = randomUUID();
    const { test } = createTest('hash', { caseId, name: nameOf(VICTIM), address: addressOf('198.51.100.7') });
    const { ground: _, ...envelope } = from('evil.test', { case: caseId });
    await rig.ask('s.test', { ...envelope, kind: 'confirm', test });
    await expect(ask('evil.test', { case: caseId })).rejects.toMatchObject({ type: 'no-ground' });
    expect(namedHosts(await ask('honest.test', { case: caseId }))).toEqual({ 's.test': ['198.51.100.7'] });
    // Another attack of the same case was not confirmed, nor refuted.
    expect((await ask('evil.test', { case: caseId, at: iso(AT_MS - 60_000) })).gaps).toEqual([]);
  });

  it('a search for command and control is of the attack that the host was named for, and once', async () => {
    const { rig, ask, from } = sourceRig();
    await rig.log('s.test', ['198.51.100.7', 3000], ['198.51.100.7', 60_000, 'cc.bad.example']);
    const caseId = randomUUID();
    await ask('a.test', { case: caseId });
    const search = async (more: Partial<TracebackRequest>, lookbackMs = 900_000) => {
      const { kind: _, ...envelope } = from('a.test', { case: caseId, ...more });
      const hosts = ['198.51.100.7'];
      return rig.ask('s.test', { ...envelope, kind: 'command-and-control', hosts, lookbackMs });
    };
    const refused = { reports: [], gaps: [{ reason: 'refused' }] };
    for (const more of [
      { at: iso(AT_MS - 600_000) },
      { name: 'other.example.org' },
      { window: { beforeMs: 5000, afterMs: 60_000 } },
    ]) {
      expect(await search(more)).toMatchObject(refused);
    }
    const names = (await search({})).reports.flatMap((report) => report.names.map(({ name }) => name));
    expect(names).toEqual(['cc.bad.example']);
    expect(await search({}, 1_800_000)).toMatchObject(refused);
    // The same again says the same.
    expect((await search({})).reports).toHaveLength(1);
    rig.clock.advance(3_600_000);
    expect(await search({})).toMatchObject(refused);
  });

  it.each([59_999, 3_600_001])('does not search %i ms back', (lookbackMs) => {
    const { kind: _, ...envelope } = sourceRig().from('a.test');
    const request = { ...envelope, kind: 'command-and-control', hosts: ['198.51.100.7'], lookbackMs };
    expect(nodeRequest.safeParse(request).success).toBe(false);
    expect(nodeRequest.safeParse({ ...request, lookbackMs: 900_000 }).success).toBe(true);
  });

  it('windows that lie near each other have one allowance of names', async () => {
    const { rig, ask } = sourceRig({ ...SOURCE, options: { namedHosts: 3 } });
    const hosts = Array.from({ length: 10 }, (_, number) => `198.51.100.${number + 1}`);
    await rig.log('s.test', ...hosts.map((host, number) => [host, 20_000 - 2000 * number] as const));
    const narrow = async (peer: string) => {
      const named = new Set<string>();
      for (let number = 0; number < 10; number++) {
        const at = iso(AT_MS - 20_000 + 2000 * number);
        const { reports } = await ask(peer, { case: randomUUID(), at, window: { beforeMs: 500, afterMs: 1500 } });
        for (const host of reports[0]!.hosts) named.add(host.address);
      }
      return [...named];
    };
    expect(await narrow('evil.test')).toEqual(hosts.slice(0, 3));
    // Another peer has its own, and so has a window that lies an hour away; who was named may be named again.
    expect(await narrow('other.test')).toEqual(hosts.slice(0, 3));
    await rig.log('s.test', ['198.51.100.9', 3_700_000]);
    const away = await ask('evil.test', { at: iso(AT_MS - 3_700_000) });
    expect(namedHosts(away)).toEqual({ 's.test': ['198.51.100.9'] });
    const again = await ask('evil.test', { at: iso(AT_MS - 20_000), case: randomUUID() });
    expect(namedHosts(again)).toEqual({ 's.test': ['198.51.100.1'] });
    expect(again.reports[0]!.withheld).toBe(0);
  });

  it('no window is narrower than two seconds', () => {
    const request = sourceRig().from('a.test');
    const isTaken = (beforeMs: number, afterMs: number) =>
      nodeRequest.safeParse({ ...request, window: { beforeMs, afterMs } }).success;
    expect([isTaken(1000, 999), isTaken(0, 0), isTaken(1000, 1000), isTaken(0, 2000)]).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
});
