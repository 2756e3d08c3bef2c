/** A real resolver writes dnstap, and nothing else is seen of it: what the history learns. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exited } from '../../mininet/child.ts';
import { hosts, type InternetHost } from '../../mininet/internet.ts';
import { writeServerFiles } from '../../mininet/server-files.ts';
import { until } from '../../mininet/until.ts';
import { parseAddress } from '../../src/core/address.ts';
import { systemClock } from '../../src/core/clock.ts';
import { DnstapReceiver } from '../../src/dnstap/dnstap-receiver.ts';
import { Learner } from '../../src/nsdb/learner.ts';
import { NsHistory } from '../../src/nsdb/ns-history.ts';
import { keepRootHints } from '../../src/nsdb/root-hints.ts';
import { describeIf } from '../support/describe-if.ts';
import { historyOptions, learnerOptions } from '../support/learning.ts';
import { addressOf, nameOf } from '../support/observations.ts';

const SERVERS: readonly InternetHost[] = [hosts.root, hosts.example, hosts.corp];
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** Servers of the mini-Internet on the loopback interface of a world of their own, and a receiver that learns. */
class Resolution {
  readonly directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  readonly history = new NsHistory(systemClock, historyOptions());
  readonly receiver: DnstapReceiver;
  readonly #children: ChildProcess[] = [];

  constructor(isTcp: boolean) {
    const trustedResolvers = [hosts.resolver.ipv4, hosts.resolver.ipv6].map((text) => parseAddress(text)!);
    const options = learnerOptions({ trustedResolvers: new Set(trustedResolvers) });
    const learner = new Learner(systemClock, this.history, options);
    const roots = [hosts.root.ipv4, hosts.root.ipv6!].map((text) => addressOf(text));
    keepRootHints(
      this.history,
      roots.map((address) => ({ nameServer: nameOf('a.root-servers'), address })),
    );
    const listen = isTcp ? { host: '127.0.0.1', port: 16001 } : { path: join(this.directory, 'dnstap.sock') };
    const places = { listen, isForGroup: false, resolvers: trustedResolvers };
    this.receiver = new DnstapReceiver(places, (batch) => learner.take(batch), systemClock, SILENT);
  }

  async start(dnstap: string): Promise<void> {
    await this.receiver.start();
    for (const host of [...SERVERS, hosts.resolver]) changeAddresses('add', host);
    for (const host of SERVERS) await this.#serve(host);
    await this.#serve(hosts.resolver, dnstap);
    await until('the resolver writes', 10_000, async () => this.receiver.isConnected || undefined);
  }

  async stop(): Promise<void> {
    for (const child of this.#children) {
      const ended = exited(child);
      child.kill('SIGKILL');
      await ended;
    }
    await this.receiver.stop();
    // The mini-Internet of other tests has hosts of these addresses behind bridges of this network.
    for (const host of [...SERVERS, hosts.resolver]) changeAddresses('delete', host);
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #serve(host: InternetHost, more?: string): Promise<void> {
    const directory = join(this.directory, host.ipv4);
    const { start, ready } = (await writeServerFiles(host, directory))!;
    if (more !== undefined) appendFileSync(join(directory, 'unbound.conf'), more);
    this.#children.push(spawn(start[0]!, start.slice(1), { stdio: 'ignore' }));
    await until(`${start[0]} answers`, 10_000, async () => (runs(ready) ? true : undefined));
  }
}

function changeAddresses(change: 'add' | 'delete', { ipv4, ipv6 }: InternetHost): void {
  runs(['ip', 'link', 'set', 'lo', 'up']);
  runs(['ip', 'address', change, `${ipv4}/32`, 'dev', 'lo']);
  if (ipv6 !== undefined) runs(['ip', 'address', change, `${ipv6}/128`, 'dev', 'lo', 'nodad']);
}

function runs(command: readonly string[]): boolean {
  try {
    output(command);
    return true;
  } catch {
    return false;
  }
}

/** Throws when the program fails. */
function output([program, ...args]: readonly string[]): string {
  return execFileSync(program!, args, { stdio: 'pipe', timeout: 5000, encoding: 'utf8' });
}

const dig = (name: string) => output(['dig', `@${hosts.resolver.ipv4}`, name, '+short', '+tries=3']);

const isKnown = (history: NsHistory, address: string) =>
  [...history.ofAddress(addressOf(address))].some(({ origin }) => origin === 'learned') || undefined;

const clauses = (place: string, more = '') => `
dnstap:
  dnstap-enable: yes
  ${place}
  dnstap-log-resolver-query-messages: yes
  dnstap-log-resolver-response-messages: yes
  ${more}
`;

describeIf(['root', 'namespaces'], 'unbound that writes dnstap to a unix socket', () => {
  const resolution = new Resolution(false);
  beforeAll(() => resolution.start(clauses(`dnstap-socket-path: "${join(resolution.directory, 'dnstap.sock')}"`)));
  afterAll(() => resolution.stop());

  it('teaches the servers that it was referred to', async () => {
    expect(dig('www.corp.example')).toContain('198.51.100.121');
    const { history, receiver } = resolution;
    await until('the servers are known', 10_000, async () => isKnown(history, hosts.corp.ipv4));
    for (const host of [hosts.example, hosts.corp]) {
      expect(isKnown(history, host.ipv4), host.ipv4).toBe(true);
      expect(isKnown(history, host.ipv6), host.ipv6).toBe(true);
    }
    expect(isKnown(history, hosts.bank.ipv4)).toBeUndefined();
    const { frames, messages } = receiver.statistics();
    expect(frames['resolver query']).toBeGreaterThanOrEqual(3);
    expect(frames['resolver response']).toBeGreaterThanOrEqual(3);
    expect(frames).not.toHaveProperty('unreadable');
    expect(frames).not.toHaveProperty('incomplete');
    expect(Object.keys(messages)).toEqual(['queries', 'responses']);
  });
});

describeIf(['root', 'namespaces'], 'unbound that writes dnstap over TCP, without a handshake', () => {
  const resolution = new Resolution(true);
  beforeAll(() =>
    resolution.start(clauses('dnstap-ip: "127.0.0.1@16001"', 'dnstap-tls: no\n  dnstap-bidirectional: no')),
  );
  afterAll(() => resolution.stop());

  it('teaches the same', async () => {
    expect(dig('www.corp.example')).toContain('198.51.100.121');
    await until('the servers are known', 10_000, async () => isKnown(resolution.history, hosts.corp.ipv4));
  });
});
