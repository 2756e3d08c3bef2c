import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../mininet/until.ts';
import { DnstapReceiver, type DnstapReceiverOptions } from '../../../src/dnstap/dnstap-receiver.ts';
import { composeControl } from '../../../src/dnstap/frame-streams.ts';
import { unpackBatch } from '../../support/collected-observations.ts';
import { composeQuery } from '../../support/dns-messages.ts';
import { composeData, composeDnstap, RESOLVER_QUERY } from '../../support/dnstap-frames.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const DNSTAP = 'protobuf:dnstap.Dnstap';
const QUERY = composeData(
  composeDnstap({ type: RESOLVER_QUERY, responseAddress: '198.51.100.53', queryMessage: composeQuery('example.org') }),
);

let directory: string;
let closers: (() => unknown)[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  closers = [];
});
afterEach(async () => {
  for (const close of closers) await close();
  rmSync(directory, { recursive: true, force: true });
});

async function setUp(options: Partial<DnstapReceiverOptions> = {}) {
  const clock = new VirtualClock();
  const path = join(directory, 'dnstap.sock');
  const batches: Uint8Array[] = [];
  const lines: string[] = [];
  const fields: object[] = [];
  const say = (said: object, message: string) => {
    fields.push(said);
    lines.push(message);
  };
  const log = { debug: say, info: say, warn: say, error: say };
  const whole = { listen: { path }, isForGroup: false, resolvers: [], ...options };
  const receiver = new DnstapReceiver(whole, (batch) => batches.push(batch), clock, log);
  closers.push(() => receiver.stop());
  const port = await receiver.start();
  const begin = (): Writer => {
    const writer = new Writer(port === 0 ? connect(path) : connect(port, '127.0.0.1'));
    closers.push(() => writer.socket.destroy());
    return writer;
  };
  return { clock, path, receiver, lines, fields, port, begin, observed: () => batches.flatMap(unpackBatch).length };
}

/** A resolver's end. */
class Writer {
  readonly socket: Socket;
  #heard = Buffer.alloc(0);
  readonly ended: Promise<unknown>;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (octets) => {
      this.#heard = Buffer.concat([this.#heard, octets]);
    });
    this.ended = new Promise((resolve) => socket.on('close', resolve));
  }

  write(...parts: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  async hears(octets: Buffer): Promise<void> {
    await until('the answer comes', 2000, async () => this.#heard.length >= octets.length || undefined);
    expect(this.#heard.subarray(0, octets.length)).toEqual(octets);
    this.#heard = this.#heard.subarray(octets.length);
  }
}

const seen = (what: string, holds: () => boolean) => until(what, 2000, async () => holds() || undefined);

describe('DnstapReceiver', () => {
  it.each([
    ['a unix socket', {}],
    ['an address', { listen: { host: '127.0.0.1', port: 0 } }],
  ])('takes a stream with a handshake on %s', async (_, options) => {
    const { begin, receiver, observed } = await setUp(options);
    const writer = begin();
    writer.write(composeControl('ready', 'other', DNSTAP));
    await writer.hears(composeControl('accept', DNSTAP));
    writer.write(composeControl('start', DNSTAP), QUERY, QUERY);
    await seen('both are observed', () => observed() === 2);
    expect(receiver.isConnected).toBe(true);
    expect(receiver.statistics()).toEqual({ connected: 1, frames: { 'resolver query': 2 }, messages: { queries: 2 } });
    writer.write(composeControl('stop'));
    await writer.hears(composeControl('finish'));
    await writer.ended;
    await seen('it is gone', () => !receiver.isConnected);
  });

  it('takes a stream without a handshake', async () => {
    const { begin, observed } = await setUp();
    const writer = begin();
    writer.write(composeControl('start', DNSTAP), QUERY, composeControl('stop'));
    await seen('it is observed', () => observed() === 1);
    await writer.ended;
  });

  it.each([
    ['READY of another content', [composeControl('ready', 'other')], 'content type'],
    ['START of another content', [composeControl('start', 'other')], 'content type'],
    ['data without START', [QUERY], 'before START'],
    ['data before ACCEPT and START', [composeControl('ready', DNSTAP), QUERY], 'before START'],
    ['START twice', [composeControl('start', DNSTAP), composeControl('start', DNSTAP)], 'START out of turn'],
    ['STOP first', [composeControl('stop')], 'STOP out of turn'],
    ['FINISH', [composeControl('start', DNSTAP), composeControl('finish')], 'FINISH out of turn'],
    ['data after STOP', [composeControl('start', DNSTAP), composeControl('stop'), QUERY], 'after STOP'],
    ['no frames', [Buffer.from('GET / HTTP/1.0\r\n\r\n')], 'octets'],
  ])('ends the stream of one who sends %s', async (_, parts, said) => {
    const { begin, lines, observed } = await setUp();
    const writer = begin();
    writer.write(...parts);
    await writer.ended;
    await seen('it is said', () => lines.some((line) => line.includes(said)));
    expect(observed()).toBe(0);
  });

  it('gives one who does not begin ten seconds', async () => {
    const { begin, clock, lines } = await setUp();
    const writer = begin();
    writer.write(composeControl('ready', DNSTAP));
    await writer.hears(composeControl('accept', DNSTAP));
    clock.advance(10_000);
    await writer.ended;
    expect(lines.at(-1)).toContain('did not begin');
  });

  it('ends the stream of one who does not end a frame, and not that of one who is silent between them', async () => {
    const { begin, clock, lines, receiver, observed } = await setUp();
    const [half, silent] = [begin(), begin()];
    silent.write(composeControl('start', DNSTAP), QUERY);
    half.write(composeControl('start', DNSTAP));
    await seen('both have begun', () => receiver.statistics().connected === 2 && observed() === 1);
    clock.advance(29_000);
    half.write(QUERY, QUERY.subarray(0, 20));
    await seen('the whole frame', () => observed() === 2);
    clock.advance(30_000);
    half.write(QUERY.subarray(20), QUERY.subarray(0, 20));
    await seen('the next whole frame', () => observed() === 3);
    clock.advance(30_000);
    expect(receiver.statistics().connected).toBe(2);
    clock.advance(30_000);
    await half.ended;
    expect(lines.at(-1)).toContain('did not end a frame in time');
    expect(receiver.statistics().connected).toBe(1);
  });

  it('gives whole data frames as they came, however the stream is cut', async () => {
    const given: Buffer[] = [];
    let count = 0;
    const { begin } = await setUp({
      onFrames: (frames, frameCount, writer) => {
        expect(writer).toBe('local');
        given.push(Buffer.from(frames));
        count += frameCount;
      },
    });
    const frames = Array.from({ length: 40 }, (_, at) => composeData(Buffer.alloc(1 + ((at * 97) % 300), at)));
    const stream = Buffer.concat([composeControl('start', DNSTAP), ...frames]);
    const cuts = Array.from({ length: 150 }, (_, at) => (at * 2_654_435_761) % stream.length).toSorted((a, b) => a - b);
    const writer = begin();
    let at = 0;
    for (const cut of [...cuts, stream.length]) {
      writer.write(stream.subarray(at, cut));
      at = cut;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await seen('all are given', () => count === frames.length);
    expect(Buffer.concat(given)).toEqual(Buffer.concat(frames));
  });

  it('reads a flood in parts, between which others have their turn, and two floods alike', async () => {
    const given = new Map<string, number>();
    let inTurn = 0;
    let most = 0;
    const { begin, receiver } = await setUp({
      listen: { host: '127.0.0.1', port: 0 },
      onFrames: (frames) => {
        inTurn += frames.length;
        most = Math.max(most, inTurn);
        const who = String(frames[4]);
        given.set(who, (given.get(who) ?? 0) + frames.length);
      },
    });
    const endTurns = () => {
      inTurn = 0;
      if (!isDone()) setImmediate(endTurns);
    };
    const octets = 8 * 1024 * 1024;
    const isDone = () => given.size === 4 && [...given.values()].every((sum) => sum === octets);
    setImmediate(endTurns);
    const floods = [1, 2, 3, 4].map((who) => {
      const writer = begin();
      writer.write(composeControl('start', DNSTAP));
      return { writer, frames: Buffer.concat(Array(octets / 1024).fill(composeData(Buffer.alloc(1020, who)))) };
    });
    await seen('all have begun', () => receiver.statistics().connected === 4);
    for (const { writer, frames } of floods) writer.write(frames);
    let apart = 0;
    await until('all is read', 10_000, () => {
      const sums = [...given.values()];
      if (sums.length === 4) apart = Math.max(apart, Math.max(...sums) - Math.min(...sums));
      return isDone() || undefined;
    });
    expect(most).toBeLessThan(512 * 1024);
    expect(apart).toBeLessThan(octets / 2);
  });

  it('lets a new one in where those that are there are silent', async () => {
    const { begin, clock, receiver, lines } = await setUp();
    const silent = Array.from({ length: 64 }, begin);
    for (const writer of silent) writer.write(composeControl('start', DNSTAP));
    await seen('all have begun', () => receiver.statistics().connected === 64);
    clock.advance(1000);
    for (const writer of silent.slice(0, 63)) writer.write(QUERY);
    await seen('all but one write', () => receiver.statistics().frames['resolver query'] === 63);
    const late = begin();
    late.write(composeControl('start', DNSTAP), QUERY);
    await silent[63]!.ended;
    await seen('the late one', () => receiver.statistics().frames['resolver query'] === 64);
    expect(receiver.statistics().connected).toBe(64);
    expect(lines.at(-1)).toContain('silent longest');
  });

  it('lets in 64 at once', async () => {
    const { begin, receiver } = await setUp();
    const writers = Array.from({ length: 65 }, begin);
    for (const writer of writers) writer.write(composeControl('start', DNSTAP));
    await Promise.race(writers.map(({ ended }) => ended));
    await seen('64 have begun', () => receiver.statistics().connected === 64);
  });

  it('ends all streams when it stops, twice', async () => {
    const { begin, receiver } = await setUp();
    const writer = begin();
    writer.write(composeControl('start', DNSTAP));
    await seen('it has begun', () => receiver.isConnected);
    await receiver.stop();
    await receiver.stop();
    await writer.ended;
    expect(receiver.isConnected).toBe(false);
  });

  it.each([
    [false, 0o600],
    [true, 0o660],
  ])('the socket is open to the group: %s', async (isForGroup, mode) => {
    const { path, lines, fields } = await setUp({ isForGroup });
    expect(statSync(path).mode & 0o777).toBe(mode);
    // A unix socket has no port.
    expect([fields, lines]).toEqual([[{}], [`listening for dnstap on ${path}`]]);
  });

  it('says so where it cannot listen', async () => {
    const path = join(directory, 'file');
    writeFileSync(path, '');
    await expect(setUp({ listen: { path } })).rejects.toMatchObject({
      code: 'dnstap-listen',
      message: expect.stringContaining('set dnstap.listen'),
    });
    const { port } = await setUp({ listen: { host: '127.0.0.1', port: 0 } });
    await expect(setUp({ listen: { host: '127.0.0.1', port } })).rejects.toMatchObject({ code: 'dnstap-listen' });
  });
});
