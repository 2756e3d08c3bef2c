/** Real DNS servers that log their queries, on a host of the mini-Internet: BIND, dnsmasq and Unbound, each on a port of its own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hosts } from '../../mininet/internet.ts';
import type { MiniInternet } from '../../mininet/mini-internet.ts';
import { until } from '../../mininet/until.ts';

const HOST = 'bot';
const ADDRESS = hosts[HOST].ipv4;
/** BIND renames a log of so many octets, as an administrator has it do. */
const BIND_LOG_SIZE = '60k';

export const SERVERS = ['bind', 'dnsmasq', 'unbound'] as const;
export type ServerName = (typeof SERVERS)[number];
const PORT: Readonly<Record<ServerName, number>> = { bind: 5300, dnsmasq: 5301, unbound: 5302 };

/** The zone that a server answers for: every name in it has the address `answerOf` says. */
export const zoneOf = (server: ServerName) => `${server}.example`;
export const answerOf = (server: ServerName) => `198.51.100.${200 + SERVERS.indexOf(server)}`;

export class LoggingServers {
  readonly #internet: MiniInternet;
  readonly #directory: string;

  /** `directory` takes their files, `dnstapSocket` is where BIND and Unbound write dnstap to. */
  constructor(internet: MiniInternet, directory: string, dnstapSocket: string) {
    this.#internet = internet;
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
    const write = (file: string, text: string) => writeFileSync(join(directory, file), text);
    write('named.conf', bindConfiguration(directory, dnstapSocket));
    write('bind.zone', `$TTL 60\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\n* A ${answerOf('bind')}\n`);
    write('unbound.conf', unboundConfiguration(directory, dnstapSocket));
  }

  /** Where a server logs its queries. */
  static logOf(directory: string, server: ServerName): string {
    return join(directory, `${server}.log`);
  }

  async start(): Promise<void> {
    const at = (file: string) => join(this.#directory, file);
    await this.#run(['named', '-c', at('named.conf')]);
    await this.#run(['unbound', '-c', at('unbound.conf')]);
    await this.#run([
      'dnsmasq',
      '--conf-file=/dev/null',
      '--no-resolv',
      '--no-hosts',
      '--user=root',
      '--bind-interfaces',
      `--listen-address=${ADDRESS}`,
      `--port=${PORT.dnsmasq}`,
      `--address=/${zoneOf('dnsmasq')}/${answerOf('dnsmasq')}`,
      '--log-queries',
      `--log-facility=${LoggingServers.logOf(this.#directory, 'dnsmasq')}`,
      `--pid-file=${at('dnsmasq.pid')}`,
    ]);
    for (const server of SERVERS) {
      const dig = ['dig', `@${ADDRESS}`, '-p', String(PORT[server]), 'ready.invalid', '+tries=1', '+time=1'];
      await until(`${server} answers`, 15_000, async () =>
        (await this.#internet.run(HOST, dig)).status === 0 ? true : undefined,
      );
    }
  }

  /** By their process ids. */
  async stop(): Promise<void> {
    for (const server of SERVERS) await this.#internet.run(HOST, ['sh', '-c', `kill $(cat ${this.#pidFile(server)})`]);
  }

  /** Asks a server for each of the names once with dnsperf, at `rate` queries a second. Throws when one stays without an answer. */
  async ask(server: ServerName, names: readonly string[], rate: number): Promise<void> {
    const args = ['-s', ADDRESS, '-p', String(PORT[server]), '-Q', String(rate), '-c', '4', '-t', '3'];
    const seconds = 30 + names.length / rate;
    const questions = names.map((name) => `${name} A\n`).join('');
    const { status, stdout, stderr } = await this.#internet.run('client', ['dnsperf', ...args], seconds, questions);
    const completed = Number(/Queries completed:\s+(\d+)/.exec(stdout)?.[1]);
    if (status !== 0 || completed !== names.length)
      throw new Error(`dnsperf: ${completed} answers; ${stdout}${stderr}`);
  }

  /** Renames the log of a server and has it begin a new one, as logrotate does. */
  async rotate(server: Exclude<ServerName, 'bind'>): Promise<void> {
    const log = LoggingServers.logOf(this.#directory, server);
    const reopen =
      server === 'dnsmasq'
        ? `kill -USR2 $(cat ${this.#pidFile(server)})`
        : `unbound-control -c ${join(this.#directory, 'unbound.conf')} log_reopen`;
    await this.#run(['sh', '-c', `mv ${log} ${log}.1 && ${reopen}`]);
    await until(`${server} has a new log`, 5000, async () =>
      (await this.#internet.run(HOST, ['test', '-e', log])).status === 0 ? true : undefined,
    );
  }

  /** As logrotate's copytruncate after an earlier rotation; the server must be silent meanwhile. */
  async copyAndTruncate(server: ServerName): Promise<void> {
    const log = LoggingServers.logOf(this.#directory, server);
    await this.#run(['sh', '-c', `mv ${log}.1 ${log}.2 && cp ${log} ${log}.1 && : > ${log}`]);
  }

  #pidFile(server: ServerName): string {
    return join(this.#directory, `${server}.pid`);
  }

  async #run(command: readonly string[]): Promise<void> {
    const { status, stdout, stderr } = await this.#internet.run(HOST, ['env', 'TZ=UTC', ...command]);
    if (status !== 0) throw new Error(`${command.join(' ')}: ${stdout}${stderr}`);
  }
}

function bindConfiguration(directory: string, dnstapSocket: string): string {
  return `options {
  directory "${directory}";
  pid-file "${join(directory, 'bind.pid')}";
  session-keyfile none;
  listen-on port ${PORT.bind} { ${ADDRESS}; };
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
  dnstap { client; auth; };
  dnstap-output unix "${dnstapSocket}";
  dnstap-identity "bind";
  querylog yes;
};
controls { };
logging {
  channel queries {
    file "${LoggingServers.logOf(directory, 'bind')}" versions 20 size ${BIND_LOG_SIZE};
    print-time yes;
    print-category yes;
    print-severity yes;
  };
  category queries { queries; };
};
zone "${zoneOf('bind')}" { type primary; file "${join(directory, 'bind.zone')}"; };
`;
}

function unboundConfiguration(directory: string, dnstapSocket: string): string {
  return `server:
  interface: ${ADDRESS}@${PORT.unbound}
  access-control: ${hosts.client.ipv4}/32 allow
  access-control: ${ADDRESS}/32 allow
  username: ""
  chroot: ""
  directory: "${directory}"
  pidfile: "${join(directory, 'unbound.pid')}"
  logfile: "${LoggingServers.logOf(directory, 'unbound')}"
  use-syslog: no
  num-threads: 1
  module-config: "iterator"
  log-queries: yes
  log-replies: yes
  log-tag-queryreply: yes
  local-zone: "${zoneOf('unbound')}." redirect
  local-data: "${zoneOf('unbound')}. A ${answerOf('unbound')}"
remote-control:
  control-enable: yes
  control-use-cert: no
  control-interface: "${join(directory, 'unbound.control')}"
dnstap:
  dnstap-enable: yes
  dnstap-socket-path: "${dnstapSocket}"
  dnstap-identity: "unbound"
  dnstap-send-identity: yes
  dnstap-log-client-query-messages: yes
  dnstap-log-client-response-messages: yes
`;
}
