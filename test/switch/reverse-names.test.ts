/** The names of clients, asked of a real resolver in front of a real authoritative server. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exited } from '../../mininet/child.ts';
import { until } from '../../mininet/until.ts';
import { parseNetwork } from '../../src/core/address.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Clients, type ClientsOptions } from '../../src/identity/clients.ts';
import { describeIf } from '../support/describe-if.ts';
import { addressOf } from '../support/observations.ts';
import { RecordingLog } from '../support/recording-log.ts';

const AUTHORITY_PORT = 15_301;
const RESOLVER_PORT = 15_302;
/** Nobody listens there. */
const SILENT_PORT = 15_303;
const ZONES = {
  '2.0.192.in-addr.arpa': [
    '1.2.0.192.in-addr.arpa. 60 IN PTR printer.example.org.',
    // A range handed to somebody else (RFC 2317).
    '2.2.0.192.in-addr.arpa. 60 IN CNAME 2.0-63.2.0.192.in-addr.arpa.',
    '2.0-63.2.0.192.in-addr.arpa. 60 IN PTR laptop.example.org.',
    '3.2.0.192.in-addr.arpa. 60 IN PTR \\027[2Jtrap\\010.example.org.',
    '4.2.0.192.in-addr.arpa. 60 IN TXT "no name"',
  ],
  '8.b.d.0.1.0.0.2.ip6.arpa': [`1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa. 60 IN PTR printer6.example.org.`],
};

const OPTIONS: ClientsOptions = {
  insideNetworks: ['192.0.2.0/24', '2001:db8::/32'].map((text) => parseNetwork(text)!),
  leases: [],
  leaseCheckMs: 10_000,
  resolver: { host: '127.0.0.1', port: RESOLVER_PORT },
  resolverTimeoutMs: 2000,
  queries: 4,
  waiting: 100,
  nameLifeMs: 3_600_000,
  noNameLifeMs: 600_000,
  size: 1000,
  addressesPerDevice: 32,
  keepMs: 86_400_000,
};

function authorityFiles(directory: string): string {
  const zones = Object.entries(ZONES).map(([origin, records], index) => {
    const file = join(directory, `${index}.zone`);
    const soa = `${origin}. 60 IN SOA ns.invalid. hostmaster.invalid. 1 3600 600 86400 60`;
    writeFileSync(file, `${[soa, `${origin}. 60 IN NS ns.invalid.`, ...records].join('\n')}\n`);
    return `zone:\n  name: "${origin}"\n  zonefile: "${file}"\n`;
  });
  const file = join(directory, 'nsd.conf');
  const places = ['pidfile', 'xfrdfile', 'zonelistfile'].map((key) => `  ${key}: "${join(directory, key)}"`);
  const server = `server:\n  ip-address: 127.0.0.1@${AUTHORITY_PORT}\n  server-count: 1\n  username: ""\n  chroot: ""\n  database: ""\n  xfrdir: "${directory}"\n  zonesdir: "${directory}"\n${places.join('\n')}\n`;
  writeFileSync(file, `${server}remote-control:\n  control-enable: no\n${zones.join('')}`);
  return file;
}

function resolverFile(directory: string): string {
  const origins = Object.keys(ZONES);
  const file = join(directory, 'unbound.conf');
  const open = origins.map((origin) => `  local-zone: "${origin}." nodefault`);
  const stubs = origins.map((origin) => `stub-zone:\n  name: "${origin}."\n  stub-addr: 127.0.0.1@${AUTHORITY_PORT}\n`);
  const server = `server:\n  interface: 127.0.0.1@${RESOLVER_PORT}\n  username: ""\n  chroot: ""\n  pidfile: ""\n  use-syslog: no\n  directory: "${directory}"\n  do-not-query-localhost: no\n  module-config: "iterator"\n${open.join('\n')}\n`;
  writeFileSync(file, `${server}remote-control:\n  control-enable: no\n${stubs.join('')}`);
  return file;
}

function answers(port: number): true | undefined {
  const [program, ...question] = [
    'dig',
    '@127.0.0.1',
    '-p',
    String(port),
    '-x',
    '192.0.2.1',
    '+short',
    '+tries=1',
    '+time=1',
  ];
  try {
    return execFileSync(program!, question, { encoding: 'utf8', timeout: 5000 }).includes('example.org') || undefined;
  } catch {
    return undefined;
  }
}

describeIf(['root', 'namespaces'], 'a resolver of the site', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  const children: ChildProcess[] = [];
  const log = new RecordingLog();
  const clients = new Clients(OPTIONS, systemClock, log);

  beforeAll(async () => {
    execFileSync('ip', ['link', 'set', 'lo', 'up']);
    for (const command of [
      ['nsd', '-d', '-c', authorityFiles(directory)],
      ['unbound', '-d', '-p', '-c', resolverFile(directory)],
    ]) {
      children.push(spawn(command[0]!, command.slice(1), { stdio: 'ignore' }));
    }
    await until('the resolver answers', 20_000, () => answers(RESOLVER_PORT));
    await clients.start();
  });
  afterAll(async () => {
    await clients.stop();
    for (const child of children) {
      const ended = exited(child);
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(directory, { recursive: true, force: true });
  });

  const named = async (text: string) => {
    clients.cameUp(addressOf(text));
    return until(`${text} has a name`, 10_000, () => clients.describe(addressOf(text)));
  };

  it('names clients by IPv4, by IPv6 and by a range that was handed on', async () => {
    expect(await named('192.0.2.1')).toMatchObject({ name: 'printer.example.org', nameSource: 'ptr' });
    expect(await named('192.0.2.2')).toMatchObject({ name: 'laptop.example.org', nameSource: 'ptr' });
    expect(await named('2001:db8::1')).toMatchObject({ name: 'printer6.example.org', nameSource: 'ptr' });
  });

  it('cannot write to a terminal', async () => {
    const name = (await named('192.0.2.3')).name!;
    expect(name).toMatch(/^[!-~]+$/);
    expect(name).toContain('trap');
  });

  it('says that there is no name', async () => {
    clients.cameUp(addressOf('192.0.2.4'));
    clients.cameUp(addressOf('192.0.2.5'));
    await until('both are answered', 10_000, () => clients.figures().reverseNames['no name'] === 2 || undefined);
    expect(clients.describe(addressOf('192.0.2.4'))).toBeUndefined();
    expect(log.lines).toEqual([]);
  });

  it('that nobody runs is told, and gluewall goes on', async () => {
    const said = new RecordingLog();
    const resolver = { host: '127.0.0.1', port: SILENT_PORT };
    const others = new Clients({ ...OPTIONS, resolver, resolverTimeoutMs: 100 }, systemClock, said);
    others.cameUp(addressOf('192.0.2.1'));
    await until('it has failed', 10_000, () => others.figures().reverseNames.failed === 1 || undefined);
    expect(said.lines).toEqual([
      expect.stringMatching(/^warn: the name of a client cannot be asked for \(ECONNREFUSED\)/),
    ]);
    others.cameUp(addressOf('192.0.2.2'));
    await others.stop();
    await others.stop();
  });
});
