import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { GluewallError } from '../../../src/core/errors.ts';
import { encodeMessage } from '../../../src/openflow/message.ts';
import { bridgePlace } from '../../../src/switches/bridge-place.ts';
import { ManagementConnection } from '../../../src/switches/management-connection.ts';
import { composeHello, FakeSwitch, type FakeSwitchOptions } from '../../support/fake-openflow-switch.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let directory: string;
let server: Server | undefined;
const open: (ManagementConnection | Socket)[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
});
afterEach(async () => {
  for (const one of open.splice(0)) one instanceof ManagementConnection ? one.close() : one.destroy();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const place = () => bridgePlace('br0', directory);

/** Answers on the management socket of br0. */
async function serve(answer: (socket: Socket) => void): Promise<void> {
  const listening = createServer((socket) => {
    open.push(socket);
    socket.on('error', () => undefined);
    answer(socket);
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(join(directory, 'br0.mgmt'), resolve));
}

/** A connection to a fake switch. */
async function connected(options: FakeSwitchOptions = {}) {
  let fake: FakeSwitch | undefined;
  await serve((socket) => {
    fake = FakeSwitch.on(socket, options);
  });
  const connection = await ManagementConnection.open(place(), systemClock);
  open.push(connection);
  return { connection, fake: fake! };
}

async function problemOf(opening: Promise<unknown>): Promise<{ readonly code: string; readonly message: string }> {
  const error = await opening.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof GluewallError)) throw new Error(`ended with ${error}`);
  return { code: error.code, message: error.message };
}

describe('a management socket that cannot be had', () => {
  it('is missing', async () => {
    const { code, message } = await problemOf(ManagementConnection.open(place(), systemClock));
    expect(code).toBe('switch-unreachable');
    expect(message).toContain('no such bridge');
    expect(message).toContain('list-br');
  });

  it('has nobody behind it', async () => {
    writeFileSync(join(directory, 'br0.mgmt'), '');
    const { code, message } = await problemOf(ManagementConnection.open(place(), systemClock));
    expect(code).toBe('switch-unreachable');
    expect(message).toContain('nobody listens');
  });

  it('leads nowhere', async () => {
    symlinkSync('br0.mgmt', join(directory, 'br0.mgmt'));
    expect(await problemOf(ManagementConnection.open(place(), systemClock))).toMatchObject({
      code: 'switch-unreachable',
      message: expect.stringContaining('ELOOP'),
    });
  });
});

describe('a switch that says no HELLO of ours', () => {
  it.each([
    ['OpenFlow 1.0 alone', composeHello(1), 'switch-protocol', 'protocols OpenFlow13'],
    ['1.5 without 1.3', composeHello(6, [6]), 'switch-protocol', 'protocols OpenFlow13'],
    ['text', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'switch-unreachable', 'closed the connection'],
    ['another message first', encodeMessage({ type: 'barrierReply', xid: 1 }), 'switch-unreachable', 'not HELLO'],
    ['a length below 8', Buffer.from('0400000700000001', 'hex'), 'switch-unreachable', 'OFPBRC_BAD_LEN'],
  ])('is refused: %s', async (_name, bytes, code, said) => {
    await serve((socket) => socket.end(bytes));
    const problem = await problemOf(ManagementConnection.open(place(), systemClock));
    expect(problem.code).toBe(code);
    expect(problem.message).toMatch(new RegExp(said));
  });

  it('at any cut of its HELLO', async () => {
    const hello = composeHello(4, [4]);
    let end = 0;
    await serve((socket) => socket.end(hello.subarray(0, end)));
    for (; end < hello.length; end++) {
      const { code } = await problemOf(ManagementConnection.open(place(), systemClock));
      expect(code).toBe('switch-unreachable');
    }
    open.push(await ManagementConnection.open(place(), systemClock));
  });

  it('in time', async () => {
    await serve(() => undefined);
    const clock = new VirtualClock();
    const opening = problemOf(ManagementConnection.open(place(), clock));
    clock.advance(5000);
    expect((await opening).message).toContain('no HELLO within 5000 ms');
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a connection that stands', () => {
  it('leaves no timer behind, and ends what waits when it is closed, twice even', async () => {
    let fake: FakeSwitch | undefined;
    await serve((socket) => {
      fake = FakeSwitch.on(socket, { deafTo: ['barrierRequest'] });
    });
    const clock = new VirtualClock();
    const connection = await ManagementConnection.open(place(), clock);
    expect(clock.pendingTimers).toBe(0);
    const waiting = problemOf(connection.conversation.barrier());
    await fake!.waitFor('barrierRequest');
    connection.close();
    connection.close();
    expect((await waiting).code).toBe('openflow-request');
    expect(clock.pendingTimers).toBe(0);
    await fake!.untilClosed();
  });

  it('answers an ECHO', async () => {
    const { fake } = await connected();
    expect((await fake.echo()).data.toString()).toBe('are you there');
  });

  it('ends at octets that are no OpenFlow 1.3', async () => {
    const { connection, fake } = await connected({ deafTo: ['barrierRequest'] });
    const waiting = problemOf(connection.conversation.barrier());
    await fake.waitFor('barrierRequest');
    fake.write(Buffer.from('0102000800000000', 'hex'));
    expect((await waiting).message).toMatch(/OFPBRC_BAD_VERSION|version/);
    await fake.untilClosed();
  });

  it('tells that something sent was refused', async () => {
    const { connection, fake } = await connected({ deafTo: ['barrierRequest'] });
    const told = problemOf(connection.unrefused(() => connection.conversation.barrier()));
    const { xid } = await fake.waitFor('barrierRequest');
    fake.send({ type: 'error', xid: 0xffff, errorType: 5, code: 1, data: Buffer.alloc(0) });
    fake.send({ type: 'barrierReply', xid });
    expect(await told).toEqual({
      code: 'openflow-request',
      message: expect.stringContaining('bridge br0 refused a message: error xid=65535'),
    });
    expect(connection.refusals).toHaveLength(1);
  });

  it('keeps no more than twenty refusals', async () => {
    const { connection, fake } = await connected();
    for (let sent = 0; sent < 50; sent++)
      fake.send({ type: 'error', xid: 0xffff, errorType: 5, code: 1, data: Buffer.alloc(0) });
    await fake.echo();
    expect(connection.refusals).toHaveLength(20);
  });
});
