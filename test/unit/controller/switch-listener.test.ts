import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../mininet/until.ts';
import { type ListenerCounter, SwitchListener } from '../../../src/controller/switch-listener.ts';
import { Counters } from '../../../src/core/counters.ts';
import { loadTlsSettings } from '../../../src/core/tls-settings.ts';
import { LabCertificates, type TlsEnd } from '../../support/lab-certificates.ts';
import { keepingLog } from '../../support/session-rig.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const WAIT_MS = 5000;
/** The start of a ClientHello: a handshake record of 512 octets, of which 3 come. */
const HALF_HELLO = Buffer.from('1603010200010001', 'hex');

let lab: LabCertificates;
beforeAll(async () => {
  lab = await LabCertificates.make();
});
afterAll(() => lab.remove());

const log: string[] = [];
const ends: Socket[] = [];
const taken: { readonly socket: Socket; readonly subject: string | undefined }[] = [];
let clock: VirtualClock;
let counters: Counters<ListenerCounter>;
let listener: SwitchListener;
let full: (handshakes: number) => string | undefined;
let port: number;

beforeEach(() => {
  log.length = 0;
  clock = new VirtualClock();
  counters = new Counters();
  full = () => undefined;
});
afterEach(async () => {
  for (const end of ends.splice(0)) end.destroy();
  for (const { socket } of taken.splice(0)) socket.destroy();
  await listener.stop();
});

async function listen(withTls: boolean, limits: { readonly ratePerSecond?: number; readonly burst?: number } = {}) {
  const options = { host: '127.0.0.1', port: 0, ratePerSecond: 50, burst: 64, ...limits };
  const tls = withTls ? loadTlsSettings(lab.files, clock.nowMs()) : undefined;
  listener = new SwitchListener(clock, keepingLog(log), options, tls, counters, {
    full: (handshakes) => full(handshakes),
    connected(socket, subject) {
      socket.on('error', () => undefined);
      taken.push({ socket, subject });
    },
  });
  port = await listener.start();
}

interface Peer {
  readonly socket: Socket;
  isClosed(): boolean;
}

function peer(socket: Socket): Peer {
  ends.push(socket);
  let closed = false;
  socket.on('error', () => undefined);
  socket.on('close', () => {
    closed = true;
  });
  socket.resume();
  return { socket, isClosed: () => closed };
}

/** Ends a connection, with a reset or in order, once the event loop has turned so often. */
function endAfter(socket: Socket, turns: number, byReset: boolean): void {
  if (turns > 0) setImmediate(() => endAfter(socket, turns - 1, byReset));
  else if (byReset) socket.resetAndDestroy();
  else socket.destroy();
}

const plainPeer = () => peer(connect(port, '127.0.0.1'));
const tlsPeer = (end: TlsEnd, options: object = {}) =>
  peer(connectTls({ port, host: '127.0.0.1', ...end, rejectUnauthorized: false, ...options }));
const closes = (what: string, one: Peer) => until(what, WAIT_MS, () => one.isClosed() || undefined);
const takes = (count: number) => until(`${count} taken`, WAIT_MS, () => taken.length === count || undefined);

describe('a listener with TLS', () => {
  beforeEach(() => listen(true));

  it('takes a switch with a certificate of the authority, and tells its name', async () => {
    tlsPeer(lab.switch, { rejectUnauthorized: true, checkServerIdentity: () => undefined });
    await takes(1);
    expect(taken[0]?.subject).toBe('O=gluewall lab, CN=br0');
    expect(counters.snapshot()).toEqual({ accepted: 1 });
    expect(log).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ['a certificate of another authority', (): TlsEnd => lab.stranger, 'is of no authority in openflow.tls.ca'],
    ['no certificate', (): TlsEnd => lab.nobody, 'shows no certificate (ovs-vsctl set-ssl'],
    ['an expired certificate', (): TlsEnd => lab.expired, 'its certificate has expired'],
  ])('refuses %s, and says so', async (what, end, said) => {
    await closes(what, tlsPeer(end()));
    await until('the reason', WAIT_MS, () => log.length === 1 || undefined);
    expect(log[0]).toMatch(/^warn: connection from 127\.0\.0\.1:\d+( \(O=gluewall lab, CN=br0\))? refused: /);
    expect(log[0]).toContain(said);
    expect(taken).toEqual([]);
    expect(counters.snapshot()).toEqual({ 'refused: TLS': 1 });
    expect(clock.pendingTimers).toBe(1);
  });

  it('refuses TLS 1.1', async () => {
    await closes(
      'TLS 1.1',
      tlsPeer(lab.switch, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }),
    );
    await until('the reason', WAIT_MS, () => log.length === 1 || undefined);
    expect(log[0]).toContain('it speaks no TLS 1.2 or later');
    expect(taken).toEqual([]);
  });

  it('takes TLS 1.2', async () => {
    tlsPeer(lab.switch, { maxVersion: 'TLSv1.2' });
    await takes(1);
    expect(taken[0]?.subject).toContain('CN=br0');
  });

  it.each([
    ['OpenFlow without TLS', Buffer.from('0400000800000001', 'hex')],
    ['HTTP', Buffer.from('GET / HTTP/1.0\r\n\r\n')],
    ['garbage', Buffer.alloc(10_000, 0xa5)],
  ])('refuses %s', async (what, bytes) => {
    const one = plainPeer();
    one.socket.write(bytes);
    await closes(what, one);
    await until('the reason', WAIT_MS, () => log.length === 1 || undefined);
    expect(log[0]).toContain('it does not speak TLS');
    expect(counters.get('refused: TLS')).toBe(1);
  });

  it.each([
    ['says nothing', Buffer.alloc(0)],
    ['stops in the middle of its first message', HALF_HELLO],
  ])('closes a peer that %s after 10 s, and takes another meanwhile', async (what, bytes) => {
    const slow = plainPeer();
    slow.socket.write(bytes);
    await until('its handshake has begun', WAIT_MS, () => clock.pendingTimers === 1 || undefined);
    tlsPeer(lab.switch);
    await takes(1);
    clock.advance(9999);
    expect(slow.isClosed()).toBe(false);
    clock.advance(1);
    await closes(what, slow);
    expect(counters.snapshot()).toEqual({ accepted: 1, 'refused: slow TLS': 1 });
    expect(log).toMatchObject([expect.stringContaining('no TLS handshake within 10 s')]);
    expect(clock.pendingTimers).toBe(1);
  });

  it('counts handshakes that are under way when it asks whether there is room', async () => {
    full = (handshakes) => (handshakes >= 2 ? 'two at once' : undefined);
    const slow = [plainPeer(), plainPeer()];
    await until('both have begun', WAIT_MS, () => clock.pendingTimers === 2 || undefined);
    const third = tlsPeer(lab.switch);
    await closes('the third', third);
    expect(log).toMatchObject([expect.stringMatching(/refused: two at once$/)]);
    slow[0]!.socket.destroy();
    await until('the first is forgotten', WAIT_MS, () => counters.get('refused: TLS') === 1 || undefined);
    expect(log.at(-1)).toContain('it ended the connection');
    tlsPeer(lab.switch);
    await takes(1);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'lets nobody resume a session, with which no certificate comes (%s)',
    async (version) => {
      const sessions: Buffer[] = [];
      const first = tlsPeer(lab.switch, { minVersion: version, maxVersion: version });
      first.socket.on('session', (session: Buffer) => sessions.push(session));
      await takes(1);
      taken[0]!.socket.end();
      await closes('the first', first);
      const session = sessions.at(-1);
      const nobody = tlsPeer(lab.nobody, { minVersion: version, maxVersion: version, ...(session && { session }) });
      await closes('the second', nobody);
      expect(taken).toHaveLength(1);
      expect(counters.snapshot()).toEqual({ accepted: 1, 'refused: TLS': 1 });
    },
  );

  it('keeps going when peers end their connection at any time of the handshake', async () => {
    for (let round = 0; round < 40; round++) {
      const one = plainPeer();
      connectTls({ socket: one.socket, ...lab.switch, rejectUnauthorized: false }).on('error', () => undefined);
      one.socket.once('connect', () => endAfter(one.socket, round % 8, round % 2 === 0));
      await closes(`round ${round}`, one);
    }
    const last = tlsPeer(lab.switch);
    await until('the last', WAIT_MS, () => taken.some(({ socket }) => !socket.destroyed) || undefined);
    expect(last.isClosed()).toBe(false);
    const ended = () => counters.get('accepted') + counters.get('refused: TLS') === 41 || undefined;
    await until('each handshake has ended once', WAIT_MS, ended);
  });

  it('ends handshakes when it stops', async () => {
    const slow = plainPeer();
    await until('its handshake has begun', WAIT_MS, () => clock.pendingTimers === 1 || undefined);
    await Promise.all([listener.stop(), listener.stop()]);
    await closes('it', slow);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a listener without TLS', () => {
  it('takes a connection as it comes, without a name', async () => {
    await listen(false);
    plainPeer();
    await takes(1);
    expect(taken[0]?.subject).toBeUndefined();
  });

  it('takes no more than its rate in a second, closes the others at once, and says so once a second', async () => {
    await listen(false, { ratePerSecond: 2, burst: 3 });
    const first = Array.from({ length: 8 }, plainPeer);
    await until('five closed', WAIT_MS, () => first.filter((one) => one.isClosed()).length === 5 || undefined);
    expect(taken).toHaveLength(3);
    expect(counters.snapshot()).toEqual({ accepted: 3, 'refused: rate': 5 });
    expect(log).toMatchObject([expect.stringMatching(/refused: openflow\.connection_rate is 2 a second$/)]);
    clock.advance(1000);
    expect(log).toMatchObject([expect.anything(), expect.stringMatching(/\(4 times since the last such line\)$/)]);
    const second = Array.from({ length: 3 }, plainPeer);
    await until('one closed', WAIT_MS, () => second.filter((one) => one.isClosed()).length === 1 || undefined);
    expect(taken).toHaveLength(5);
  });
});
