import { describe, expect, it } from 'vitest';
import { printClient } from '../../../src/cli/commands/clients.ts';
import { ClientDirectory } from '../../../src/identity/client-directory.ts';
import type { Lease } from '../../../src/identity/lease.ts';
import { type ClientTarget, type ClientView, findClients } from '../../../src/services/client-view.ts';
import { leaseOf } from '../../support/lease-files.ts';
import { addressOf } from '../../support/observations.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const MAC = 0x020000000001;

function setUp(...leases: readonly Lease[]) {
  const clock = new VirtualClock(Date.UTC(2026, 10, 21, 14));
  const names = {
    leaseOf: (address: Lease['address']) => leases.find((lease) => lease.address === address),
    namedLeaseOfMac: (mac: number) => leases.find((lease) => lease.mac === mac),
    reverseNameOf: () => undefined,
  };
  const options = { size: 100_000, addressesPerDevice: 4, keepMs: 86_400_000 };
  const directory = new ClientDirectory(options, names, clock, new RecordingLog());
  const saw = (address: string, mac = MAC, vlan?: number) => {
    const place = { datapathId: '0000000000000001', inPort: 1, portName: 'eth1' };
    directory.saw({ ...place, mac, vlan, address: addressOf(address), atMs: clock.nowMs() });
    clock.advance(1000);
  };
  const find = async (target?: ClientTarget): Promise<ClientView[]> => {
    const views: ClientView[] = [];
    for await (const view of findClients(directory, target)) views.push(view);
    return views;
  };
  return { saw, find, directory };
}

const printer = leaseOf('192.0.2.1', { mac: MAC, hostname: 'Printer.example.org' });

describe('a client', () => {
  it('is told with everything that is known', async () => {
    const { saw, find } = setUp(printer);
    saw('192.0.2.1', MAC, 7);
    saw('2001:db8::1');
    saw('192.0.2.1', MAC, 7);
    const [view] = await find();
    expect(view).toEqual({
      name: 'Printer.example.org',
      nameSource: 'lease',
      mac: '02:00:00:00:00:01',
      switch: '0000000000000001',
      port: 'eth1',
      behindRouter: false,
      addresses: ['192.0.2.1', '2001:db8::1'],
      seen: [
        {
          address: '192.0.2.1',
          vlan: 7,
          firstSeen: '2026-11-21T14:00:00.000Z',
          lastSeen: '2026-11-21T14:00:02.000Z',
          moved: null,
          leasedTo: null,
        },
        {
          address: '2001:db8::1',
          vlan: null,
          firstSeen: '2026-11-21T14:00:01.000Z',
          lastSeen: '2026-11-21T14:00:01.000Z',
          moved: null,
          leasedTo: null,
        },
      ],
      firstSeen: '2026-11-21T14:00:00.000Z',
      lastSeen: '2026-11-21T14:00:02.000Z',
    });
    expect(printClient(view!)).toEqual([
      'Printer.example.org (lease)  02:00:00:00:00:01  switch 0000000000000001 port eth1',
      '  192.0.2.1  VLAN 7  first seen 2026-11-21T14:00:00.000Z  last seen 2026-11-21T14:00:02.000Z',
      '  2001:db8::1  first seen 2026-11-21T14:00:01.000Z  last seen 2026-11-21T14:00:01.000Z',
    ]);
  });

  it('that took the address of another is told as such', async () => {
    const { saw, find } = setUp(printer);
    saw('192.0.2.1');
    saw('192.0.2.1', MAC + 1);
    saw('192.0.2.1');
    saw('192.0.2.1', MAC + 1);
    const [view] = await find({ kind: 'address', address: addressOf('192.0.2.1') });
    expect(view?.seen).toMatchObject([
      { moved: { from: '02:00:00:00:00:01', at: '2026-11-21T14:00:03.000Z', times: 3 }, leasedTo: '02:00:00:00:00:01' },
    ]);
    expect(printClient(view!)).toEqual([
      'no name  02:00:00:00:00:02  switch 0000000000000001 port eth1',
      '  192.0.2.1  first seen 2026-11-21T14:00:00.000Z  last seen 2026-11-21T14:00:03.000Z  had 02:00:00:00:00:01 until 2026-11-21T14:00:03.000Z, 3 times in all  leased to 02:00:00:00:00:01',
    ]);
  });

  it('behind a router is told with the router', async () => {
    const { saw, find } = setUp();
    for (let host = 1; host <= 5; host++) saw(`198.51.100.${host}`);
    const views = await find();
    expect(views).toHaveLength(5);
    expect(printClient(views[0]!)[0]).toBe(
      'no name  behind router 02:00:00:00:00:01  switch 0000000000000001 port eth1',
    );
  });

  it('that never sent is told when it is asked for', async () => {
    const { find } = setUp(printer);
    expect(await find()).toEqual([]);
    const [view] = await find({ kind: 'address', address: addressOf('192.0.2.1') });
    expect(view).toMatchObject({ switch: null, port: null, firstSeen: null, lastSeen: null, seen: [] });
    expect(printClient(view!)).toEqual(['Printer.example.org (lease)  02:00:00:00:00:01', '  192.0.2.1  never seen']);
  });
});

describe('a search', () => {
  const found = async (target: ClientTarget) => {
    const { saw, find } = setUp(printer);
    saw('192.0.2.1');
    saw('192.0.2.2', MAC + 1);
    return (await find(target)).map(({ addresses }) => addresses);
  };

  it.each(['printer', 'PRINTER', 'printer.example.org', 'Printer.example.org.'])('by name finds %s', async (name) => {
    expect(await found({ kind: 'name', name })).toEqual([['192.0.2.1']]);
  });

  it.each(['print', 'printer.example', 'example.org', '.'])('by name does not find %s', async (name) => {
    expect(await found({ kind: 'name', name })).toEqual([]);
  });

  it('by MAC address and by address finds one', async () => {
    expect(await found({ kind: 'mac', mac: MAC + 1 })).toEqual([['192.0.2.2']]);
    expect(await found({ kind: 'mac', mac: MAC + 2 })).toEqual([]);
    expect(await found({ kind: 'address', address: addressOf('192.0.2.2') })).toEqual([['192.0.2.2']]);
    expect(await found({ kind: 'address', address: addressOf('192.0.2.3') })).toEqual([]);
  });

  it('through many leaves the others their turns', async () => {
    const { saw, find } = setUp();
    for (let host = 0; host < 5000; host++) saw(`198.18.${host >> 8}.${host & 255}`, MAC + host);
    let turns = 0;
    const count = () => {
      turns++;
      immediate = setImmediate(count);
    };
    let immediate = setImmediate(count);
    expect(await find()).toHaveLength(5000);
    clearImmediate(immediate);
    expect(turns).toBeGreaterThanOrEqual(5);
  });
});
