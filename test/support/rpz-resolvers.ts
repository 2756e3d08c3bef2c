/** Real resolvers that load a Response Policy Zone, and a small DNS below a root of its own that they ask. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram, stopChild } from '../../mininet/child.ts';
import { until } from '../../mininet/until.ts';

const ROOT_ADDRESS = '192.0.2.53';
export const ZONES = {
  'c2.example': { server: 'ns.c2.example', address: '198.51.100.8' },
  'nsip.example': { server: 'ns.nsip.example', address: '198.51.100.7' },
  'bullet.example': { server: 'ns.bullet.example', address: '198.51.100.9' },
  'nsdname.example': { server: 'ns.bullet.example', address: '198.51.100.9' },
  'good.example': { server: 'ns.good.example', address: '198.51.100.10' },
} as const;
const ANSWER = '203.0.113.80';

export class RpzResolvers {
  readonly #directory: string;
  readonly #children: ChildProcess[] = [];

  /** In a world of its own: puts addresses on its loopback interface. */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  /** The authoritative servers. */
  async startServers(): Promise<void> {
    const addresses = new Set(Object.values(ZONES).map(({ address }) => address));
    for (const address of [ROOT_ADDRESS, ...addresses]) {
      execFileSync('ip', ['address', 'replace', `${address}/32`, 'dev', 'lo']);
    }
    const delegations = Object.entries(ZONES).flatMap(([zone, { server, address }]) => [
      `${zone}. NS ${server}.`,
      `${server}. A ${address}`,
    ]);
    const head = (zone: string, server: string) =>
      `$ORIGIN ${zone}\n$TTL 60\n@ SOA ${server}. hostmaster.example. 1 3600 600 86400 1\n@ NS ${server}.\n`;
    this.#write(
      'root.zone',
      `${head('.', 'ns.root')}ns.root. A ${ROOT_ADDRESS}\n${[...new Set(delegations)].join('\n')}\n`,
    );
    for (const [zone, { server, address }] of Object.entries(ZONES)) {
      const own = server.endsWith(zone) ? `${server}. A ${address}\n` : '';
      this.#write(`${zone}.zone`, `${head(`${zone}.`, server)}${own}@ A ${ANSWER}\n* A ${ANSWER}\n`);
    }
    this.#startNsd('root', [ROOT_ADDRESS], { '.': 'root.zone' });
    this.#startNsd(
      'zones',
      [...addresses],
      Object.fromEntries(Object.keys(ZONES).map((zone) => [zone, `${zone}.zone`])),
    );
    await until('the servers answer', 15_000, async () => {
      const root = await digStatus(ROOT_ADDRESS, 53, 'example.');
      const zones = await digStatus('198.51.100.10', 53, 'good.example.');
      return root === undefined || zones === undefined ? undefined : true;
    });
  }

  async startBind(port: number, zone: string, statement: string): Promise<void> {
    const own = this.#folder(`bind-${port}`);
    writeFileSync(join(own, 'hints'), `. 3600000 NS ns.root.\nns.root. 3600000 A ${ROOT_ADDRESS}\n`);
    const control = join(own, 'rndc.key');
    execFileSync('rndc-confgen', ['-a', '-c', control, '-k', 'control'], { stdio: 'ignore' });
    const configuration = `include "${control}";
controls { inet 127.0.0.1 port ${port + 1000} allow { 127.0.0.1; } keys { "control"; }; };
options {
  directory "${own}";
  pid-file none;
  session-keyfile none;
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion yes;
  dnssec-validation no;
  response-policy { zone "${zone}"; } min-update-interval 0;
};
zone "." { type hint; file "hints"; };
${statement}
`;
    writeFileSync(join(own, 'named.conf'), configuration);
    this.#start('named', '-g', '-c', join(own, 'named.conf'));
    await this.#answers(port);
  }

  reloadCommand(port: number, zone: string): readonly string[] {
    const key = join(this.#directory, `bind-${port}`, 'rndc.key');
    return ['rndc', '-s', '127.0.0.1', '-p', String(port + 1000), '-k', key, 'reload', zone];
  }

  async startUnbound(port: number, clause: string): Promise<void> {
    const own = this.#folder(`unbound-${port}`);
    writeFileSync(join(own, 'hints'), `. 3600000 NS ns.root.\nns.root. 3600000 A ${ROOT_ADDRESS}\n`);
    const configuration = `server:
  interface: 127.0.0.1@${port}
  do-ip6: no
  do-not-query-localhost: no
  username: ""
  chroot: ""
  directory: "${own}"
  pidfile: ""
  use-syslog: no
  root-hints: "hints"
  module-config: "respip iterator"
remote-control:
  control-enable: yes
  control-interface: "${join(own, 'control')}"
rpz:
${clause}
`;
    writeFileSync(join(own, 'unbound.conf'), configuration);
    this.#start('unbound', '-d', '-c', join(own, 'unbound.conf'));
    await this.#answers(port);
  }

  unboundReloadCommand(port: number, zone: string): readonly string[] {
    return [
      'unbound-control',
      '-c',
      join(this.#directory, `unbound-${port}`, 'unbound.conf'),
      'auth_zone_reload',
      zone,
    ];
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => stopChild(child)));
  }

  async #answers(port: number): Promise<void> {
    await until(`the resolver on port ${port} answers`, 20_000, async () =>
      (await digStatus('127.0.0.1', port, 'www.good.example.')) === 'NOERROR' ? true : undefined,
    );
  }

  #startNsd(name: string, addresses: readonly string[], zones: Readonly<Record<string, string>>): void {
    const own = this.#folder(name);
    const configuration = `server:
${addresses.map((address) => `  ip-address: ${address}\n`).join('')}  username: ""
  zonesdir: "${this.#directory}"
  database: ""
  pidfile: "${join(own, 'nsd.pid')}"
  xfrdfile: "${join(own, 'xfrd')}"
  zonelistfile: "${join(own, 'zones')}"
  server-count: 1
remote-control:
  control-enable: no
${Object.entries(zones)
  .map(([zone, file]) => `zone:\n  name: "${zone}"\n  zonefile: "${file}"\n`)
  .join('')}`;
    writeFileSync(join(own, 'nsd.conf'), configuration);
    this.#start('nsd', '-d', '-c', join(own, 'nsd.conf'));
  }

  #folder(name: string): string {
    const folder = join(this.#directory, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  #write(file: string, text: string): void {
    writeFileSync(join(this.#directory, file), text);
  }

  #start(command: string, ...args: readonly string[]): void {
    const log = openSync(join(this.#directory, `${command}.log`), 'a');
    this.#children.push(spawn(command, args, { stdio: ['ignore', log, log] }));
    closeSync(log);
  }
}

/** The status of an answer, such as NXDOMAIN; undefined when there is none. */
export async function digStatus(server: string, port: number, name: string): Promise<string | undefined> {
  const args = [`@${server}`, '-p', String(port), name, 'A', '+tries=1', '+time=2'];
  const { stdout } = await runProgram('dig', args, process.env);
  return /status: ([A-Z]+)/.exec(stdout)?.[1];
}
