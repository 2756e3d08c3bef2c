/** The configuration and zone files of the mini-Internet's servers, and how each is started. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type InternetHost, networks, rootServer, type ServedZone } from './internet.ts';

/** How a host's server is started in the foreground, and a command that succeeds once it answers. */
export interface ServerCommands {
  readonly start: readonly string[];
  readonly ready: readonly string[];
}

/**
 * Writes what a host's server needs into `directory` (made when missing) and answers how to start it; undefined for a
 * host without a server.
 */
export async function writeServerFiles(host: InternetHost, directory: string): Promise<ServerCommands | undefined> {
  const { role } = host;
  if (role.kind === 'none') return undefined;
  await mkdir(directory, { recursive: true });
  const ready = ['dig', `@${host.ipv4}`, 'version.bind', 'CH', 'TXT', '+tries=1', '+time=1'];
  if (role.kind === 'authoritative') {
    await Promise.all(role.zones.map((zone, index) => writeFile(join(directory, `${index}.zone`), zoneFile(zone))));
    const file = join(directory, 'nsd.conf');
    await writeFile(file, nsdConfiguration(host, role.zones, directory));
    return { start: ['nsd', '-d', '-c', file], ready };
  }
  await writeFile(join(directory, 'root.hints'), `${rootServer.join('\n')}\n`);
  const file = resolverConfigurationFile(directory);
  await writeFile(file, unboundConfiguration(host, role.localZones, directory));
  return { start: ['unbound', '-d', '-p', '-c', file], ready };
}

/** Where a resolver's configuration lies, which `unbound-control -c` wants too. */
export function resolverConfigurationFile(directory: string): string {
  return join(directory, 'unbound.conf');
}

function zoneFile(zone: ServedZone): string {
  const owner = zone.origin === '.' ? '.' : `${zone.origin}.`;
  const soa = `${owner} 3600 IN SOA ns.invalid. hostmaster.invalid. 1 3600 600 86400 60`;
  return `${[soa, ...zone.records].join('\n')}\n`;
}

function addresses(host: InternetHost): string[] {
  return host.ipv6 === undefined ? [host.ipv4] : [host.ipv4, host.ipv6];
}

function nsdConfiguration(host: InternetHost, zones: readonly ServedZone[], directory: string): string {
  const zoneClauses = zones.map(
    (zone, index) => `zone:\n  name: "${zone.origin}"\n  zonefile: "${join(directory, `${index}.zone`)}"`,
  );
  return `server:
${addresses(host)
  .map((address) => `  ip-address: ${address}`)
  .join('\n')}
  server-count: 1
  username: ""
  chroot: ""
  database: ""
  zonesdir: "${directory}"
  pidfile: "${join(directory, 'nsd.pid')}"
  xfrdfile: "${join(directory, 'xfrd.state')}"
  xfrdir: "${directory}"
  zonelistfile: "${join(directory, 'zone.list')}"
  rrl-ratelimit: 0
  minimal-responses: no
remote-control:
  control-enable: no
${zoneClauses.join('\n')}
`;
}

function unboundConfiguration(host: InternetHost, localZones: readonly ServedZone[], directory: string): string {
  const own = localZones.flatMap((zone) => [
    `  local-zone: "${zone.origin}." static`,
    ...zone.records.map((record) => `  local-data: '${record}'`),
  ]);
  const allowed = [...networks.inside, ...networks.outside].map(
    (network) => `  access-control: ${network} allow_snoop`,
  );
  return `server:
${addresses(host)
  .map((address) => `  interface: ${address}`)
  .join('\n')}
${allowed.join('\n')}
  do-ip6: ${host.ipv6 === undefined ? 'no' : 'yes'}
  username: ""
  chroot: ""
  directory: "${directory}"
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  num-threads: 1
  module-config: "iterator"
  root-hints: "${join(directory, 'root.hints')}"
  local-zone: "test." nodefault
${own.join('\n')}
remote-control:
  control-enable: yes
  control-use-cert: no
  control-interface: "${join(directory, 'control.sock')}"
`;
}
