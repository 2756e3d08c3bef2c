import { describe, expect, it } from 'vitest';
import { Lanes, PacketInQueue, type PacketInSource } from '../../../src/controller/packet-in-queue.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

/** The share of a port in one turn of the event loop. */
const SHARE = 128;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

class Source implements PacketInSource {
  isCongested = false;
  /** The numbers of the messages that came, in order. */
  readonly delivered: number[] = [];
  readonly lanes = new Lanes(this);

  deliver(message: Buffer): void {
    this.delivered.push(message.readUInt32BE(0));
  }
}

function numbered(number: number, lengthBytes = 4): Buffer {
  const message = Buffer.alloc(lengthBytes);
  message.writeUInt32BE(number, 0);
  return message;
}

function setUp(perPort = 1000, bytes = 1 << 20) {
  const clock = new VirtualClock();
  return { clock, queue: new PacketInQueue(clock, { perPort, bytes }), source: new Source() };
}

/** What the first `count` messages of a port are numbered. */
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('the queue of packet_ins', () => {
  it('delivers at once what is within the share of its port, and keeps the rest in order for later turns', async () => {
    const { queue, source } = setUp();
    for (const number of upTo(300)) expect(queue.offer(source.lanes.of(1), numbered(number))).toBe(true);
    expect(source.delivered).toEqual(upTo(SHARE));
    while (queue.bytes > 0) await turn();
    expect(source.delivered).toEqual(upTo(300));
    expect(queue.counters.get('packet_in queued')).toBe(300 - SHARE);
  });

  it('keeps a copy of its own: the octets may be used again at once', async () => {
    const { queue, source } = setUp();
    const message = numbered(7);
    for (let count = 0; count <= SHARE; count++) queue.offer(source.lanes.of(1), message);
    message.writeUInt32BE(99, 0);
    while (queue.bytes > 0) await turn();
    expect(source.delivered.at(-1)).toBe(7);
  });

  it('does not let a port that floods starve another of the same switch', async () => {
    const { queue, source } = setUp();
    for (const number of upTo(1000)) queue.offer(source.lanes.of(1), numbered(number));
    queue.offer(source.lanes.of(2), numbered(5000));
    expect(source.delivered.at(-1)).toBe(5000);
    for (const number of upTo(SHARE + 5)) queue.offer(source.lanes.of(2), numbered(6000 + number));
    await turn();
    expect(source.delivered).toContain(6000 + SHARE + 4);
    expect(source.delivered.indexOf(6000 + SHARE + 4)).toBeLessThan(source.delivered.indexOf(SHARE + 10));
  });

  it('does not let a switch that floods starve another', async () => {
    const { queue, source } = setUp(10_000);
    const honest = new Source();
    for (let port = 1; port <= 40; port++) {
      for (const number of upTo(1000)) queue.offer(source.lanes.of(port), numbered(number));
    }
    for (const number of upTo(SHARE + 1)) queue.offer(honest.lanes.of(1), numbered(number));
    expect(honest.delivered).toEqual(upTo(SHARE));
    await turn();
    expect(honest.delivered).toEqual(upTo(SHARE + 1));
  });

  it('drops what a port has too many of, and counts it; other ports keep their room', () => {
    const { queue, source } = setUp(10);
    const taken = upTo(SHARE + 50).filter((number) => queue.offer(source.lanes.of(1), numbered(number)));
    expect(taken).toEqual(upTo(SHARE + 10));
    expect(queue.counters.get('packet_in dropped')).toBe(40);
    expect(upTo(SHARE + 10).every((number) => queue.offer(source.lanes.of(2), numbered(number)))).toBe(true);
  });

  it('drops what would take more octets than all may have', () => {
    const { queue, source } = setUp(1000, 200_000);
    const taken = upTo(SHARE + 5).filter((number) => queue.offer(source.lanes.of(1), numbered(number, 60_000)));
    expect(taken).toHaveLength(SHARE + 2);
    expect(queue.bytes).toBe(2 * (60_000 + 200));
  });

  it('leaves a switch room that no other can take, however many ports that other floods from', () => {
    const { queue, source } = setUp(1000, 1_000_000);
    const honest = new Source();
    source.isCongested = true;
    for (let port = 1; port <= 250; port++) {
      for (const number of upTo(100)) queue.offer(source.lanes.of(port), numbered(number, 100));
    }
    expect(queue.bytes).toBe(500_100);
    const taken = upTo(SHARE + 2000).filter((number) => queue.offer(honest.lanes.of(1), numbered(number, 100)));
    expect(taken).toHaveLength(SHARE + 833);
    queue.forget(source.lanes);
    expect(queue.bytes).toBe(249_900);
  });

  it('lets ports beyond 256 share, so that invented port numbers cost no memory', () => {
    const { queue, source } = setUp(10);
    for (let port = 0; port < 100_000; port++) queue.offer(source.lanes.of(port), numbered(port));
    expect(source.delivered).toHaveLength(256 + SHARE - 1);
    expect(queue.bytes).toBe(10 * (4 + 200));
  });

  it('waits while the switch does not read, without spinning, and goes on when it does', async () => {
    const { queue, source } = setUp();
    source.isCongested = true;
    for (const number of upTo(5)) queue.offer(source.lanes.of(1), numbered(number));
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(source.delivered).toEqual([]);
    source.isCongested = false;
    await turn();
    expect(source.delivered).toEqual([]);
    queue.resume();
    await turn();
    expect(source.delivered).toEqual(upTo(5));
  });

  it('counts verdicts that come when the client has given up', async () => {
    const { clock, queue, source } = setUp();
    source.isCongested = true;
    queue.offer(source.lanes.of(1), numbered(0));
    clock.advance(1001);
    queue.offer(source.lanes.of(1), numbered(1));
    source.isCongested = false;
    queue.resume();
    await turn();
    expect(source.delivered).toEqual([0, 1]);
    expect(queue.counters.get('late verdicts')).toBe(1);
  });

  it('forgets what waits for a switch that has gone, and delivers it to nobody', async () => {
    const { queue, source } = setUp();
    for (const number of upTo(300)) queue.offer(source.lanes.of(1), numbered(number));
    queue.forget(source.lanes);
    expect(queue.bytes).toBe(0);
    await turn();
    expect(source.delivered).toHaveLength(SHARE);
  });
});
