import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Address, formatAddress } from '../../../src/core/address.ts';
import { ClientDirectory, type ClientDirectoryOptions, type Sighting } from '../../../src/identity/client-directory.ts';
import type { NameSources } from '../../../src/identity/client-names.ts';
import type { Lease } from '../../../src/identity/lease.ts';
import { leaseOf } from '../../support/lease-files.ts';
import { addressOf } from '../../support/observations.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const HOUR_MS = 3_600_000;
const OPTIONS: ClientDirectoryOptions = { size: 64, addressesPerDevice: 4, keepMs: 24 * HOUR_MS };
const SWITCH = '0000000000000001';
const MAC = 0x020000000001;
const ROUTER = 0x0200000000fe;

let clock: VirtualClock;
let log: RecordingLog;
let leases: Lease[];
let reverse: Map<Address, string>;
let directory: ClientDirectory;

const names: NameSources = {
  leaseOf: (address) => leases.find((lease) => lease.address === address),
  namedLeaseOfMac: (mac) =>
    leases.find((lease) => (lease.mac ?? lease.duidMac) === mac && lease.hostname !== undefined),
  reverseNameOf: (address) => reverse.get(address),
};

const open = (options: Partial<ClientDirectoryOptions> = {}) => {
  directory = new ClientDirectory({ ...OPTIONS, ...options }, names, clock, log);
};

const sighting = (address: string, fields: Partial<Sighting> = {}): Sighting => ({
  mac: MAC,
  datapathId: SWITCH,
  inPort: 1,
  portName: 'eth1',
  vlan: undefined,
  address: addressOf(address),
  atMs: clock.nowMs(),
  ...fields,
});
const saw = (address: string, fields: Partial<Sighting> = {}) => directory.saw(sighting(address, fields));
const addressesWith = (address: string) => directory.describe(addressOf(address))?.addresses.map(formatAddress).sort();
const devices = () => [...directory.records()].map(({ addresses }) => addresses.map(formatAddress).sort());

beforeEach(() => {
  clock = new VirtualClock();
  log = new RecordingLog();
  leases = [];
  reverse = new Map();
  open();
});

describe('a device', () => {
  it('is a MAC address at a port, with its addresses of both families', () => {
    saw('192.0.2.1');
    saw('2001:db8::1');
    saw('fe80::1');
    saw('192.0.2.2', { mac: MAC + 1 });
    expect(directory.describe(addressOf('2001:db8::1'))).toEqual({
      name: undefined,
      nameSource: undefined,
      mac: MAC,
      datapathId: SWITCH,
      port: 'eth1',
      addresses: ['2001:db8::1', '192.0.2.1', 'fe80::1'].map(addressOf),
    });
    expect(devices()).toEqual([['192.0.2.1', '2001:db8::1', 'fe80::1'], ['192.0.2.2']]);
  });

  it('is not known before it sends', () => {
    expect(directory.describe(addressOf('192.0.2.1'))).toBeUndefined();
    expect([...directory.recordsOfMac(MAC)]).toEqual([]);
  });

  it('is told with its port number as long as the port has no name', () => {
    saw('192.0.2.1', { portName: undefined, inPort: 7 });
    expect(directory.describe(addressOf('192.0.2.1'))?.port).toBe('7');
    saw('192.0.2.1', { portName: 'eth7', inPort: 7 });
    expect(directory.describe(addressOf('192.0.2.1'))?.port).toBe('eth7');
  });

  it('tells when each address was seen, and with which tag', () => {
    const firstSeenAtMs = clock.nowMs();
    saw('192.0.2.1', { vlan: 7 });
    clock.advance(500);
    saw('192.0.2.1', { vlan: 8 });
    const [seen] = directory.record(addressOf('192.0.2.1'))!.seen;
    expect(seen).toMatchObject({
      vlan: 8,
      firstSeenAtMs,
      lastSeenAtMs: firstSeenAtMs + 500,
      moves: 0,
      movedFrom: undefined,
    });
  });

  it.each([
    ['no address yet', '0.0.0.0', MAC],
    ['no address yet, IPv6', '::', MAC],
    ['a group', '224.0.0.251', MAC],
    ['a group, IPv6', 'ff02::fb', MAC],
    ['a group of MAC addresses', '192.0.2.1', 0x010000000001],
    ['no MAC address', '192.0.2.1', 0],
  ])('is not: %s', (_what, address, mac) => {
    saw(address, { mac });
    expect(directory.size).toBe(0);
    expect(directory.counters.snapshot()).toEqual({ 'no client address': 1 });
  });
});

describe('an address that goes over to another MAC address', () => {
  it('is counted, said and shown', () => {
    saw('192.0.2.1');
    saw('192.0.2.2');
    clock.advance(1000);
    const movedAtMs = clock.nowMs();
    saw('192.0.2.1', { mac: MAC + 1, inPort: 2, portName: 'eth2' });
    expect(directory.counters.get('moved')).toBe(1);
    expect(log.lines).toEqual(['warn: address 192.0.2.1 went over from 02:00:00:00:00:01 to 02:00:00:00:00:02']);
    const record = directory.record(addressOf('192.0.2.1'))!;
    expect(record).toMatchObject({ mac: MAC + 1, port: 'eth2' });
    expect(record.seen).toMatchObject([{ moves: 1, movedFrom: MAC, movedAtMs }]);
    expect(devices()).toEqual([['192.0.2.2'], ['192.0.2.1']]);
  });

  it('that two use at once is counted each time and said once a second', () => {
    for (let round = 0; round < 100; round++) saw('192.0.2.1', { mac: MAC + (round % 2) });
    expect(directory.counters.get('moved')).toBe(99);
    expect(log.lines).toHaveLength(1);
    expect(directory.size).toBe(1);
    clock.advance(1000);
    expect(log.lines[1]).toContain('(98 times since the last such line)');
  });
});

describe('a frame that passes several switches', () => {
  const onward = { datapathId: '0000000000000002', inPort: 24, portName: 'uplink' };

  it('leaves its sender where it was seen first', () => {
    saw('192.0.2.1');
    for (let round = 0; round < 10; round++) {
      clock.advance(5000);
      saw('192.0.2.1');
      saw('192.0.2.1', onward);
    }
    expect(directory.describe(addressOf('192.0.2.1'))).toMatchObject({ datapathId: SWITCH, port: 'eth1' });
    expect(directory.counters.snapshot()).toEqual({ 'seen elsewhere too': 10 });
    expect([...directory.recordsOfMac(MAC)]).toHaveLength(1);
  });

  it('lets it move when its first place is silent', () => {
    saw('192.0.2.1');
    clock.advance(10_000);
    saw('192.0.2.1', onward);
    expect(directory.describe(addressOf('192.0.2.1'))).toMatchObject({
      datapathId: '0000000000000002',
      port: 'uplink',
    });
    expect(directory.counters.get('moved')).toBe(0);
    expect(devices()).toEqual([['192.0.2.1']]);
  });

  it('and a router on its way is not taken for its sender', () => {
    for (let host = 1; host <= 5; host++) saw(`198.51.100.${host}`, { ...onward, mac: ROUTER });
    saw('192.0.2.1');
    saw('192.0.2.1', { ...onward, mac: ROUTER });
    expect(directory.describe(addressOf('192.0.2.1'))?.mac).toBe(MAC);
    expect(directory.counters.get('moved')).toBe(0);
  });
});

describe('a router', () => {
  it('is a MAC address with too many addresses: each of them stands alone', () => {
    leases = [
      leaseOf('198.51.100.200', { mac: ROUTER, hostname: 'router' }),
      leaseOf('198.51.100.3', { mac: MAC, hostname: 'pc' }),
    ];
    for (let host = 1; host <= 5; host++) saw(`198.51.100.${host}`, { mac: ROUTER });
    expect(directory.counters.get('routers')).toBe(1);
    expect(addressesWith('198.51.100.2')).toEqual(['198.51.100.2']);
    expect(directory.record(addressOf('198.51.100.2'))).toMatchObject({
      name: undefined,
      isBehindRouter: true,
      mac: ROUTER,
    });
    expect(directory.describe(addressOf('198.51.100.3'))?.name).toBe('pc');
    expect(devices()).toHaveLength(5);
    expect([...directory.recordsOfMac(ROUTER)]).toHaveLength(5);
  });

  it('is no host that changes its address now and then', () => {
    for (let day = 1; day <= 40; day++) {
      saw(`2001:db8::${day}`);
      clock.advance(2 * HOUR_MS);
    }
    expect(directory.counters.get('routers')).toBe(0);
    expect(addressesWith('2001:db8::40')).toEqual(['2001:db8::37', '2001:db8::38', '2001:db8::39', '2001:db8::40']);
  });

  it('is one no more when its addresses are gone', () => {
    for (let host = 1; host <= 5; host++) saw(`198.51.100.${host}`, { mac: ROUTER });
    clock.advance(25 * HOUR_MS);
    saw('198.51.100.1', { mac: ROUTER });
    expect(directory.expire(clock.nowMs())).toBe(true);
    expect(directory.record(addressOf('198.51.100.1'))).toMatchObject({ isBehindRouter: false });
  });
});

describe('room', () => {
  it('is made by the address seen longest ago', () => {
    for (let host = 1; host <= 64; host++) {
      saw(`192.0.2.${host}`, { mac: MAC + host, inPort: host });
      clock.advance(2000);
    }
    saw('192.0.2.1', { mac: MAC + 1, inPort: 1 });
    saw('192.0.2.65', { mac: MAC + 65, inPort: 65 });
    expect(directory.size).toBe(64);
    expect(directory.counters.get('made room')).toBe(1);
    expect(addressesWith('192.0.2.1')).toEqual(['192.0.2.1']);
    expect(addressesWith('192.0.2.2')).toBeUndefined();
  });

  it('is not taken from others by a port that sends from any address', () => {
    for (let host = 1; host <= 30; host++) saw(`192.0.2.${host}`, { mac: MAC + host, inPort: host });
    for (let host = 0; host < 10_000; host++) {
      saw(`198.18.${host >> 8}.${host & 255}`, { mac: 0x020000010000 + host, inPort: 99 });
    }
    for (let host = 1; host <= 30; host++) expect(addressesWith(`192.0.2.${host}`)).toHaveLength(1);
    expect(directory.size).toBe(64);
  });

  it('is given back by what was not seen for long, a portion at a time', () => {
    open({ size: 5000 });
    for (let host = 0; host < 2500; host++) saw(`198.18.${host >> 8}.${host & 255}`, { mac: MAC + host });
    clock.advance(24 * HOUR_MS + 1);
    expect([directory.expire(clock.nowMs()), directory.expire(clock.nowMs()), directory.expire(clock.nowMs())]).toEqual(
      [false, false, true],
    );
    expect(directory.size).toBe(0);
    expect(devices()).toEqual([]);
  });
});

describe('a name', () => {
  const name = (address: string) => {
    const { name, nameSource } = directory.describe(addressOf(address)) ?? {};
    return [name, nameSource];
  };

  it('is that of the lease of the address', () => {
    saw('192.0.2.1');
    leases = [
      leaseOf('192.0.2.9', { mac: MAC, hostname: 'former' }),
      leaseOf('192.0.2.1', { mac: MAC, hostname: 'pc' }),
    ];
    reverse.set(addressOf('192.0.2.1'), 'pc.example.org');
    expect(name('192.0.2.1')).toEqual(['pc', 'lease']);
  });

  it('is else that of the MAC address, and so one name for IPv4 and IPv6', () => {
    saw('192.0.2.1');
    saw('2001:db8::1');
    leases = [leaseOf('192.0.2.1', { mac: MAC, hostname: 'pc' })];
    expect(name('2001:db8::1')).toEqual(['pc', 'lease']);
  });

  it('is else that of another address of the device', () => {
    saw('192.0.2.1');
    saw('2001:db8::1');
    leases = [leaseOf('2001:db8::1', { duidMac: MAC + 7, hostname: 'pc' })];
    expect(name('192.0.2.1')).toEqual(['pc', 'lease']);
  });

  it('is else the reverse name, of the address or of another of the device', () => {
    saw('192.0.2.1');
    saw('2001:db8::1');
    reverse.set(addressOf('2001:db8::1'), 'pc.example.org');
    expect(name('192.0.2.1')).toEqual(['pc.example.org', 'ptr']);
  });

  it('is not that of a lease that another MAC address has, and that is shown', () => {
    saw('192.0.2.1');
    leases = [leaseOf('192.0.2.1', { mac: MAC + 9, hostname: 'victim' })];
    expect(name('192.0.2.1')).toEqual([undefined, undefined]);
    expect(directory.record(addressOf('192.0.2.1'))?.seen).toMatchObject([{ leasedTo: MAC + 9 }]);
  });

  it('is told of an address that is leased or named, though nothing came from it', () => {
    leases = [leaseOf('192.0.2.1', { mac: MAC, hostname: 'pc' })];
    reverse.set(addressOf('192.0.2.2'), 'web.example.org');
    expect(directory.record(addressOf('192.0.2.1'))).toMatchObject({ name: 'pc', mac: MAC, port: undefined, seen: [] });
    expect(name('192.0.2.2')).toEqual(['web.example.org', 'ptr']);
  });
});

/** What the directory should say, told the long way: for every address its MAC address and port. */
describe('of anything that is seen', () => {
  const event = fc.record({
    host: fc.integer({ min: 1, max: 24 }),
    mac: fc.integer({ min: 1, max: 4 }),
    inPort: fc.integer({ min: 1, max: 3 }),
    datapathId: fc.constantFrom('a', 'b'),
    waitMs: fc.constantFrom(0, 1, 900, 5000, 10_000, HOUR_MS, 20 * HOUR_MS),
  });

  it('an address is at one device, devices hold what they should, and nothing grows', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        clock = new VirtualClock();
        open({ size: 10 });
        const at = new Map<string, { mac: number; inPort: number; datapathId: string; atMs: number }>();
        for (const { host, mac, inPort, datapathId, waitMs } of events) {
          clock.advance(waitMs);
          const atMs = clock.nowMs();
          const address = `192.0.2.${host}`;
          const elsewhere = directory.counters.get('seen elsewhere too');
          saw(address, { mac, inPort, datapathId, portName: undefined });
          if (directory.counters.get('seen elsewhere too') === elsewhere)
            at.set(address, { mac, inPort, datapathId, atMs });
          else expect(atMs - at.get(address)!.atMs).toBeLessThan(10_000);
          expect(addressesWith(address)).toContain(address);
          expect(directory.size).toBeLessThanOrEqual(10);
        }
        const records = [...directory.records()];
        expect(records.flatMap(({ addresses }) => addresses).length).toBe(directory.size);
        for (const { mac, port, datapathId, addresses, isBehindRouter } of records) {
          expect(addresses.length).toBeLessThanOrEqual(isBehindRouter ? 1 : OPTIONS.addressesPerDevice);
          for (const address of addresses) {
            expect(at.get(formatAddress(address))).toMatchObject({ mac, datapathId, inPort: Number(port) });
          }
        }
        expect(directory.devices).toBe(
          new Set(records.map(({ mac, port, datapathId }) => `${mac} ${port} ${datapathId}`)).size,
        );
        expect(directory.ports).toBe(new Set(records.map(({ port, datapathId }) => `${port} ${datapathId}`)).size);
        directory.expire(clock.nowMs() + OPTIONS.keepMs + 1);
        expect([directory.size, directory.devices, directory.ports]).toEqual([0, 0, 0]);
        expect([...directory.records()]).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
