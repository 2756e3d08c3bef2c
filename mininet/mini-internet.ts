/**
 * A small Internet of real servers behind one gated bridge, in Mininet: start it on an Open vSwitch of our own, run
 * commands on its hosts, ask its servers with `dig`. The bridge `gate.bridge` starts with no flow and no controller, in
 * fail mode secure: nothing passes until the caller gives it one.
 */
import { join } from 'node:path';
import { type Burst, type BurstAnswer, burstArguments } from './burst.ts';
import type { ProgramResult } from './child.ts';
import { type DigAnswer, type DigQuestion, digArguments, readDig } from './dig.ts';
import { gate, type HostName, hosts, type InternetHost, networks, outsideSwitch } from './internet.ts';
import { type Declaration, MininetHosts } from './mininet-hosts.ts';
import type { OpenVswitch } from './open-vswitch.ts';
import { resolverConfigurationFile, writeServerFiles } from './server-files.ts';

export interface MiniInternetOptions {
  readonly openVswitch: OpenVswitch;
  /** Where the servers' files and logs go; made when missing. */
  readonly directory: string;
  /** Takes Mininet's own messages, line by line; they are dropped when left out. */
  readonly onLog?: (line: string) => void;
}

/** A running mini-Internet. `stop` is safe twice. */
export class MiniInternet {
  readonly #hosts: MininetHosts;
  readonly #directory: string;

  private constructor(running: MininetHosts, directory: string) {
    this.#hosts = running;
    this.#directory = directory;
  }

  /** Builds the topology, starts the servers and returns when each of them answers. Needs root and a private world. */
  static async start({ openVswitch, directory, onLog }: MiniInternetOptions): Promise<MiniInternet> {
    return new MiniInternet(await MininetHosts.start(openVswitch, await declare(directory), onLog), directory);
  }

  /**
   * Runs a command on a host. Never rejects: a command that took too long, or a mini-Internet that has ended, is status
   * -1. Of its output the last 256 Ki characters are kept.
   */
  run(host: HostName, argv: readonly string[], timeoutSeconds?: number, stdin?: string): Promise<ProgramResult> {
    return this.#hosts.run(host, argv, timeoutSeconds, stdin);
  }

  /** Asks a question from a host with `dig`: one try, one second, unless the question says otherwise. */
  async dig(host: HostName, question: DigQuestion): Promise<DigAnswer> {
    const argv = digArguments(question);
    const { status, stdout } = await this.run(host, argv, 10 + (question.tries ?? 1) * (question.timeoutSeconds ?? 1));
    return readDig(status, stdout);
  }

  /** Sends a burst of queries from a host; one answer for each query. Throws when the burst could not be sent. */
  async burst(host: HostName, burst: Burst): Promise<readonly BurstAnswer[]> {
    const waitSeconds = (burst.waitSeconds ?? 1) * burst.queries.length;
    const { status, stdout, stderr } = await this.run(host, burstArguments(burst), 10 + waitSeconds);
    if (status !== 0) throw new Error(`the burst failed: ${stderr}`);
    return JSON.parse(stdout) as BurstAnswer[];
  }

  /** Makes the inside resolver forget everything it learned, as if it were just started. */
  async flushResolver(): Promise<void> {
    const file = resolverConfigurationFile(join(this.#directory, 'resolver'));
    for (const command of [['flush_zone', '.'], ['flush_infra', 'all'], ['flush_requestlist']]) {
      const { status, stderr } = await this.run('resolver', ['unbound-control', '-c', file, ...command]);
      if (status !== 0) throw new Error(`unbound-control ${command.join(' ')}: ${stderr}`);
    }
  }

  /** Ends the servers, the hosts and the bridges. */
  stop(): Promise<void> {
    return this.#hosts.stop();
  }
}

/** What topology.py is told; the servers' files are written on the way. */
async function declare(directory: string): Promise<Declaration> {
  const entries: readonly [string, InternetHost][] = Object.entries(hosts);
  const declared = await Promise.all(
    entries.map(async ([name, host]) => {
      const commands = await writeServerFiles(host, join(directory, name));
      const ipv6 = host.ipv6 === undefined ? {} : { ipv6: host.ipv6 };
      return { name, side: host.side, ipv4: host.ipv4, ...ipv6, ...commands };
    }),
  );
  return { hosts: declared, gate, outsideSwitch, networks, directory };
}
