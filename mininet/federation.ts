/**
 * Three organisations that trace attacks together, in Mininet: a shop whose BIND serves its zones, an Internet provider whose
 * Unbound resolves, and an office whose dnsmasq forwards to it. Each has a traceback node that reads its server's log.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ProgramResult } from './child.ts';
import { type Declaration, MininetHosts } from './mininet-hosts.ts';
import type { OpenVswitch } from './open-vswitch.ts';
import { repositoryPath } from './repository-path.ts';

export const NODE_PORT = 8853;
/** Zones of the shop, and the name in each that its host is called by. */
export const VICTIMS = ['www.shop.example', 'www.bank.example'] as const;
/** Where the bot gets its orders; the shop's server has the zone so that the name resolves. */
export const COMMAND_SERVER = 'orders.botnet.example';
const ZONES = ['shop.example', 'bank.example', 'botnet.example'] as const;

/** Hosts by name, with their addresses. */
export const addresses = {
  victim: '198.51.100.80',
  shopDns: '198.51.100.53',
  shopNode: '198.51.100.8',
  ispDns: '203.0.113.53',
  ispNode: '203.0.113.8',
  officeDns: '192.0.2.53',
  officeNode: '192.0.2.8',
  bot: '192.0.2.66',
  alice: '192.0.2.11',
  bob: '192.0.2.12',
  carol: '192.0.2.13',
  /** Attacks with an address of its own. */
  rude: '192.0.2.67',
} as const;
export type FederationHost = keyof typeof addresses;

const ORGANISATIONS = {
  shop: { server: 'shopDns', node: 'shopNode', certificate: 'node.shop.example' },
  isp: { server: 'ispDns', node: 'ispNode', certificate: 'node.isp.example' },
  office: { server: 'officeDns', node: 'officeNode', certificate: 'node.office.example' },
} as const;
export type Organisation = keyof typeof ORGANISATIONS;
export const ORGANISATION_NAMES = Object.keys(ORGANISATIONS) as readonly Organisation[];

/** The federation as it runs. `stop` is safe twice. */
export class Federation {
  readonly #hosts: MininetHosts;
  readonly #directory: string;

  private constructor(running: MininetHosts, directory: string) {
    this.#hosts = running;
    this.#directory = directory;
  }

  /** Builds it in `directory`; returns when each server and each node answers. Needs root and a private world. */
  static async start(openVswitch: OpenVswitch, directory: string): Promise<Federation> {
    mkdirSync(directory, { recursive: true });
    makeCertificates(directory);
    for (const organisation of ORGANISATION_NAMES) mkdirSync(folderOf(directory, organisation), { recursive: true });
    for (const [file, text] of Object.entries(serverFiles(directory))) writeFileSync(join(directory, file), text);
    for (const organisation of ORGANISATION_NAMES) {
      writeFileSync(configOf(directory, organisation), stringify(nodeConfiguration(directory, organisation)));
    }
    takeInYesterday(directory);
    return new Federation(await MininetHosts.start(openVswitch, declare(directory)), directory);
  }

  run(host: FederationHost, argv: readonly string[], timeoutSeconds?: number, stdin?: string): Promise<ProgramResult> {
    return this.#hosts.run(host, argv, timeoutSeconds, stdin);
  }

  /** Runs `gluewall` where the node of an organisation runs, as its operators do. */
  gluewall(organisation: Organisation, words: readonly string[], timeoutSeconds = 60): Promise<ProgramResult> {
    const argv = [...gluewall(words), '--config', configOf(this.#directory, organisation)];
    return this.run(ORGANISATIONS[organisation].node, argv, timeoutSeconds);
  }

  stop(): Promise<void> {
    return this.#hosts.stop();
  }
}

const gluewall = (words: readonly string[]) => [
  process.execPath,
  repositoryPath('dist', 'src', 'cli', 'main.js'),
  ...words,
];
const folderOf = (directory: string, organisation: Organisation) => join(directory, organisation);
const configOf = (directory: string, organisation: Organisation) =>
  join(folderOf(directory, organisation), 'gluewall.yaml');
const logOf = (directory: string, organisation: Organisation) => join(folderOf(directory, organisation), 'queries.log');
/** Unbound writes dnstap, and no log. */
const dnstapOf = (directory: string) => join(folderOf(directory, 'isp'), 'dnstap.sock');
const pkiOf = (directory: string) => join(directory, 'pki');

function makeCertificates(directory: string): void {
  const names = ORGANISATION_NAMES.map((organisation) => ORGANISATIONS[organisation].certificate);
  const [program, ...words] = gluewall(['pki', 'init', '--dir', pkiOf(directory), '--node', ...names]);
  execFileSync(program!, words, { stdio: 'pipe' });
}

/** Clients of the office that asked for something the day before, and how often each name was asked for. */
const OFFICE_CLIENTS = 40;
const YESTERDAYS_NAMES: Readonly<Record<string, number>> = {
  [VICTIMS[0]]: 30,
  [VICTIMS[1]]: 10,
  'www.news.example': 2000,
  'mail.office.example': 4000,
};
const DAY_MS = 86_400_000;

/** The office has had its log for a day: what is usual there is known. */
function takeInYesterday(directory: string): void {
  const nowMs = Date.now();
  const queries = Object.entries(YESTERDAYS_NAMES).flatMap(([name, count]) =>
    Array.from({ length: count }, (_, index) => ({
      atMs: nowMs - DAY_MS + ((index + 0.5) / count) * 0.99 * DAY_MS,
      line: `dnsmasq[7]: query[A] ${name} from 192.0.2.${100 + ((index * 7) % OFFICE_CLIENTS)}\n`,
    })),
  );
  queries.sort((one, other) => one.atMs - other.atMs);
  const text = queries.map(({ atMs, line }) => `${dnsmasqTime(atMs)} ${line}`);
  const file = join(folderOf(directory, 'office'), 'yesterday.log');
  writeFileSync(file, text.join(''));
  const options = ['--format', 'dnsmasq', '--zone', 'UTC', '--config', configOf(directory, 'office')];
  const [program, ...words] = gluewall(['log', 'import', file, ...options]);
  execFileSync(program!, words, { stdio: 'pipe' });
}

/** As `Nov  3 07:08:09`, of UTC. */
function dnsmasqTime(atMs: number): string {
  const [, day, month, , time] = new Date(atMs).toUTCString().split(' ') as [string, string, string, string, string];
  return `${month} ${String(Number(day)).padStart(2)} ${time}`;
}

function declare(directory: string): Declaration {
  const servers: Readonly<Record<string, readonly string[]>> = {
    shopDns: ['named', '-f', '-c', join(directory, 'named.conf')],
    ispDns: ['unbound', '-d', '-p', '-c', join(directory, 'unbound.conf')],
    officeDns: ['dnsmasq', '--keep-in-foreground', `--conf-file=${join(directory, 'dnsmasq.conf')}`],
  };
  const commandsOf = (name: string) => {
    const start = servers[name];
    if (start !== undefined) {
      const dig = ['dig', `@${addresses[name as FederationHost]}`, 'ready.invalid', '+tries=1', '+time=1'];
      return { start: ['env', 'TZ=UTC', ...start], ready: dig };
    }
    const organisation = ORGANISATION_NAMES.find((one) => ORGANISATIONS[one].node === name);
    if (organisation === undefined) return {};
    const config = ['--config', configOf(directory, organisation)];
    return { start: gluewall(['node', ...config]), ready: gluewall(['traceback', 'list', ...config]) };
  };
  return {
    hosts: Object.entries(addresses).map(([name, ipv4]) => ({ name, ipv4, side: 'outside', ...commandsOf(name) })),
    outsideSwitch: { bridge: 's2' },
    networks: { inside: [], outside: ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '198.18.0.0/15'] },
    directory,
  };
}

/** What the node of an organisation is: its logs, its part in the federation, and whom it knows there. */
function nodeConfiguration(directory: string, organisation: Organisation): object {
  const { certificate } = ORGANISATIONS[organisation];
  const folder = folderOf(directory, organisation);
  const parts = {
    shop: { zones: [...ZONES], peers: [peer('isp', { names: ['.'] })] },
    isp: {
      forwarder: true,
      peers: [peer('shop', { zones: [...ZONES], names: [...ZONES] }), peer('office', { names: [] })],
    },
    office: { clients: ['192.0.2.0/24'], peers: [peer('isp', { names: ['.'] })] },
  };
  const log = { name: 'server', file: logOf(directory, organisation), zone: 'UTC' };
  return {
    store: { file: join(folder, 'gluewall.db') },
    control: { socket: join(folder, 'control.sock') },
    ...(organisation === 'isp' ? { dnstap: { listen: dnstapOf(directory) } } : { querylog: { sources: [log] } }),
    node: {
      name: certificate,
      listen: `${addresses[ORGANISATIONS[organisation].node]}:${NODE_PORT}`,
      tls: {
        key: join(pkiOf(directory), `${certificate}-key.pem`),
        certificate: join(pkiOf(directory), `${certificate}-cert.pem`),
        ca: join(pkiOf(directory), 'ca-cert.pem'),
      },
      servers: [addresses[ORGANISATIONS[organisation].server]],
      ...parts[organisation],
    },
  };
}

function peer(
  organisation: Organisation,
  more: { readonly zones?: readonly string[]; readonly names: readonly string[] },
) {
  const { server, node, certificate } = ORGANISATIONS[organisation];
  const requests = more.names.length === 0 ? [] : ['confirm', 'traceback', 'command-and-control'];
  return {
    name: certificate,
    url: `https://${addresses[node]}:${NODE_PORT}`,
    servers: [addresses[server]],
    requests,
    ...more,
  };
}

function serverFiles(directory: string): Readonly<Record<string, string>> {
  const zones = Object.fromEntries(
    ZONES.map((zone) => [
      `${zone}.zone`,
      `$TTL 60\n@ SOA ns.shop.example. hostmaster.shop.example. 1 3600 600 86400 60\n@ NS ns.shop.example.\n* A ${addresses.victim}\n${
        zone === 'shop.example' ? `ns A ${addresses.shopDns}\n` : ''
      }`,
    ]),
  );
  const stubs = ZONES.map((zone) => `stub-zone:\n  name: "${zone}"\n  stub-addr: ${addresses.shopDns}\n`).join('');
  return {
    ...zones,
    'named.conf': `options {
  directory "${directory}";
  pid-file "${join(directory, 'named.pid')}";
  session-keyfile none;
  listen-on { ${addresses.shopDns}; };
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
  querylog yes;
};
controls { };
logging {
  channel queries { file "${logOf(directory, 'shop')}"; print-time yes; print-category yes; print-severity yes; };
  category queries { queries; };
};
${ZONES.map((zone) => `zone "${zone}" { type primary; file "${join(directory, `${zone}.zone`)}"; };`).join('\n')}
`,
    'unbound.conf': `server:
  interface: ${addresses.ispDns}
  access-control: 192.0.2.0/24 allow
  access-control: ${addresses.ispDns}/32 allow
  username: ""
  chroot: ""
  directory: "${directory}"
  pidfile: ""
  use-syslog: no
  num-threads: 1
  module-config: "iterator"
  local-zone: "invalid." static
${stubs}dnstap:
  dnstap-enable: yes
  dnstap-socket-path: "${dnstapOf(directory)}"
  dnstap-identity: "unbound"
  dnstap-send-identity: yes
  dnstap-log-client-query-messages: yes
  dnstap-log-client-response-messages: yes
`,
    'dnsmasq.conf': `no-resolv
no-hosts
user=root
bind-interfaces
listen-address=${addresses.officeDns}
server=${addresses.ispDns}
log-queries
log-facility=${logOf(directory, 'office')}
pid-file=
`,
  };
}
