import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SendBuffer } from '../../../src/controller/send-buffer.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

class FakeSocket {
  destroyed = false;
  writableLength = 0;
  readonly writes: Buffer[] = [];
  #onDrain = () => {};

  on(_event: 'drain', action: () => void): void {
    this.#onDrain = action;
  }

  /** The peer reads all that was written. */
  drain(): void {
    this.writableLength = 0;
    this.#onDrain();
  }

  write(bytes: Buffer): void {
    this.writes.push(bytes);
    this.writableLength += bytes.length;
  }
}

function setUp(maxBacklogBytes = 1 << 20) {
  const socket = new FakeSocket();
  const told: string[] = [];
  const out = new SendBuffer(socket as unknown as Socket, maxBacklogBytes, {
    overflow: () => told.push('overflow'),
    drained: () => told.push('drained'),
  });
  return { socket, told, out };
}

describe('SendBuffer', () => {
  it('sends every octet once, in order, whatever the sizes', async () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 60_000, max: 140_000 })), {
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(sizes, async (lengths) => {
        const { socket, out } = setUp(1 << 30);
        const parts = lengths.map((length, index) => Buffer.alloc(length, index + 1));
        for (const [index, part] of parts.entries()) {
          out.append(part);
          if (index % 7 === 6) await turn();
        }
        await turn();
        while (out.isCongested) socket.drain();
        expect(Buffer.concat(socket.writes).equals(Buffer.concat(parts))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('sends what was reserved and filled', async () => {
    const { socket, out } = setUp();
    const offset = out.reserve(3);
    out.chunk.write('abc', offset, 'latin1');
    const next = out.reserve(2);
    out.chunk.write('de', next, 'latin1');
    await turn();
    expect(socket.writes.map(String)).toEqual(['abcde']);
  });

  it('gives the socket 64 KiB at most before the peer has read, and the rest in order then', async () => {
    const { socket, told, out } = setUp();
    const parts = Array.from({ length: 10 }, (_, index) => Buffer.alloc(40_000, index + 1));
    for (const part of parts) out.append(part);
    await turn();
    expect(out.isCongested).toBe(true);
    expect(socket.writableLength).toBe(80_000);
    while (out.isCongested) socket.drain();
    expect(Buffer.concat(socket.writes).equals(Buffer.concat(parts))).toBe(true);
    expect(told.at(-1)).toBe('drained');
  });

  it('lets what is urgent overtake what waits, and not what the socket has', async () => {
    const { socket, out } = setUp();
    const fill = (value: number) => Buffer.alloc(70_000, value);
    out.append(fill(1));
    out.append(fill(2));
    out.append(fill(3));
    out.appendUrgent(Buffer.from('now'));
    while (out.isCongested) socket.drain();
    expect(socket.writes.map((bytes) => bytes.subarray(0, 3).toString('latin1'))).toEqual([
      '\x01\x01\x01',
      'now',
      '\x02\x02\x02',
      '\x03\x03\x03',
    ]);
  });

  it('says once more than the limit waits', async () => {
    const { socket, told, out } = setUp(1000);
    out.append(Buffer.alloc(70_000));
    out.append(Buffer.alloc(750));
    await turn();
    expect(told).toEqual([]);
    out.append(Buffer.alloc(1));
    await turn();
    expect(told).toEqual(['overflow']);
    expect(socket.writes).toHaveLength(1);
  });

  it('counts what small messages take that wait each on its own', () => {
    const { told, out } = setUp(1 << 20);
    out.append(Buffer.alloc(70_000));
    for (let count = 0; count < 10_000; count++) out.appendUrgent(Buffer.alloc(8));
    expect(told).toContain('overflow');
  });

  it('writes nothing to a socket that is closed', async () => {
    const { socket, out } = setUp();
    out.append(Buffer.from('late'));
    socket.destroyed = true;
    await turn();
    expect(socket.writes).toEqual([]);
  });

  it('numbers transactions from 1', () => {
    const { out } = setUp();
    expect([out.nextXid(), out.nextXid(), out.nextXid()]).toEqual([1, 2, 3]);
  });
});
