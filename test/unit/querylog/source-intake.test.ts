import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, formatAddress, parseAddress } from '../../../src/core/address.ts';
import { GluewallError } from '../../../src/core/errors.ts';
import { silentLog } from '../../../src/core/log.ts';
import { MAX_SAMPLE_OCTETS } from '../../../src/querylog/query-log-store.ts';
import { QueueRoom } from '../../../src/querylog/queue-room.ts';
import { LOG_FORMATS } from '../../../src/querylog/readers/list.ts';
import { SourceIntake, type SourceOptions } from '../../../src/querylog/source-intake.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { RecordingQueryLog } from '../../support/recording-query-log.ts';
import { sourceOptions } from '../../support/source-options.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const FINGERPRINT = '4:abcd';

function rig(options: Partial<SourceOptions> = {}) {
  const clock = new VirtualClock();
  const store = new RecordingQueryLog();
  const log = new RecordingLog();
  const intake = new SourceIntake(sourceOptions(options), store, clock, log);
  return { clock, store, log, intake };
}

/** Lets promises and the store have their turn. */
async function settled(clock: VirtualClock, durationMs = 0): Promise<void> {
  for (let count = 0; count < 5; count++) await setImmediate();
  clock.advance(durationMs);
  for (let count = 0; count < 5; count++) await setImmediate();
}

const said = (log: RecordingLog, level: string) =>
  log.lines.filter((line) => line.startsWith(`${level}: `)).map((line) => line.slice(level.length + 2));

const lines = (clock: VirtualClock, count: number, from = 0) =>
  Buffer.from(Array.from({ length: count }, (_, at) => `${clock.nowMs()} h${from + at}.example\n`).join(''));

describe('SourceIntake', () => {
  it('hands over entries with their place within two seconds', async () => {
    const { clock, store, intake } = rig();
    intake.begin(FINGERPRINT);
    const octets = Buffer.from(`${clock.nowMs()} one.example\n# nothing\nwhat\n${clock.nowMs()} two.exa`);
    expect(intake.push(octets)).toBeUndefined();
    await settled(clock, 1999);
    expect(store.batches).toEqual([]);
    await settled(clock, 1);
    expect(store.names).toEqual(['one.example']);
    const whole = octets.lastIndexOf('\n') + 1;
    expect(store.batches[0]!.position).toMatchObject({ fingerprint: FINGERPRINT, offset: whole });
    intake.push(Buffer.from('mple\n'));
    await settled(clock, 2000);
    expect(store.names).toEqual(['one.example', 'two.example']);
    expect(intake.figures()).toMatchObject({
      source: 'ns1',
      format: 'line-log',
      bytes: octets.length + 5,
      records: 4,
      taken: 2,
      other: 1,
      refused: { 'no line of this log': 1 },
      entries: 2,
      lost: 0,
      lastAtMs: expect.any(Number),
    });
    expect(store.batches[0]!.quarantined).toEqual([
      { atMs: expect.any(Number), reason: 'no line of this log', sample: new Uint8Array(Buffer.from('what')) },
    ]);
  });

  it('keeps a place also where nothing but other records came, and then rests', async () => {
    const { clock, store, intake } = rig();
    intake.begin(FINGERPRINT);
    intake.push(Buffer.from('# nothing\n'));
    for (let count = 0; count < 10; count++) await settled(clock, 1000);
    expect(store.batches.at(-1)!.position!.offset).toBe(10);
    const kept = store.batches.length;
    expect(clock.pendingTimers).toBe(0);
    await settled(clock, 60_000);
    expect(store.batches).toHaveLength(kept);
  });

  it('goes on from any place in the store: each record once, whatever was cut where', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('q', 'ask', 'tell', 'other', 'bad', 'empty'), { minLength: 1, maxLength: 40 }),
        fc.array(fc.tuple(fc.nat(60), fc.constantFrom('die', 'save', 'nothing')), { maxLength: 30 }),
        async (kinds, cuts) => {
          const { octets, expected } = textOf(kinds);
          const store = new RecordingQueryLog();
          // Who is dead does nothing more: each life has a clock of its own.
          let clock = new VirtualClock();
          let intake = new SourceIntake(sourceOptions(), store, clock, silentLog);
          intake.begin(FINGERPRINT);
          let at = 0;
          for (const [length, then] of cuts) {
            intake.push(octets.subarray(at, at + length));
            at = Math.min(octets.length, at + length);
            if (then === 'save') await settled(clock, 2000);
            if (then !== 'die') continue;
            const position = await store.position('ns1');
            clock = new VirtualClock();
            intake = new SourceIntake(sourceOptions(), store, clock, silentLog);
            if (position === undefined) intake.begin(FINGERPRINT);
            else intake.resume(position);
            at = position?.offset ?? 0;
          }
          intake.push(octets.subarray(at));
          await intake.end();
          const kept = store.entries.map(({ atMs, responseCode }) => `${atMs} ${responseCode}`).sort();
          expect(kept).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('lets go of what waits for a response when nothing comes for 5 s', async () => {
    const { clock, store, intake } = rig();
    intake.begin(FINGERPRINT);
    intake.push(Buffer.from(`${clock.nowMs()} waits.example ?\n`));
    await settled(clock, 4000);
    expect(store.names).toEqual([]);
    await settled(clock, 2000);
    expect(store.names).toEqual(['waits.example']);
    intake.push(Buffer.from(`${clock.nowMs()} waits.example ?\n${clock.nowMs()} waits.example = 3\n`));
    await settled(clock, 2000);
    expect(store.entries.at(-1)!.responseCode).toBe(3);
  });

  it('lets the source wait while the store takes nothing, asks it again, and loses and doubles nothing', async () => {
    const { clock, store, log, intake } = rig();
    store.failure = new Error('the disk is full');
    intake.begin(FINGERPRINT);
    expect(intake.push(lines(clock, 20_000))).toBeUndefined();
    let isFree = false;
    const wait = intake.push(lines(clock, 20_000, 20_000));
    expect(wait).toBeInstanceOf(Promise);
    void wait!.then(() => {
      isFree = true;
    });
    const attempts: number[] = [];
    for (const pauseMs of [0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      await settled(clock, pauseMs);
      attempts.push(store.appends);
    }
    expect(attempts).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(isFree).toBe(false);
    expect(intake.figures().problem).toBe('the disk is full');
    store.failure = undefined;
    await settled(clock, 30_000);
    expect(isFree).toBe(true);
    await settled(clock, 2000);
    expect(store.names).toEqual(Array.from({ length: 40_000 }, (_, at) => `h${at}.example`));
    expect(said(log, 'error')).toEqual(['the query log takes no entries of ns1: the disk is full; reading waits']);
    expect(said(log, 'info')).toEqual(['the query log takes entries again']);
    expect(intake.figures().problem).toBeUndefined();
  });

  it('does not keep a batch twice whose word got lost', async () => {
    const { clock, store, intake } = rig();
    intake.begin(FINGERPRINT);
    store.losesNextWord = true;
    intake.push(lines(clock, 3));
    await settled(clock, 2000);
    await settled(clock, 2000);
    await settled(clock, 6000);
    expect(store.names).toEqual(['h0.example', 'h1.example', 'h2.example']);
    intake.push(lines(clock, 1, 3));
    await settled(clock, 2000);
    expect(store.names).toHaveLength(4);
  });

  it('goes on behind a batch that the store will never take, and counts it', async () => {
    const { clock, store, log, intake } = rig();
    store.failure = new GluewallError('store-batch', 'too many days');
    intake.begin(FINGERPRINT);
    intake.push(lines(clock, 3));
    await settled(clock, 2000);
    store.failure = undefined;
    intake.push(lines(clock, 2, 3));
    await settled(clock, 2000);
    expect(store.names).toEqual(['h3.example', 'h4.example']);
    expect(store.batches.at(-1)!.position!.offset).toBe(intake.offset);
    expect(intake.figures()).toMatchObject({ entries: 2, lost: 3 });
    expect(said(log, 'error')).toEqual(['what ns1 brought is left out of the query log: too many days']);
  });

  it('gives the error of the store to an import', async () => {
    const { clock, store, intake } = rig({ isLive: false });
    store.failure = new Error('the disk is full');
    intake.begin(FINGERPRINT);
    intake.push(lines(clock, 3));
    await expect(intake.end()).rejects.toThrow('the disk is full');
    store.failure = undefined;
  });

  it('says with each batch which place it goes on from, also behind one that was refused', async () => {
    const { clock, store, intake } = rig();
    intake.begin(FINGERPRINT);
    for (const code of [undefined, 'store-rows', undefined]) {
      store.failure = code === undefined ? undefined : new GluewallError(code, 'no');
      intake.push(lines(clock, 1));
      await settled(clock, 2000);
    }
    expect(store.batches.map(({ from }) => from?.offset)).toEqual([undefined, store.batches[0]!.position!.offset]);
    const position = (await store.position('ns1'))!;
    const next = new SourceIntake(sourceOptions(), store, clock, silentLog);
    next.resume(position);
    next.push(lines(clock, 1));
    await next.end();
    expect(store.batches.at(-1)!.from).toEqual(position);
  });

  it('gives up where another reads the source, too, and keeps nothing twice', async () => {
    for (const isLive of [true, false]) {
      const { clock, store, log, intake } = rig({ isLive });
      const other = new SourceIntake(sourceOptions({ isLive }), store, clock, silentLog);
      intake.begin(FINGERPRINT);
      const octets = lines(clock, 100);
      intake.push(octets);
      await settled(clock, 2000);
      other.begin(FINGERPRINT);
      expect(other.push(octets.subarray(0, 500))).toBeUndefined();
      await settled(clock, 2000);
      expect(store.names).toHaveLength(100);
      expect(other.figures().problem).toMatch(/^another process reads the source ns1, too/);
      for (let seconds = 0; seconds < 10; seconds++) await settled(clock, 1000);
      const { appends } = store;
      await settled(clock, 120_000);
      expect(store.appends).toBe(appends);
      await expect(other.push(octets.subarray(500))).rejects.toMatchObject({ code: 'store-position' });
      await other.stop();
      intake.push(lines(clock, 1, 100));
      await intake.end();
      expect(store.names).toEqual(Array.from({ length: 101 }, (_, at) => `h${at}.example`));
      expect(clock.pendingTimers).toBe(0);
      expect(said(log, 'error')).toEqual([]);
    }
  });

  it('holds room for what it has not handed over yet, and gives it back', async () => {
    const room = new QueueRoom(2_000_000);
    const openRoom = new QueueRoom(1_000_000);
    const { clock, store, intake } = rig({ room, openRoom });
    intake.push(lines(clock, 5000));
    expect(store.appends).toBe(0);
    expect(room.taken).toBeGreaterThan(5000 * 40);
    await settled(clock, 2000);
    expect([store.entries.length, room.taken]).toEqual([5000, 0]);
    const asked = Array.from({ length: 5000 }, (_, at) => `${clock.nowMs()} h${at}.example ?\n`).join('');
    intake.push(Buffer.from(asked));
    expect(openRoom.taken).toBeGreaterThan(900_000);
    expect(openRoom.taken).toBeLessThanOrEqual(1_000_000);
    await intake.stop();
    expect([store.entries.length, room.taken, openRoom.taken]).toEqual([10_000, 0, 0]);
    const ofFile = new SourceIntake(sourceOptions({ openRoom }), store, clock, silentLog);
    ofFile.begin(FINGERPRINT);
    ofFile.push(Buffer.from(asked));
    await ofFile.stop();
    expect(openRoom.taken).toBe(0);
  });

  it('ends a batch at 1 MiB', async () => {
    const { clock, store, intake } = rig();
    intake.begin(FINGERPRINT);
    const name = Array.from({ length: 4 }, () => 'x'.repeat(60)).join('.');
    await intake.push(Buffer.from(`${clock.nowMs()} ${name}\n`.repeat(12_000)));
    await intake.end();
    expect(store.entries).toHaveLength(12_000);
    expect(Math.max(...store.batches.map(({ entries }) => entries.length))).toBeLessThan(1_600_000);
  });

  it('keeps no client that was waiting when pseudonyms began, changed or ended', async () => {
    const format = LOG_FORMATS.find(({ name }) => name === 'bind')!;
    const pseudonym = (text: string) => () => parseAddress(text)!;
    const plain = (address: Address) => address;
    const ways = [plain, pseudonym('2001:db8::a'), pseudonym('2001:db8::b'), plain, plain];
    const clock = new VirtualClock();
    const store = new RecordingQueryLog();
    for (const [index, client] of ways.entries()) {
      const intake = new SourceIntake(sourceOptions({ format, client }), store, clock, silentLog);
      const kept = await store.position('ns1');
      if (kept === undefined) intake.begin(FINGERPRINT);
      else intake.resume(kept);
      const at = `0${index + 1}-Jan-2026 10:11:12.123`;
      intake.push(
        Buffer.from(`${at} client @0x7f2c04000b01 192.0.2.77#5353 (a): query: a${index}.example IN A + (192.0.2.53)\n`),
      );
      await intake.stop();
    }
    const last = (await store.position('ns1'))!;
    const intake = new SourceIntake(sourceOptions({ format, client: plain }), store, clock, silentLog);
    intake.resume(last);
    await intake.end();
    expect(store.entries.map(({ client }) => client && formatAddress(client))).toEqual([
      undefined,
      undefined,
      undefined,
      '192.0.2.77',
      '192.0.2.77',
    ]);
    expect(store.names).toEqual(['a0', 'a1', 'a2', 'a3', 'a4'].map((label) => `${label}.example`));
  });

  it('counts what finds no room, of a source that cannot be read again', async () => {
    const room = new QueueRoom(1_000_000);
    const { clock, store, intake } = rig({ room });
    store.failure = new Error('away');
    for (let count = 0; count < 10; count++) intake.push(lines(clock, 20_000));
    const { entries, lost } = intake.figures();
    expect(lost).toBeGreaterThan(100_000);
    expect(entries + lost).toBe(200_000);
    expect(room.taken).toBeLessThanOrEqual(1_000_000);
    store.failure = undefined;
    await settled(clock, 2000);
    await settled(clock, 10_000);
    expect(store.names).toHaveLength(entries);
    expect(store.batches.every(({ position }) => position === undefined)).toBe(true);
    expect(room.taken).toBe(0);
  });

  it('keeps few samples of a batch, some of each reason, short, and none of an anonymised source', async () => {
    const bad = Buffer.from(`${'x'.repeat(2000)}\n`.repeat(50) + '1 ..\n'.repeat(50));
    const open = rig();
    open.intake.begin(FINGERPRINT);
    open.intake.push(bad);
    await settled(open.clock, 2000);
    const samples = open.store.batches[0]!.quarantined;
    expect(samples.map(({ reason }) => reason)).toEqual([
      'no line of this log',
      'no line of this log',
      'no name',
      'no name',
    ]);
    expect(samples[0]!.sample).toHaveLength(MAX_SAMPLE_OCTETS);
    expect(open.intake.figures().refused).toEqual({ 'no line of this log': 50, 'no name': 50 });
    const closed = rig({ keepsSamples: false });
    closed.intake.begin(FINGERPRINT);
    closed.intake.push(bad);
    await settled(closed.clock, 2000);
    expect(closed.store.batches[0]!.quarantined).toEqual([]);
    expect(closed.intake.figures().refused).toEqual({ 'no line of this log': 50, 'no name': 50 });
  });

  it('tells of two sources whose clocks are an hour apart, each for itself, and only once', async () => {
    const right = rig();
    const wrong = rig({ name: 'ns2', zone: 'Europe/Vienna' });
    for (const { intake, clock } of [right, wrong]) {
      intake.begin(FINGERPRINT);
      for (let count = 0; count < 20; count++) {
        const atMs = clock.nowMs() - (intake === wrong.intake ? 3_600_000 : 0);
        intake.push(Buffer.from(`${atMs} h.example\n`), true);
        await settled(clock, 250);
      }
    }
    expect(right.intake.figures().behindMs).toBe(0);
    expect(wrong.intake.figures().behindMs).toBe(3_600_000);
    expect(said(right.log, 'warn')).toEqual([]);
    expect(said(wrong.log, 'warn')).toEqual([
      'the times of ns2 are 1 hour behind the clock of this machine; check its clock, and ours',
    ]);
  });

  it('does not take an old file for a wrong clock', async () => {
    const { clock, intake, log } = rig();
    intake.begin(FINGERPRINT);
    for (let count = 0; count < 20; count++) {
      intake.push(Buffer.from(`${clock.nowMs() - 86_400_000} h.example\n`));
      await settled(clock, 250);
    }
    expect(intake.figures().behindMs).toBeUndefined();
    expect(said(log, 'warn')).toEqual([]);
  });

  it('ends with what was read when it is stopped, though the store takes nothing', async () => {
    const { clock, store, intake } = rig();
    intake.begin(FINGERPRINT);
    store.failure = new Error('away');
    intake.push(lines(clock, 20_000));
    const waits = intake.push(lines(clock, 20_000));
    await settled(clock);
    await intake.stop();
    await waits;
    await intake.stop();
    expect(store.names).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});

/** Lines of all kinds, with the entries that are in them. */
function textOf(kinds: readonly string[]) {
  const expected: string[] = [];
  const startMs = Date.UTC(2026, 0, 10);
  const open: number[] = [];
  const text = kinds.map((kind, at) => {
    const atMs = startMs + at;
    if (kind === 'q') expected.push(`${atMs} undefined`);
    if (kind === 'ask') open.push(atMs);
    if (kind === 'tell' && open.length > 0) expected.push(`${open.shift()} 3`);
    if (kind === 'q') return `${atMs} h${at}.example`;
    if (kind === 'ask') return `${atMs} joined.example ?`;
    if (kind === 'tell') return `${atMs} joined.example = 3`;
    return kind === 'empty' ? '' : kind === 'bad' ? 'bad line' : '# other';
  });
  expected.push(...open.map((atMs) => `${atMs} undefined`));
  return { octets: Buffer.from(text.join('\r\n')), expected: expected.sort() };
}
