/** Who the clients of a real switch are: MAC address, port, both families, and the name that a DHCP server wrote. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { until } from '../../mininet/until.ts';
import { askControl } from '../../src/control/control-client.ts';
import type { ClientView } from '../../src/services/client-view.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeQuery } from '../support/dns-messages.ts';
import { composeFrame } from '../support/frames.ts';
import { VethBridge } from '../support/veth-bridge.ts';

const WAIT_MS = 10_000;
const PRINTER = '02:00:00:00:00:10';
const SERVER_MAC = '020000000001';
const UNKNOWN_SERVER = '203.0.113.66';

describeIf(['root', 'namespaces', 'openVswitch'], 'the clients of a switch', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  const leases = join(directory, 'dnsmasq.leases');
  const eve = join(directory, 'eve.json');
  let bridge: VethBridge;
  let gluewall: GluewallProcess;

  beforeAll(async () => {
    writeFileSync(leases, `0 ${PRINTER} 192.0.2.10 printer *\n`);
    bridge = await VethBridge.start();
    gluewall = await GluewallProcess.start(directory, {
      openflow: { listen: '127.0.0.1:16653', learn: true },
      inside: { networks: ['192.0.2.0/24', '2001:db8:1::/64'] },
      outside: { ports: ['gwfact-2'] },
      capture: { interfaces: [] },
      clients: { leases: [leases] },
      eve: { file: eve },
    });
    await bridge.openVswitch.vsctl('set-controller', bridge.name, 'tcp:127.0.0.1:16653');
    await gluewall.ready();
  });
  afterAll(async () => {
    await gluewall?.kill();
    await bridge?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const query = (mac: string, source: string, destination: string, id: number) =>
    composeFrame(composeQuery('www.example.org', id), {
      macs: `${SERVER_MAC}${mac.replaceAll(':', '')}`,
      source,
      destination,
    });

  async function clients(target?: string): Promise<ClientView[]> {
    const found: ClientView[] = [];
    for await (const item of askControl(gluewall.socketPath, { operation: 'clients', target }))
      found.push(item as ClientView);
    return found;
  }

  const untilKnown = (what: string, test: (views: readonly ClientView[]) => boolean) =>
    until(what, WAIT_MS, async () => {
      const views = await clients();
      return test(views) ? views : undefined;
    });

  it('are told by MAC address and port, IPv4 and IPv6 together, with the name of the lease', async () => {
    await bridge.send([
      query(PRINTER, '192.0.2.10', UNKNOWN_SERVER, 1),
      query(PRINTER, '2001:db8:1::10', '2001:db8:2::66', 2),
    ]);
    const [printer] = await untilKnown('both addresses', ([view]) => view?.addresses.length === 2);
    expect(printer).toMatchObject({
      name: 'printer',
      nameSource: 'lease',
      mac: PRINTER,
      port: 'gwfact-1',
      behindRouter: false,
      addresses: ['192.0.2.10', '2001:db8:1::10'],
    });
    expect(await clients('PRINTER')).toEqual([printer]);
    expect(await clients(PRINTER)).toEqual([printer]);
    expect(await clients('2001:db8:1::10')).toMatchObject([{ name: 'printer', mac: PRINTER }]);
  });

  it('have their names in the events', async () => {
    const named = await until('an event', WAIT_MS, () => {
      const lines = readFileSync(eve, 'utf8')
        .split('\n')
        .filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line)).find(({ src_ip }) => src_ip === '2001:db8:1::10');
    });
    expect(named).toMatchObject({ src_mac: PRINTER, src_name: 'printer' });
  });

  it('that take the address of another are told, and do not get its name', async () => {
    const thief = '02:00:00:00:00:66';
    await bridge.send([query(thief, '192.0.2.10', UNKNOWN_SERVER, 3)]);
    await untilKnown('two devices', (views) => views.length === 2);
    const [taken] = await clients('192.0.2.10');
    expect(taken).toMatchObject({
      name: null,
      mac: thief,
      seen: [{ moved: { from: PRINTER, times: 1 }, leasedTo: PRINTER }],
    });
    await gluewall.logged('the move', 0, ({ msg }) => msg.includes(`192.0.2.10 went over from ${PRINTER} to ${thief}`));
  });

  it('have new names when the lease file changes', async () => {
    writeFileSync(leases, `0 ${PRINTER} 192.0.2.11 plotter *\n`);
    await untilKnown('the new name', (views) => views.some(({ name, mac }) => name === 'plotter' && mac === PRINTER));
  });
});
