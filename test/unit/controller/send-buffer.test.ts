import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SendBuffer } from '../../../src/controller/send-buffer.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

class FakeSocket {
  destroyed = false;
  writableLength = 0;
  readonly writes: Buffer[] = [];

  write(bytes: Buffer): void {
    this.writes.push(bytes);
    this.writableLength += bytes.length;
  }
}

function setUp(maxBacklogBytes = 1 << 20) {
  const socket = new FakeSocket();
  const overflows: number[] = [];
  const out = new SendBuffer(socket as unknown as Socket, maxBacklogBytes, () => overflows.push(socket.writableLength));
  return { socket, overflows, out };
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

  it('says when the peer reads too slowly, once it is over the limit', async () => {
    const { overflows, out } = setUp(100);
    out.append(Buffer.alloc(100));
    await turn();
    expect(overflows).toEqual([]);
    out.append(Buffer.alloc(1));
    await turn();
    expect(overflows).toEqual([101]);
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
