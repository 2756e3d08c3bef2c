/** `gluewall clients`, as it is typed, with what switches have seen and a real DHCP server has written. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { buildClients } from '../../src/cli/build-clients.ts';
import { parseConfig } from '../../src/config/load.ts';
import { ControlServer } from '../../src/control/control-server.ts';
import { silentLog } from '../../src/core/log.ts';
import type { Clients } from '../../src/identity/clients.ts';
import { findClients } from '../../src/services/client-view.ts';
import type { Services } from '../../src/services/services.ts';
import type { CommandResult } from '../support/command-line.ts';
import { addressOf } from '../support/observations.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** When the server of the lease file was running. */
const clock = new VirtualClock(Date.UTC(2026, 10, 21, 14, 45));
const folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
const socket = join(folder, 'control.sock');

let clients: Clients;
let server: ControlServer;

function run(...args: readonly string[]): Promise<CommandResult> {
  const main = repositoryPath('dist', 'src', 'cli', 'main.js');
  const options = { cwd: folder, timeout: 30_000 };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [main, 'clients', ...args, '--socket', socket],
      options,
      (_error, stdout, stderr) => resolve({ status: child.exitCode, stdout, stderr }),
    );
  });
}

beforeAll(async () => {
  copyFileSync(repositoryPath('test', 'vectors', 'leases', 'kea-leases4.csv'), join(folder, 'leases'));
  clients = buildClients(parseConfig(`clients: {leases: [${join(folder, 'leases')}]}`, 'f'), clock, silentLog);
  await clients.start();
  const place = { datapathId: '0000000000000001', inPort: 2, portName: 'eth2', vlan: undefined, atMs: clock.nowMs() };
  for (const address of ['192.0.2.102', '2001:db8::3']) {
    clients.directory.saw({ ...place, mac: 0x020000000003, address: addressOf(address) });
  }
  clients.directory.saw({
    ...place,
    mac: 0x020000000009,
    inPort: 3,
    portName: 'eth3',
    address: addressOf('192.0.2.9'),
  });
  const services: Pick<Services, 'clients'> = { clients: (target) => findClients(clients.directory, target) };
  server = new ControlServer(socket, services as Services, silentLog);
  await server.start();
});

afterAll(async () => {
  await server.stop();
  await clients.stop();
  rmSync(folder, { recursive: true });
});

const ODD = [
  'odd, "q" {x}; #1 (lease)  02:00:00:00:00:03  switch 0000000000000001 port eth2',
  '  192.0.2.102  first seen 2026-11-21T14:45:00.000Z  last seen 2026-11-21T14:45:00.000Z',
  '  2001:db8::3  first seen 2026-11-21T14:45:00.000Z  last seen 2026-11-21T14:45:00.000Z',
];

it('lists all', async () => {
  const { status, stdout } = await run();
  expect(stdout.split('\n')).toEqual([
    ...ODD,
    'no name  02:00:00:00:00:09  switch 0000000000000001 port eth3',
    '  192.0.2.9  first seen 2026-11-21T14:45:00.000Z  last seen 2026-11-21T14:45:00.000Z',
    '',
  ]);
  expect(status).toBe(0);
});

it.each(['192.0.2.102', '02:00:00:00:00:03', 'ODD, "q" {x}; #1'])('finds %s', async (target) => {
  expect(await run(target)).toMatchObject({ status: 0, stdout: `${ODD.join('\n')}\n` });
});

it('finds what is leased, though nothing came from it', async () => {
  const { status, stdout } = await run('192.0.2.101', '--json');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual([
    {
      name: 'annas-laptop',
      nameSource: 'lease',
      mac: '02:00:00:00:00:02',
      switch: null,
      port: null,
      behindRouter: false,
      addresses: ['192.0.2.101'],
      seen: [],
      firstSeen: null,
      lastSeen: null,
    },
  ]);
});

it('says that nobody is known, and ends with 1', async () => {
  expect(await run('192.0.2.200')).toMatchObject({ status: 1, stdout: 'no such client is known\n' });
  expect(await run('nobody', '--json')).toMatchObject({ status: 1, stdout: '[]\n' });
});

it('says what a client is', async () => {
  const { status, stderr } = await run('x'.repeat(254));
  expect(status).toBe(2);
  expect(stderr).toContain('a client is an IP address, a MAC address such as 02:00:00:00:00:01, or a name');
});
