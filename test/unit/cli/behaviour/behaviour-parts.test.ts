import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { behaviourOrder } from '../../../../src/cli/behaviour/behaviour-order.ts';
import { EntryPort, EntryTee, type TeedEntries, TeedStore } from '../../../../src/cli/behaviour/entry-tee.ts';
import { HeldBatches } from '../../../../src/cli/behaviour/held-batches.ts';
import { groupsOf } from '../../../../src/cli/behaviour/known-groups.ts';
import { Rounds } from '../../../../src/cli/behaviour/rounds.ts';
import { SeenTwice } from '../../../../src/cli/behaviour/seen-twice.ts';
import { unseenOf } from '../../../../src/cli/behaviour/unseen.ts';
import { configSchema } from '../../../../src/config/schema.ts';
import { parseAddress, parseNetwork } from '../../../../src/core/address.ts';
import { parseName } from '../../../../src/dns/name.ts';
import type { Finding } from '../../../../src/findings/finding.ts';
import { Anonymiser } from '../../../../src/querylog/anonymiser.ts';
import { EntryBatchWriter } from '../../../../src/querylog/entry-batch.ts';
import type { SourceBatch } from '../../../../src/querylog/query-log-store.ts';
import { answer, directQuery, query } from '../../../support/host-events.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

describe('SeenTwice', () => {
  it('tells what a second source tells, and not what one tells twice', () => {
    const seen = new SeenTwice();
    expect(seen.isAgain('client', query(0))).toBe(false);
    expect(seen.isAgain('client', query(10))).toBe(false);
    expect(seen.isAgain('log', query(900))).toBe(true);
    expect(seen.isAgain('log', answer(900))).toBe(false);
    expect(seen.isAgain('log', query(60_000))).toBe(false);
    expect(seen.isAgain('log', query(0, { type: 16 }))).toBe(false);
  });

  it('takes no query past the resolver for the same question to it', () => {
    const seen = new SeenTwice();
    expect(seen.isAgain('dnstap', query(0))).toBe(false);
    expect(seen.isAgain('border', directQuery(10))).toBe(false);
    expect(seen.isAgain('border', directQuery(20, { server: parseAddress('203.0.113.9')! }))).toBe(false);
    expect(seen.isAgain('client', directQuery(30))).toBe(true);
  });

  it('forgets the older half when it is full', () => {
    const seen = new SeenTwice();
    const other = (index: number) => query(0, { name: parseName(`n${index}.example`)! });
    for (let index = 0; index < 80_000; index++) seen.isAgain('client', other(index));
    expect(seen.isAgain('log', other(79_999))).toBe(true);
    expect(seen.isAgain('log', other(0))).toBe(false);
  });
});

describe('HeldBatches', () => {
  it('lets go of batches in their order when their time has come', () => {
    const clock = new VirtualClock();
    const taken: number[] = [];
    const held = new HeldBatches(clock, 3000, (batch) => taken.push(batch[0]!));
    held.add(Uint8Array.of(1), 0);
    clock.advance(2000);
    held.add(Uint8Array.of(2), 0);
    expect(taken).toEqual([]);
    clock.advance(1000);
    held.release();
    expect(taken).toEqual([1]);
    clock.advance(2000);
    held.release();
    expect(taken).toEqual([1, 2]);
  });

  it('is bounded: what finds no room is lost and counted, and nothing goes before its time', () => {
    const clock = new VirtualClock();
    const taken: number[] = [];
    const held = new HeldBatches(clock, 3000, (batch) => taken.push(batch[0]!));
    for (let count = 0; count < 20; count++) held.add(new Uint8Array(1024 * 1024).fill(count), 0);
    expect([taken, held.lost]).toEqual([[], 4]);
    clock.advance(3000);
    held.add(Uint8Array.of(99), 0);
    expect([taken, held.lost]).toEqual([Array.from({ length: 16 }, (_, index) => index), 4]);
  });
});

const NOW_MS = Date.UTC(2026, 0, 15);

function packed(atMs: number, count = 1): Uint8Array {
  const writer = new EntryBatchWriter();
  for (let index = 0; index < count; index++) {
    writer.add({
      atMs,
      name: parseName('a.example')!,
      type: 1,
      class: 1,
      client: parseAddress('192.0.2.7'),
      clientPort: undefined,
      server: undefined,
      role: undefined,
      responseCode: undefined,
      answers: [],
      mark: undefined,
    });
  }
  return writer.take();
}

describe('the tee of entries', () => {
  const batchOf = (entries: Uint8Array) =>
    ({ source: 's', entries, position: undefined, quarantined: [] }) as SourceBatch;

  async function joined(append: (batch: SourceBatch) => Promise<void> = async () => {}) {
    const clock = new VirtualClock(NOW_MS);
    const tee = new EntryTee(clock);
    const got: TeedEntries[] = [];
    const { port1, port2 } = new MessageChannel();
    const port = new EntryPort((entries) => got.push(entries));
    port.use(port1);
    tee.use(port2);
    const store = new TeedStore({ append, position: async () => undefined }, tee);
    return { store, got, tee, close: () => port.close() };
  }

  it('gives what the store has kept, once, in memory of its own', async () => {
    let isAway = true;
    const { store, got, close } = await joined(async ({ entries }) => {
      entries.fill(0);
      if (isAway) throw new Error('away');
    });
    const entries = packed(NOW_MS);
    await expect(store.append(batchOf(entries.slice()))).rejects.toThrow('away');
    isAway = false;
    await store.append(batchOf(entries.slice()));
    await vi.waitFor(() => expect(got).toHaveLength(1));
    expect(Buffer.from(got[0]!.batch).equals(entries)).toBe(true);
    close();
  });

  it('leaves out what is older than a day', async () => {
    const { store, got, close } = await joined();
    await store.append(batchOf(packed(NOW_MS - 2 * 86_400_000)));
    await store.append(batchOf(packed(NOW_MS, 2)));
    await vi.waitFor(() => expect(got).toHaveLength(1));
    close();
  });

  it('waits for nobody, and says what was lost', async () => {
    const { tee, got, close } = await joined();
    const many = packed(NOW_MS, 16_000);
    const big = () => new Uint8Array(many);
    const size = many.length;
    const fit = Math.floor((16 * 1024 * 1024) / size);
    for (let count = 0; count < fit + 1; count++) tee.take(big());
    await vi.waitFor(() => expect(got).toHaveLength(fit));
    await vi.waitFor(() => {
      tee.take(new Uint8Array(packed(NOW_MS)));
      expect(got.at(-1)!.lost + got.reduce((sum, { lost }) => sum + lost, 0)).toBeGreaterThanOrEqual(16_000);
    });
    close();
  });
});

describe('Rounds', () => {
  it('follow each other, one at a time, and once more at the end', async () => {
    const clock = new VirtualClock();
    const ended: number[] = [];
    let count = 0;
    const rounds = new Rounds(
      async () => ++count,
      1000,
      { ended: (round) => void ended.push(round), failed: () => {} },
      clock,
    );
    rounds.start();
    clock.advance(1000);
    await vi.waitFor(() => expect(ended).toEqual([1]));
    rounds.configure(5000);
    clock.advance(4000);
    expect(count).toBe(1);
    clock.advance(1000);
    await vi.waitFor(() => expect(ended).toEqual([1, 2]));
    await rounds.stop();
    await rounds.stop();
    expect(ended).toEqual([1, 2, 3]);
  });

  it('go on when one fails', async () => {
    const clock = new VirtualClock();
    const failed: string[] = [];
    const takers = { ended: () => {}, failed: ({ message }: Error) => failed.push(message) };
    const rounds = new Rounds(() => Promise.reject(new Error('broken')), 1000, takers, clock);
    rounds.start();
    clock.advance(1000);
    await vi.waitFor(() => expect(failed).toHaveLength(1));
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(1000);
    await vi.waitFor(() => expect(failed).toHaveLength(2));
    await rounds.stop();
  });
});

const config = (given: object) => configSchema.parse({ inside: { networks: ['192.0.2.0/24'] }, ...given });
const asItIs = <A>(address: A) => address;

describe('what is told the thread', () => {
  it('is not looked for where it cannot be seen, and that is said', () => {
    const border = behaviourOrder(config({ outside: { ports: ['eth0'] } }), asItIs);
    expect(border.options.unseen).toEqual(['syns-without-answer']);
    expect(unseenOf(border.sights).map(({ what }) => what)).toEqual([
      'unresolvable-names, odd-names',
      'scanning',
      'syns-without-answer, dns-tcp',
    ]);
    expect(unseenOf(border.sights).at(-1)!.remedy).toContain('behaviour.client_side.interfaces');
    const client = { behaviour: { client_side: { interfaces: ['eth1'] } }, outside: { ports: ['eth0'] } };
    const seen = behaviourOrder(config(client), asItIs);
    expect(seen.options.unseen).toEqual([]);
    expect(unseenOf(seen.sights)).toEqual([]);
    const dnstap = { behaviour: { client_side: { dnstap: true } }, capture: { interfaces: ['eth0'] } };
    expect(behaviourOrder(config(dnstap), asItIs).options.unseen).toEqual(['syns-without-answer']);
    const both = { ...dnstap, capture: { interfaces: ['eth0'], syns: true } };
    expect(behaviourOrder(config(both), asItIs).options.unseen).toEqual([]);
  });

  it('knows the site by pseudonyms, too', () => {
    const anonymiser = new Anonymiser(Buffer.alloc(32, 7));
    const pseudonym = (address: Parameters<Anonymiser['pseudonym']>[0]) => anonymiser.pseudonym(address);
    const given = { trusted_resolvers: ['192.0.2.53'], behaviour: { mail_servers: [{ address: '192.0.2.25' }] } };
    const { logSite, mailServers } = behaviourOrder(config(given), pseudonym);
    const host = pseudonym(parseAddress('192.0.2.7')!);
    expect(logSite.insideNetworks[0]!.prefixLength).toBe(24);
    expect((logSite.insideNetworks[0]!.base as number) >> 8).toBe((host as number) >> 8);
    expect(logSite.trustedResolvers).toContain(pseudonym(parseAddress('192.0.2.53')!));
    expect(logSite.mailServers).toEqual([pseudonym(parseAddress('192.0.2.25')!)]);
    expect(mailServers.map(({ address }) => address)).toContain(pseudonym(parseAddress('192.0.2.25')!));
  });

  it('is off where nothing is inside, unless it is wanted', () => {
    expect(parseNetwork('192.0.2.0/24')).toBeDefined();
    const { site } = behaviourOrder(configSchema.parse({ behaviour: { enabled: true } }), asItIs);
    expect(site.insideNetworks).toEqual([]);
  });
});

describe('groups that were known before', () => {
  it('are known by their findings', () => {
    const finding = { kind: 'bot-group', subject: 'G-4c7q', hosts: ['192.0.2.7', 'no address'], score: 0.9 };
    const groups = groupsOf([finding, { ...finding, kind: 'infected-host' }] as unknown as Finding[]);
    expect(groups).toMatchObject([{ id: 'G-4c7q', score: 0.9, hosts: [{ host: parseAddress('192.0.2.7') }] }]);
    expect(groups[0]!.hosts).toHaveLength(1);
  });
});
