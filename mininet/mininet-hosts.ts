/** Hosts in Mininet, driven over the standard input and output of topology.py. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { exited, type ProgramResult } from './child.ts';
import type { OpenVswitch } from './open-vswitch.ts';
import { repositoryPath } from './repository-path.ts';

/** The Python that Debian's Mininet is installed for. */
const PYTHON = '/usr/bin/python3';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
/** How much of Mininet's own messages a failed start shows. */
const KEPT_LOG_LINES = 20;
/** Beyond a command's own time-out: how long its answer may take to come back. */
const ANSWER_GRACE_MS = 10_000;

/** What topology.py is told. */
export interface Declaration {
  readonly hosts: readonly {
    readonly name: string;
    readonly ipv4: string;
    readonly ipv6?: string;
    /** Which switch it is at; all are at one switch where there is no gate. */
    readonly side: 'inside' | 'outside';
    /** How its server is started in the foreground, and a command that succeeds once it answers. */
    readonly start?: readonly string[];
    readonly ready?: readonly string[];
  }[];
  /** The bridge under our control with its one port to the outside; left out: none. */
  readonly gate?: { readonly bridge: string; readonly outsidePort: string; readonly outsidePortNumber: number };
  readonly outsideSwitch: { readonly bridge: string; readonly gatePort?: string };
  readonly networks: { readonly inside: readonly string[]; readonly outside: readonly string[] };
  /** Where the servers' output goes. */
  readonly directory: string;
}

type Line = ({ readonly id: number } & ProgramResult) | { readonly ready: boolean; readonly error?: string };

/** Hosts and switches that run. `stop` is safe twice. */
export class MininetHosts {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, (result: ProgramResult) => void>();
  readonly #ended: Promise<void>;
  #nextId = 1;
  #hasEnded = false;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    // A pipe whose reader has ended reports it twice: here, and by the process's own end.
    child.stdin.on('error', () => undefined);
    this.#ended = exited(child).then(() => {
      this.#hasEnded = true;
      for (const answer of this.#waiting.values()) answer(failure('Mininet has ended'));
      this.#waiting.clear();
    });
  }

  /** Builds it, starts the servers and returns when each of them answers. Needs root and a private world. */
  static async start(
    openVswitch: OpenVswitch,
    declaration: Declaration,
    onLog?: (line: string) => void,
  ): Promise<MininetHosts> {
    const child = spawn(PYTHON, [repositoryPath('mininet', 'topology.py')], { env: openVswitch.env });
    const hosts = new MininetHosts(child);
    const lastLines: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => {
      onLog?.(line);
      lastLines.push(line);
      if (lastLines.length > KEPT_LOG_LINES) lastLines.shift();
    });
    const ready = hosts.#readAnswers();
    child.stdin.write(`${JSON.stringify(declaration)}\n`);
    try {
      await ready;
    } catch (error) {
      await hosts.stop();
      throw new Error(`the mini-Internet did not start: ${[String(error), ...lastLines].join('\n')}`);
    }
    return hosts;
  }

  /**
   * Runs a command on a host. Never rejects: a command that took too long, or a mini-Internet that has ended, is status
   * -1. Of its output the last 256 Ki characters are kept.
   */
  run(host: string, argv: readonly string[], timeoutSeconds = 10, stdin = ''): Promise<ProgramResult> {
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
