/**
 * A small Internet of real servers behind one gated bridge, in Mininet: start it on an Open vSwitch of our own, run
 * commands on its hosts, ask its servers with `dig`. The bridge `gate.bridge` starts with no flow and no controller, in
 * fail mode secure: nothing passes until the caller gives it one.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Burst, type BurstAnswer, burstArguments } from './burst.ts';
import { exited, type ProgramResult } from './child.ts';
import { type DigAnswer, type DigQuestion, digArguments, readDig } from './dig.ts';
import { gate, type HostName, hosts, type InternetHost, networks, outsideSwitch } from './internet.ts';
import type { OpenVswitch } from './open-vswitch.ts';
import { repositoryPath } from './repository-path.ts';
import { resolverConfigurationFile, writeServerFiles } from './server-files.ts';

/** The Python that Debian's Mininet is installed for. */
const PYTHON = '/usr/bin/python3';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
/** How much of Mininet's own messages a failed start shows. */
const KEPT_LOG_LINES = 20;
/** Beyond a command's own time-out: how long its answer may take to come back. */
const ANSWER_GRACE_MS = 10_000;

export interface MiniInternetOptions {
  readonly openVswitch: OpenVswitch;
  /** Where the servers' files and logs go; made when missing. */
  readonly directory: string;
  /** Takes Mininet's own messages, line by line; they are dropped when left out. */
  readonly onLog?: (line: string) => void;
}

type Line = ({ readonly id: number } & ProgramResult) | { readonly ready: boolean; readonly error?: string };

/** A running mini-Internet. `stop` is safe twice. */
export class MiniInternet {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #directory: string;
  readonly #waiting = new Map<number, (result: ProgramResult) => void>();
  readonly #ended: Promise<void>;
  #nextId = 1;
  #hasEnded = false;

  private constructor(child: ChildProcessWithoutNullStreams, directory: string) {
    this.#child = child;
    this.#directory = directory;
    // A pipe whose reader has ended reports it twice: here, and by the process's own end.
    child.stdin.on('error', () => undefined);
    this.#ended = exited(child).then(() => {
      this.#hasEnded = true;
      for (const answer of this.#waiting.values()) answer(failure('Mininet has ended'));
      this.#waiting.clear();
    });
  }

  /** Builds the topology, starts the servers and returns when each of them answers. Needs root and a private world. */
  static async start(options: MiniInternetOptions): Promise<MiniInternet> {
    const declaration = await declare(options.directory);
    const child = spawn(PYTHON, [repositoryPath('mininet', 'topology.py')], { env: options.openVswitch.env });
    const internet = new MiniInternet(child, options.directory);
    const lastLines: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => {
      options.onLog?.(line);
      lastLines.push(line);
      if (lastLines.length > KEPT_LOG_LINES) lastLines.shift();
    });
    const ready = internet.#readAnswers();
    child.stdin.write(`${JSON.stringify(declaration)}\n`);
    try {
      await ready;
    } catch (error) {
      await internet.stop();
      throw new Error(`the mini-Internet did not start: ${[String(error), ...lastLines].join('\n')}`);
    }
    return internet;
  }

  /**
   * Runs a command on a host. Never rejects: a command that took too long, or a mini-Internet that has ended, is status
   * -1. Of its output the last 256 Ki characters are kept.
   */
  run(host: HostName, argv: readonly string[], timeoutSeconds = 10, stdin = ''): Promise<ProgramResult> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const waitMs = timeoutSeconds * 1000 + ANSWER_GRACE_MS;
      const timer = setTimeout(() => answer(failure('no answer from Mininet')), waitMs);
      const answer = (result: ProgramResult) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(result);
      };
      this.#waiting.set(id, answer);
      if (this.#hasEnded) return answer(failure('Mininet has ended'));
      this.#child.stdin.write(`${JSON.stringify({ id, host, argv, timeoutSeconds, stdin })}\n`);
    });
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
  async stop(): Promise<void> {
    this.#child.stdin.end(`${JSON.stringify({ op: 'stop' })}\n`);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Reads answers for as long as there are any; resolves when the start is reported done. */
  #readAnswers(): Promise<void> {
    return new Promise((resolve, reject) => {
      const failed = (reason: string) => reject(new Error(reason));
      const timer = setTimeout(() => failed('not ready in time'), START_TIMEOUT_MS);
      createInterface({ input: this.#child.stdout }).on('line', (text) => {
        const line = JSON.parse(text) as Line;
        if ('id' in line) {
          const { id, ...result } = line;
          return this.#waiting.get(id)?.(result);
        }
        clearTimeout(timer);
        if (line.ready) resolve();
        else failed(line.error ?? 'no reason given');
      });
      this.#ended.then(() => {
        clearTimeout(timer);
        failed('Mininet has ended');
      });
    });
  }
}

function failure(reason: string): ProgramResult {
  return { status: -1, stdout: '', stderr: reason };
}

/** What topology.py is told; the servers' files are written on the way. */
async function declare(directory: string): Promise<object> {
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
