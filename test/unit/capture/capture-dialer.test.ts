import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CaptureDialer } from '../../../src/capture/capture-dialer.ts';
import type { CapturePlace } from '../../../src/capture/capture-place.ts';
import { CaptureSender } from '../../../src/capture/capture-sender.ts';
import { CaptureServer } from '../../../src/capture/capture-server.ts';
import { loadTlsSettings } from '../../../src/core/tls-settings.ts';
import { countRecords } from '../../../src/dns/observation-records.ts';
import { ObservationWriter } from '../../../src/dns/observation-writer.ts';
import { LAB_START_MS, LabCertificates } from '../../support/lab-certificates.ts';
import { queryAt } from '../../support/observations.ts';
import { keepingLog } from '../../support/session-rig.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

/** Keeps the waits between attempts; 10 s is the limit of an attempt. */
class KeepingClock extends VirtualClock {
  readonly waitsMs: number[] = [];

  override after(delayMs: number, action: () => void): () => void {
    if (delayMs !== 10_000) this.waitsMs.push(delayMs);
    return super.after(delayMs, action);
  }
}

let certificates: LabCertificates;
let folder: string;
let path: string;
let clock: KeepingClock;
const lines: string[] = [];
const opened: { stop(): Promise<void> | void }[] = [];

beforeAll(async () => {
  certificates = await LabCertificates.make();
});

afterAll(() => certificates.remove());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
  path = join(folder, 'capture.sock');
  clock = new KeepingClock(LAB_START_MS + 86_400_000);
  lines.length = 0;
});

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.stop();
  rmSync(folder, { recursive: true });
});

function dial(place: CapturePlace) {
  const sender = new CaptureSender(clock);
  const states: string[] = [];
  const tls = 'path' in place ? undefined : loadTlsSettings(certificates.files, clock.nowMs());
  const dialer = new CaptureDialer(place, tls, clock, keepingLog(lines), (socket) => {
    states.push(socket === undefined ? 'lost' : 'connected');
    sender.use(socket);
    sender.message({ kind: 'hello', name: 'border', interfaces: ['eth7'] });
  });
  opened.push(dialer);
  dialer.start();
  return { sender, states };
}

async function listen(place: CapturePlace): Promise<{ readonly port: number; readonly count: () => number }> {
  let count = 0;
  const take = (batch: Uint8Array) => {
    count += countRecords(batch);
  };
  const server = new CaptureServer({ listen: place, tls: certificates.files }, take, clock, keepingLog([]));
  opened.push(server);
  return { port: await server.start(), count: () => count };
}

function batchOf(records: number): Uint8Array {
  const batches: Uint8Array[] = [];
  const writer = new ObservationWriter((batch) => batches.push(batch));
  for (let record = 0; record < records; record++) writer.write(queryAt(1, { name: `${'x'.repeat(60)}.example` }));
  writer.flush();
  return batches[0]!;
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 5 });

describe('CaptureDialer', () => {
  it('brings batches over, by a unix socket and by TLS', async () => {
    for (const place of [{ path }, { host: '127.0.0.1', port: 0 }]) {
      const { port, count } = await listen(place);
      const { sender, states } = dial('path' in place ? place : { ...place, port });
      await until(() => expect(states).toEqual(['connected']));
      sender.batch(batchOf(3));
      await until(() => expect(count()).toBe(3));
      expect(sender.dropped).toBe(0);
    }
  });

  it('tries again, later and later, says so once, and connects when it can', async () => {
    const { states } = dial({ path });
    for (let tries = 1; tries <= 6; tries++) {
      await until(() => expect(clock.waitsMs.length).toBe(tries));
      if (tries < 6) clock.advance(clock.waitsMs.at(-1)!);
    }
    expect(clock.waitsMs).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
    expect(lines).toEqual([expect.stringMatching(/^warn: no connection to .*capture\.sock \(ENOENT\)/)]);
    await listen({ path });
    clock.advance(8000);
    await until(() => expect(states).toEqual(['connected']));
  });

  it('tells of a connection that ends, and dials anew', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).destroy()).listen(path);
    opened.push({ stop: () => void server.close() });
    await once(server, 'listening');
    const { states } = dial({ path });
    await until(() => expect(states).toEqual(['connected', 'lost']));
    clock.advance(500);
    await until(() => expect(states.slice(0, 3)).toEqual(['connected', 'lost', 'connected']));
  });
});

describe('CaptureSender', () => {
  it('counts what nobody is there to take', () => {
    const sender = new CaptureSender(clock);
    sender.batch(batchOf(2));
    sender.message({ kind: 'ready' });
    expect(sender.dropped).toBe(2);
  });

  it('drops batches, counted, while the other end does not read', async () => {
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      opened.push({ stop: () => void socket.destroy() });
    }).listen(path);
    opened.push({ stop: () => void server.close() });
    await once(server, 'listening');
    const { sender, states } = dial({ path });
    await until(() => expect(states).toEqual(['connected']));
    const batch = batchOf(2000);
    for (let round = 0; round < 400; round++) sender.batch(batch);
    expect(sender.dropped).toBeGreaterThan(100 * 2000);
    expect(sender.dropped).toBeLessThan(390 * 2000);
    expect(sender.dropped % 2000).toBe(0);
  });
});
