import { describe, expect, it } from 'vitest';
import { CopyLane, CopyQueue, type CopySource } from '../../../src/controller/copy-queue.ts';

/** Copies delivered in one turn, and in one turn when packet_ins wait for a verdict. */
const SHARE = 64;
const BUSY_SHARE = 8;
const MAX_WAITING = 4096;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

class Source implements CopySource {
  readonly delivered: number[] = [];
  readonly lane = new CopyLane(this);

  deliver(message: Buffer): void {
    this.delivered.push(message.readUInt32BE(0));
  }
}

function numbered(number: number, lengthBytes = 4): Buffer {
  const message = Buffer.alloc(lengthBytes);
  message.writeUInt32BE(number, 0);
  return message;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

function setUp(maxBytes = 1 << 24) {
  const state = { isBusy: false };
  return { state, queue: new CopyQueue(maxBytes, () => state.isBusy), source: new Source() };
}

describe('the queue of copies to learn from', () => {
  it('delivers nothing in the turn in which it came, and in each later turn a share, in order', async () => {
    const { queue, source } = setUp();
    for (const number of upTo(SHARE + 10)) expect(queue.offer(source.lane, numbered(number))).toBe(true);
    expect(source.delivered).toEqual([]);
    await turn();
    expect(source.delivered).toEqual(upTo(SHARE));
    await turn();
    expect(source.delivered).toEqual(upTo(SHARE + 10));
    expect(queue.bytes).toBe(0);
    expect(queue.counters.snapshot()).toEqual({ copies: SHARE + 10 });
  });

  it('keeps a copy of its own: the octets may be used again at once', async () => {
    const { queue, source } = setUp();
    const message = numbered(7);
    queue.offer(source.lane, message);
    message.writeUInt32BE(99, 0);
    await turn();
    expect(source.delivered).toEqual([7]);
  });

  it('goes on slowly, and never stops, while packet_ins wait for a verdict', async () => {
    const { state, queue, source } = setUp();
    state.isBusy = true;
    for (const number of upTo(100)) queue.offer(source.lane, numbered(number));
    await turn();
    expect(source.delivered).toEqual(upTo(BUSY_SHARE));
    state.isBusy = false;
    await turn();
    expect(source.delivered).toEqual(upTo(BUSY_SHARE + SHARE));
  });

  it('does not let a switch that floods starve another', async () => {
    const { queue, source } = setUp();
    const honest = new Source();
    for (const number of upTo(1000)) queue.offer(source.lane, numbered(number));
    for (const number of upTo(10)) queue.offer(honest.lane, numbered(number));
    await turn();
    expect(honest.delivered).toEqual(upTo(10));
  });

  it('drops what one connection has too many of, and counts it', async () => {
    const { queue, source } = setUp();
    const taken = upTo(MAX_WAITING + 5).filter((number) => queue.offer(source.lane, numbered(number)));
    expect(taken).toEqual(upTo(MAX_WAITING));
    expect(queue.counters.get('copies dropped')).toBe(5);
    expect(queue.offer(new Source().lane, numbered(1))).toBe(true);
    while (queue.bytes > 0) await turn();
    expect(source.delivered).toEqual(upTo(MAX_WAITING));
  });

  it('drops what would take more octets than all may have; no switch takes all of them', () => {
    const { queue, source } = setUp(100_000);
    for (const number of upTo(1000)) queue.offer(source.lane, numbered(number, 800));
    expect(queue.bytes).toBe(50_000);
    expect(queue.offer(new Source().lane, numbered(0, 800))).toBe(true);
  });

  it('forgets what waits of a switch that has gone, and delivers it to nobody', async () => {
    const { queue, source } = setUp();
    const other = new Source();
    for (const number of upTo(10)) queue.offer(source.lane, numbered(number));
    queue.offer(other.lane, numbered(1));
    queue.forget(source.lane);
    expect(queue.bytes).toBe(204);
    await turn();
    expect(source.delivered).toEqual([]);
    expect(other.delivered).toEqual([1]);
    queue.offer(source.lane, numbered(5));
    await turn();
    expect(source.delivered).toEqual([5]);
    expect(queue.bytes).toBe(0);
  });
});
