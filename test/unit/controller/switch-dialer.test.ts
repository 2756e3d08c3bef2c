import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../mininet/until.ts';
import { type DialerCounter, SwitchDialer } from '../../../src/controller/switch-dialer.ts';
import { Counters } from '../../../src/core/counters.ts';
import { loadTlsSettings } from '../../../src/core/tls-settings.ts';
import { LabCertificates, type TlsEnd } from '../../support/lab-certificates.ts';
import { keepingLog } from '../../support/session-rig.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const WAIT_MS = 5000;

/** Keeps the waits between attempts; 10 s is the limit of an attempt. */
class KeepingClock extends VirtualClock {
  readonly waitsMs: number[] = [];

  override after(delayMs: number, action: () => void): () => void {
    if (delayMs !== 10_000) this.waitsMs.push(delayMs);
    return super.after(delayMs, action);
  }
}

let lab: LabCertificates;
beforeAll(async () => {
  lab = await LabCertificates.make();
});
afterAll(() => lab.remove());

const log: string[] = [];
const taken: { readonly socket: Socket; readonly subject: string | undefined }[] = [];
/** Connections that came to the switch. */
const came: Socket[] = [];
const servers: Server[] = [];
let clock: KeepingClock;
let counters: Counters<DialerCounter>;
let dialer: SwitchDialer | undefined;

beforeEach(() => {
  log.length = 0;
  clock = new KeepingClock();
  counters = new Counters();
});
afterEach(async () => {
  dialer?.stop();
  for (const socket of came.splice(0)) socket.destroy();
  taken.length = 0;
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function serve(server: Server, port = 0): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    came.push(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const plainSwitch = (port = 0) =>
  serve(
    createServer((socket) => socket.resume()),
    port,
  );
const tlsSwitch = (end: TlsEnd, options: TlsOptions = {}) =>
  serve(
    createTlsServer({ ...end, requestCert: true, rejectUnauthorized: true, ...options }, (socket) => socket.resume()),
  );

function dial(scheme: 'tcp' | 'ssl', port: number, host = '127.0.0.1'): void {
  const tls = scheme === 'ssl' ? loadTlsSettings(lab.files, clock.nowMs()) : undefined;
  dialer = new SwitchDialer({ scheme, host, port }, tls, clock, keepingLog(log), counters, (socket, subject) => {
    socket.on('error', () => undefined);
    socket.resume();
    taken.push({ socket, subject });
  });
  dialer.start();
}

const counted = (name: DialerCounter, count: number) =>
  until(`${name}: ${count}`, WAIT_MS, () => counters.get(name) === count || undefined);
/** Lets the wait before the next attempt pass. */
async function next(name: DialerCounter): Promise<void> {
  const count = counters.get(name) + 1;
  clock.advance(clock.waitsMs.at(-1)!);
  await counted(name, count);
}

describe('a dialer', () => {
  it('connects to a switch that listens, says so once, and hands the connection on', async () => {
    const port = await plainSwitch();
    dial('tcp', port);
    await counted('dialed', 1);
    expect(taken).toMatchObject([{ subject: undefined }]);
    expect(log).toEqual([`info: connected to tcp:127.0.0.1:${port}`]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('tries for ever, 1 s later, then 2, 4, 8 and 8, and says only once that there is nobody', async () => {
    const port = await plainSwitch();
    await new Promise((resolve) => servers.pop()!.close(resolve));
    dial('tcp', port);
    await counted('dialed in vain', 1);
    for (let round = 0; round < 5; round++) await next('dialed in vain');
    expect(clock.waitsMs).toEqual([1000, 2000, 4000, 8000, 8000, 8000]);
    expect(log).toEqual([
      `warn: no connection to tcp:127.0.0.1:${port}: nobody listens there; it is tried again, at least every 8 s`,
    ]);
    await plainSwitch(port);
    await next('dialed');
    expect(log.at(-1)).toBe(`info: connected to tcp:127.0.0.1:${port}`);
  });

  it('connects anew when the connection has ended, soon when it had lasted', async () => {
    const port = await plainSwitch();
    dial('tcp', port);
    await counted('dialed', 1);
    for (const lastedMs of [0, 0, 3999, 8000, 60_000]) {
      clock.advance(lastedMs);
      await until('it came', WAIT_MS, () => came.length === taken.length || undefined);
      came.at(-1)!.destroy();
      await until('lost', WAIT_MS, () => clock.pendingTimers === 1 || undefined);
      await next('dialed');
    }
    expect(clock.waitsMs).toEqual([1000, 2000, 4000, 1000, 1000]);
    expect(log).toHaveLength(1);
  });

  it('gives an attempt 10 s', async () => {
    // A switch that takes the connection and says nothing in TLS.
    const port = await plainSwitch();
    dial('ssl', port);
    await until('connected', WAIT_MS, () => came.length === 1 || undefined);
    clock.advance(9999);
    expect(counters.get('dialed in vain')).toBe(0);
    clock.advance(1);
    await counted('dialed in vain', 1);
    expect(log).toMatchObject([expect.stringContaining('no connection within 10 s')]);
  });

  it('shows its certificate, and knows the switch by the one of the switch', async () => {
    const port = await tlsSwitch(lab.switch);
    dial('ssl', port);
    await counted('dialed', 1);
    expect(taken[0]?.subject).toBe('O=gluewall lab, CN=br0');
  });

  it.each([
    ['has a certificate of another authority', () => tlsSwitch(lab.stranger), 'is of no authority in openflow.tls.ca'],
    ['has an expired certificate', () => tlsSwitch(lab.expired), 'its certificate has expired'],
    [
      'speaks no TLS',
      () => serve(createServer((socket) => socket.end(Buffer.from('0400000800000001', 'hex')))),
      'it does not speak TLS',
    ],
    ['speaks TLS 1.1', () => tlsSwitch(lab.switch, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }), 'no connection to'],
    ['closes at once', () => serve(createServer((socket) => socket.destroy())), 'it ended the connection'],
  ])('takes no switch that %s', async (_what, start, said) => {
    dial('ssl', await start());
    await counted('dialed in vain', 1);
    expect(taken).toEqual([]);
    expect(log).toHaveLength(1);
    expect(log[0]).toContain(said);
  });

  it('has a name for an IPv6 address, and for a host that does not exist', async () => {
    dial('tcp', 1, '::1');
    await counted('dialed in vain', 1);
    expect(log[0]).toMatch(/^warn: no connection to tcp:\[::1\]:1: /);
  });

  it('ends the connection, and the attempts, when it stops', async () => {
    const port = await plainSwitch();
    dial('tcp', port);
    await counted('dialed', 1);
    dialer!.stop();
    dialer!.stop();
    await until('closed', WAIT_MS, () => taken[0]!.socket.destroyed || undefined);
    expect(clock.pendingTimers).toBe(0);
    clock.advance(60_000);
    expect(came).toHaveLength(1);
  });

  it.each([0, 1])('leaves no timer when it stops in the middle of attempt %i', async (failed) => {
    const port = await plainSwitch();
    if (failed === 1) await new Promise((resolve) => servers.pop()!.close(resolve));
    dial(failed === 1 ? 'tcp' : 'ssl', port);
    await until('under way', WAIT_MS, () => counters.get('dialed in vain') === failed || undefined);
    dialer!.stop();
    await new Promise((resolve) => setImmediate(resolve));
    expect(clock.pendingTimers).toBe(0);
  });
});
