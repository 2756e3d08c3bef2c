/** The clients of the benchmark `first-query`: bench/support/query-sender.py, which says what it takes and tells. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { exited, stopChild } from '../../mininet/child.ts';
import { repositoryPath } from '../../mininet/repository-path.ts';
import type { FirstQueryNet } from './first-query-net.ts';

/** What became of a steady load. */
export interface LoadCount {
  readonly sent: number;
  readonly answered: number;
  readonly lost: number;
  /** How late the latest query was sent, milliseconds. */
  readonly latestMs: number;
  /** Server and time of the first that were not answered, by the monotonic clock, milliseconds. */
  readonly unanswered: readonly (readonly [server: string, atMs: number])[];
}

/** A watched server began to answer, or fell silent: by the monotonic clock, milliseconds. */
export interface Change {
  readonly watched: string;
  readonly answers: boolean;
  readonly atMs: number;
}

export interface LoadOrder {
  readonly servers: readonly string[];
  readonly name: string;
  readonly perSecond: number;
  readonly watched: readonly string[];
  readonly waitSeconds: number;
}

function spawnSender(net: FirstQueryNet, verb: 'turns' | 'load'): ChildProcessWithoutNullStreams {
  const child = net.spawn(['/usr/bin/python3', repositoryPath('bench', 'support', 'query-sender.py'), verb]);
  child.stderr.pipe(process.stderr);
  child.stdin.on('error', () => undefined);
  return child;
}

/** Asks one query after the other. */
export class TurnSender {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #gapMs: number;

  /** `gapMs`: between an answer and the next query. */
  constructor(net: FirstQueryNet, gapMs: number) {
    this.#child = spawnSender(net, 'turns');
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#gapMs = gapMs;
  }

  /** Milliseconds to each server's answer, in their order. Throws when one of them does not answer. */
  async ask(servers: readonly string[], name: string): Promise<readonly number[]> {
    const queries = servers.map((server) => [server, name]);
    this.#child.stdin.write(`${JSON.stringify({ queries, gapMs: this.#gapMs, waitSeconds: 2 })}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('the sender of queries has ended');
    const times = JSON.parse(value) as readonly (number | null)[];
    return times.map((time, index) => {
      if (time === null) throw new Error(`${servers[index]} did not answer`);
      return time;
    });
  }

  stop(): Promise<void> {
    return stopChild(this.#child);
  }
}

/** A steady load, which runs from now on. */
export class LoadSender {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;
  readonly #changes: Change[] = [];
  #count: LoadCount | undefined;

  constructor(net: FirstQueryNet, order: LoadOrder) {
    this.#child = spawnSender(net, 'load');
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#lines.on('line', (text) => {
      const line = JSON.parse(text) as Change | LoadCount;
      if ('watched' in line) this.#changes.push(line);
      else this.#count = line;
    });
    this.#child.stdin.write(`${JSON.stringify(order)}\n`);
  }

  /** The last that was told of a watched server; undefined before anything was. */
  last(watched: string): Change | undefined {
    return this.#changes.findLast((change) => change.watched === watched);
  }

  async stop(): Promise<LoadCount> {
    const closed = new Promise((resolve) => this.#lines.once('close', resolve));
    this.#child.stdin.end();
    await Promise.all([exited(this.#child), closed]);
    if (this.#count === undefined) throw new Error('the sender of queries ended without its count');
    return this.#count;
  }
}
