import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ConnectionBook } from '../../../../src/traceback/http/connection-book.ts';
import { HTTP_LIMITS } from '../../../../src/traceback/http/http-limits.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

/** What a book knows of a connection of TCP. */
class Arriving extends EventEmitter {
  bytesRead = 0;
  isGone = false;
  readonly remoteAddress: string;
  readonly remotePort: number;

  constructor(remoteAddress: string, remotePort: number) {
    super();
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }

  destroy(): void {
    this.isGone = true;
    this.emit('close');
  }
}

function rig(strangers: number) {
  const clock = new VirtualClock();
  let draws = 1;
  // Each place in turn, as chance would have it.
  const random = () => ((draws++ * 7) % 16) / 16;
  const book = new ConnectionBook({ ...HTTP_LIMITS, strangers }, clock, random);
  let port = 1024;
  const arrive = (address: string) => {
    const socket = new Arriving(address, port++);
    return { socket, hasEvicted: book.arrived(socket as unknown as Socket) };
  };
  return { clock, arrive };
}

describe('ConnectionBook', () => {
  it.each<[string, (count: number) => string]>([
    ['one address', () => '198.51.100.1'],
    ['one address of IPv4 on a socket of IPv6', () => '::ffff:198.51.100.1'],
    ['one network of 64 bits', (count) => `2001:db8:0:7::${count.toString(16)}`],
  ])('whoever floods it from %s drives out itself', (_what, address) => {
    const { arrive } = rig(16);
    const early = arrive('192.0.2.1').socket;
    for (let count = 1; count <= 15; count++) arrive(address(count));
    const flood = Array.from({ length: 1000 }, (_, count) => arrive(address(count + 16)));
    expect(early.isGone).toBe(false);
    expect(flood.every(({ hasEvicted }) => hasEvicted)).toBe(true);
    expect(flood.at(-1)?.socket.isGone).toBe(false);
    expect(flood.filter(({ socket }) => !socket.isGone)).toHaveLength(15);
    // One that comes while it is full gets a place, and keeps it.
    const late = arrive('::ffff:192.0.2.2').socket;
    for (let count = 0; count < 1000; count++) arrive(address(count));
    expect([early, late].map(({ isGone }) => isGone)).toEqual([false, false]);
  });

  it('of many addresses one at random makes room, and not the oldest', () => {
    const { arrive } = rig(16);
    const sockets = Array.from({ length: 17 }, (_, count) => arrive(`198.51.100.${count}`).socket);
    expect(sockets.filter(({ isGone }) => isGone)).toEqual([sockets[7]]);
    const next = arrive('198.51.100.99').socket;
    expect(sockets.filter(({ isGone }) => isGone)).toEqual([sockets[7], sockets[15]]);
    expect(next.isGone).toBe(false);
  });

  it('who says nothing goes after 2 s, and who has begun a handshake after 5 s', () => {
    const { clock, arrive } = rig(16);
    const silent = arrive('192.0.2.1').socket;
    const begun = arrive('192.0.2.2').socket;
    clock.advance(1999);
    silent.bytesRead = 5;
    begun.bytesRead = 350;
    expect(silent.isGone).toBe(false);
    clock.advance(1);
    expect([silent, begun].map(({ isGone }) => isGone)).toEqual([true, false]);
    clock.advance(3000);
    expect(begun.isGone).toBe(true);
  });
});
