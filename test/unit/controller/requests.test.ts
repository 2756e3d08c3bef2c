import { describe, expect, it } from 'vitest';
import { Requests } from '../../../src/controller/requests.ts';
import { GluewallError } from '../../../src/core/errors.ts';
import type { Message, MessageOf } from '../../../src/openflow/message.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const barrier = (xid: number): Message => ({ type: 'barrierReply', xid });

function part(xid: number, flowCount: number, more: boolean): MessageOf<'multipartReply'> {
  const body = { type: 'aggregate', packetCount: 0n, byteCount: 0n, flowCount } as const;
  return { type: 'multipartReply', xid, flags: more ? 1 : 0, body };
}

function setUp() {
  const clock = new VirtualClock();
  return { clock, requests: new Requests(clock, 1000) };
}

async function reasonOf(reply: Promise<unknown>): Promise<string> {
  const error = await reply.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof GluewallError) || error.code !== 'openflow-request') throw new Error(`rejected with ${error}`);
  return error.message;
}

describe('Requests', () => {
  it('gives each request its reply, by xid', async () => {
    const { clock, requests } = setUp();
    const one = requests.open(1, 'barrierRequest');
    const two = requests.open(2, 'barrierRequest');
    expect(requests.settle(barrier(3))).toBe(false);
    expect(requests.settle(barrier(2))).toBe(true);
    expect(requests.settle(barrier(1))).toBe(true);
    expect(requests.settle(barrier(1))).toBe(false);
    expect(await one).toEqual(barrier(1));
    expect(await two).toEqual(barrier(2));
    expect(clock.pendingTimers).toBe(0);
  });

  it('joins the parts of a multipart reply, in order', async () => {
    const { requests } = setUp();
    const reply = requests.open(1, 'multipartRequest');
    const other = requests.open(2, 'multipartRequest');
    requests.settle(part(1, 10, true));
    requests.settle(part(2, 99, false));
    requests.settle(part(1, 20, true));
    requests.settle(part(1, 30, false));
    expect(requests.settle(part(1, 40, false))).toBe(false);
    const parts = [10, 20, 30].map((flowCount) => part(1, flowCount, false).body);
    expect(await reply).toEqual({ type: 'multipart', parts });
    expect(await other).toEqual({ type: 'multipart', parts: [part(2, 99, false).body] });
  });

  it('rejects on an ERROR, also in the middle of a multipart reply', async () => {
    const { clock, requests } = setUp();
    const reply = requests.open(1, 'multipartRequest');
    requests.settle(part(1, 10, true));
    expect(requests.settle({ type: 'error', xid: 1, errorType: 1, code: 6, data: Buffer.alloc(0) })).toBe(true);
    expect(await reasonOf(reply)).toContain('OFPBRC_BAD_LEN');
    expect(clock.pendingTimers).toBe(0);
  });

  it('rejects at the deadline, counted from the request, and then knows it no more', async () => {
    const { clock, requests } = setUp();
    const reply = requests.open(1, 'featuresRequest');
    clock.advance(999);
    requests.settle(part(1, 10, true));
    clock.advance(1);
    expect(await reasonOf(reply)).toBe('featuresRequest: no reply within 1000 ms');
    expect(requests.settle(part(1, 10, false))).toBe(false);
  });

  it('rejects all when the switch goes; safe twice', async () => {
    const { clock, requests } = setUp();
    const replies = [requests.open(1, 'barrierRequest'), requests.open(2, 'multipartRequest')];
    requests.failAll('the switch closed the connection');
    requests.failAll('the switch closed the connection');
    for (const reply of replies) expect(await reasonOf(reply)).toContain('the switch closed the connection');
    expect(clock.pendingTimers).toBe(0);
    expect(await reasonOf(requests.open(3, 'barrierRequest'))).toBe('barrierRequest: the switch closed the connection');
  });

  it('rejects a reply of too many parts, never takes half of it for the whole', async () => {
    const { requests } = setUp();
    const reply = requests.open(1, 'multipartRequest');
    const endless = part(1, 1, true);
    for (let count = 1; count < 1024; count++) requests.settle(endless);
    expect(requests.settle(endless)).toBe(true);
    expect(await reasonOf(reply)).toContain('more than 1024 parts');
  });

  it('takes as many parts as it may', async () => {
    const { requests } = setUp();
    const reply = requests.open(1, 'multipartRequest');
    for (let count = 1; count < 1024; count++) requests.settle(part(1, 1, true));
    requests.settle(part(1, 1, false));
    const joined = await reply;
    expect(joined.type === 'multipart' && joined.parts.length).toBe(1024);
  });

  it('is not fooled by what a switch sends of its own accord under the same xid', async () => {
    const { requests } = setUp();
    const reply = requests.open(7, 'barrierRequest');
    expect(requests.settle({ type: 'echoRequest', xid: 7, data: Buffer.alloc(0) })).toBe(false);
    const packetIn: Message = {
      type: 'packetIn',
      xid: 7,
      bufferId: 0xffffffff,
      totalLen: 0,
      reason: 1,
      tableId: 0,
      cookie: 0n,
      match: [],
      data: Buffer.alloc(0),
    };
    expect(requests.settle(packetIn)).toBe(false);
    expect(requests.settle(barrier(7))).toBe(true);
    expect(await reply).toEqual(barrier(7));
  });
});
