import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { buildClients } from '../../../src/cli/build-clients.ts';
import { takeSightings } from '../../../src/cli/client-sightings.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { formatAddress } from '../../../src/core/address.ts';
import type { Clients } from '../../../src/identity/clients.ts';
import { FrameView } from '../../../src/packet/frame.ts';
import { composeFrame, type FrameFields } from '../../support/frames.ts';
import { addressOf } from '../../support/observations.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const SWITCH = '0000000000000001';

let folder: string;
let clock: VirtualClock;
let log: RecordingLog;
let clients: Clients;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
  clock = new VirtualClock();
  log = new RecordingLog();
});

afterEach(async () => {
  await clients.stop();
  rmSync(folder, { recursive: true });
});

const build = (text: string) => {
  clients = buildClients(parseConfig(`inside: {networks: [192.0.2.0/24]}\nclients: {${text}}`, 'f'), clock, log);
  const take = takeSightings(clients.directory, () => clock.nowMs());
  const frame = new FrameView();
  return (fields: FrameFields, inPort = 1) => {
    const octets = composeFrame(Buffer.alloc(12), fields);
    expect(frame.parse(octets, 0, octets.length)).toBeUndefined();
    take(frame, SWITCH, inPort, `eth${inPort}`);
  };
};

it('joins what frames show with what a lease file says', async () => {
  const leases = join(folder, 'dnsmasq.leases');
  writeFileSync(leases, '0 02:00:00:00:00:02 192.0.2.1 printer *\n');
  const saw = build(`leases: [${leases}]`);
  await clients.start();
  saw({ source: '192.0.2.1', tags: [0x8100] });
  saw({ source: '2001:db8::1', destination: '2001:db8::53' });
  const described = clients.describe(addressOf('2001:db8::1'));
  expect({ ...described, addresses: described?.addresses.map(formatAddress) }).toEqual({
    name: 'printer',
    nameSource: 'lease',
    mac: 0x020000000002,
    datapathId: SWITCH,
    port: 'eth1',
    addresses: ['2001:db8::1', '192.0.2.1'],
  });
  expect(clients.directory.record(addressOf('192.0.2.1'))?.seen[0]).toMatchObject({ vlan: 10 });
  expect(clients.figures()).toEqual({
    seen: { addresses: 2, devices: 1, ports: 1 },
    leases: { held: 1, readings: 1 },
    reverseNames: { waiting: 0 },
  });
});

it('holds no more than clients.size, and forgets after clients.keep', async () => {
  const saw = build('size: 16, keep: 1h');
  await clients.start();
  for (let host = 1; host <= 20; host++)
    saw({ source: `192.0.2.${host}`, macs: `0200000000010200000001${host + 10}` }, host);
  expect(clients.figures().seen).toMatchObject({ addresses: 16, 'made room': 4 });
  clock.advance(3_600_000 + 60_000);
  expect(clients.figures().seen).toMatchObject({ addresses: 0, forgotten: 16 });
});

it('asks nobody without a resolver, and stops twice', async () => {
  build('leases: []');
  await clients.start();
  clients.cameUp(addressOf('192.0.2.1'));
  expect(clients.figures().reverseNames).toEqual({ waiting: 0 });
  await clients.stop();
  await clients.stop();
  expect(clock.pendingTimers).toBe(0);
  expect(log.lines).toEqual([]);
});
