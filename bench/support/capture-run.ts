/** One measurement of live capture: the real gluewall on one end of a veth pair, the frame sender on both. */
import { type ChildProcess, execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { repositoryPath } from '../../mininet/repository-path.ts';
import type { Bench } from './bench-program.ts';
import type { Marks } from './capture-probe.ts';
import { type Peer, startNode } from './peer.ts';

const CAPTURED = 'gwbench0';
const FAR_END = 'gwbench1';
/** Until what waits somewhere has come through, and figures have been told. */
const SETTLE_MS = 2500;

/** What the sender prints. */
interface Sent {
  readonly queries: number;
  readonly responses: number;
  readonly marks: number;
  readonly seconds: number;
}

export interface Load {
  readonly rate: number;
  readonly seconds: number;
  /** Of how many exchanges one is marked. */
  readonly every: number;
}

/** What came of one load. */
export interface LoadResult {
  readonly packetsPerSecond: number;
  /** Packets that were not observed. */
  readonly unobserved: number;
  /** Marked addresses that were not learned. */
  readonly unlearned: number;
  readonly marks: Marks;
}

interface Status {
  readonly capture: { readonly observations: number };
}

/** A veth pair without addresses: nothing but the sender's frames is on it. */
export function makeLink(): void {
  const ip = (...args: string[]) => execFileSync('ip', args);
  ip('link', 'add', CAPTURED, 'type', 'veth', 'peer', 'name', FAR_END);
  for (const name of [CAPTURED, FAR_END]) {
    writeFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, '1');
    ip('link', 'set', name, 'up');
  }
}

/** Compiles the sender into `folder` and answers its path. Rejects when there is no C compiler. */
export async function compileSender(folder: string, signal: AbortSignal): Promise<string> {
  const program = join(folder, 'frame-sender');
  const source = repositoryPath('bench', 'frame-sender.c');
  try {
    await promisify(execFile)('cc', ['-O2', '-Wall', '-Wextra', '-o', program, source], { signal });
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isMissing ? 'there is no C compiler; on Debian: apt-get install gcc libc6-dev' : String(cause);
    throw new Error(`the frame sender cannot be built: ${reason}`, { cause });
  }
  return program;
}

/** gluewall as a user runs it, with a probe in it that looks at what is learned. */
export class MeasuredCapture {
  readonly #bench: Bench;
  readonly #sender: string;
  readonly #file: string;
  readonly #peer: Peer & { readonly child: ChildProcess };
  readonly #socket: string;
  #nextMark = 0;

  private constructor(
    bench: Bench,
    sender: string,
    file: string,
    peer: Peer & { readonly child: ChildProcess },
    socket: string,
  ) {
    this.#bench = bench;
    this.#sender = sender;
    this.#file = file;
    this.#peer = peer;
    this.#socket = socket;
  }

  /** Resolves when gluewall captures. `file` is the capture that is played. */
  static async start(bench: Bench, sender: string, file: string): Promise<MeasuredCapture> {
    const folder = mkdtempSync(join(bench.folder, 'gluewall-'));
    const config = join(folder, 'gluewall.yaml');
    const socket = join(folder, 'control.sock');
    const lines = [
      'inside: { networks: [203.0.113.0/24] }',
      `outside: { ports: [${CAPTURED}] }`,
      'trusted_resolvers: [203.0.113.53]',
      'openflow: { listen: "127.0.0.1:0" }',
      'store: { file: gluewall.db }',
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    const probe = pathToFileURL(repositoryPath('dist', 'bench', 'support', 'capture-probe.js')).href;
    const script = repositoryPath('dist', 'src', 'cli', 'main.js');
    const args = ['--import', probe, script, 'run', '--config', config, '--socket', socket];
    const peer = await startNode(
      args,
      (line) => (line.includes('capturing DNS on') ? 0 : undefined),
      bench.signal,
      'ipc',
    );
    return new MeasuredCapture(bench, sender, file, peer, socket);
  }

  async play({ rate, seconds, every }: Load): Promise<LoadResult> {
    const before = await this.#observations();
    const values = { file: this.#file, out: CAPTURED, in: FAR_END, rate, seconds, every, first: this.#nextMark };
    const args = Object.entries(values).map(([name, value]) => `${name}=${value}`);
    const { stdout } = await promisify(execFile)(this.#sender, args, { signal: this.#bench.signal });
    const sent = JSON.parse(stdout) as Sent;
    this.#nextMark += sent.marks;
    await wait(SETTLE_MS);
    const packets = sent.queries + sent.responses;
    const observed = (await this.#observations()) - before;
    const marks = await this.#marks();
    const unlearned = sent.marks - marks.known;
    return { packetsPerSecond: packets / sent.seconds, unobserved: packets - observed, unlearned, marks };
  }

  stop(): Promise<void> {
    return this.#peer.stop();
  }

  async #observations(): Promise<number> {
    const script = repositoryPath('dist', 'src', 'cli', 'main.js');
    const args = [script, 'status', '--json', '--socket', this.#socket];
    const { stdout } = await promisify(execFile)(process.execPath, args, { signal: this.#bench.signal });
    return (JSON.parse(stdout) as Status).capture.observations;
  }

  async #marks(): Promise<Marks> {
    const answer = once(this.#peer.child, 'message', { signal: this.#bench.signal });
    this.#peer.child.send('take');
    const [marks] = await answer;
    return marks as Marks;
  }
}
