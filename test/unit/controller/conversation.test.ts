import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Conversation, offersVersion13 } from '../../../src/controller/conversation.ts';
import { SendBuffer } from '../../../src/controller/send-buffer.ts';
import { Framer } from '../../../src/openflow/framer.ts';
import { decodeMessage, type Message } from '../../../src/openflow/message.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

/** A conversation whose words are kept. */
function setUp() {
  const said: Message[] = [];
  const framer = new Framer();
  const take = (bytes: Buffer) => {
    const decoded = decodeMessage(bytes);
    if (decoded.ok) said.push(decoded.message);
  };
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      framer.push(Buffer.from(chunk), take);
      done();
    },
  });
  const clock = new VirtualClock();
  const out = new SendBuffer(socket as Socket, 1 << 20, { overflow: () => undefined, drained: () => undefined });
  return { said, clock, out, conversation: new Conversation(out, clock) };
}

const reasonOf = (reply: Promise<unknown>) =>
  reply.then(
    () => undefined,
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  );

describe('a conversation', () => {
  it('numbers what it tells and asks, and leaves the number of an answer as it is', () => {
    const { said, out, conversation } = setUp();
    conversation.greet();
    conversation.tell({ type: 'echoRequest', xid: 77, data: Buffer.alloc(0) });
    conversation.answer({ type: 'echoReply', xid: 77, data: Buffer.alloc(0) });
    void reasonOf(conversation.barrier());
    out.flush();
    expect(said.map(({ type, xid }) => [type, xid])).toEqual([
      ['hello', 0],
      ['echoRequest', 1],
      ['echoReply', 77],
      ['barrierRequest', 2],
    ]);
    expect(said[0]).toMatchObject({ elements: [{ type: 'versionBitmap', bitmaps: [1 << 4] }] });
  });

  it('gives a request its reply', async () => {
    const { clock, conversation } = setUp();
    const reply = conversation.request({ type: 'barrierRequest', xid: 0 });
    expect(conversation.settle({ type: 'barrierReply', xid: 1 })).toBe(true);
    expect(await reply).toEqual({ type: 'barrierReply', xid: 1 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not take a reply for good that came in the moment of its end', async () => {
    const { conversation } = setUp();
    const reply = reasonOf(conversation.barrier());
    conversation.settle({ type: 'barrierReply', xid: 1 });
    conversation.end('it is over');
    expect(await reply).toBe('openflow-request: it is over');
    expect(await reasonOf(conversation.barrier())).toContain('it is over');
  });

  it('waits ten seconds for a reply', async () => {
    const { clock, conversation } = setUp();
    const reply = reasonOf(conversation.multipart({ type: 'portDescription' }));
    clock.advance(10_000);
    expect(await reply).toBe('openflow-request: multipartRequest: no reply within 10000 ms');
  });
});

it.each([
  [4, undefined, true],
  [6, undefined, true],
  [1, undefined, false],
  [6, [1 << 4], true],
  [4, [1 << 1], false],
  [6, [], false],
] as const)('version %i with bitmaps %j offers 1.3: %s', (version, bitmaps, offers) => {
  const elements = bitmaps === undefined ? [] : [{ type: 'versionBitmap', bitmaps } as const];
  expect(offersVersion13(version, { type: 'hello', xid: 0, elements })).toBe(offers);
});
