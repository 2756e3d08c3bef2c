import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { repositoryPath } from '../../mininet/repository-path.ts';

/** One load, in the words of bench/load-generator.c, which says what is left out there stands for. */
export interface Load {
  readonly switches: number;
  /** packet_ins in flight per switch. */
  readonly window: number;
  /** Seconds of load before answers count, so that the peer's code is compiled and its tables are filled. */
  readonly warm: number;
  readonly seconds: number;
  /** Octets of each frame. */
  readonly frame?: number;
  /** packet_ins a second over all switches; as fast as they are answered when left out. */
  readonly rate?: number;
  /** A second, of a random switch. */
  readonly reconnects?: number;
  /** Known destinations that are asked for. */
  readonly destinations?: number;
  /** 1 where a packet_out answers every packet_in, to an unknown destination too. */
  readonly all_out?: 0 | 1;
}

/** What the load generator prints. Latencies are from sending a packet_in to reading its answer. */
export interface LoadResult {
  readonly answersPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** The answers of the switch that got fewest, by the mean of all switches. */
  readonly leastShare: number;
  readonly sent: number;
  readonly answers: number;
  readonly unanswered: number;
  /** packet_ins in flight for less than a second when their switch reconnected: nobody can tell. */
  readonly abandoned: number;
  readonly reconnects: number;
  /** Connections that the controller closed. */
  readonly closed: number;
  readonly flowMods: number;
  readonly packetOuts: number;
  /** ERROR messages from the controller. */
  readonly errors: number;
  /** Octets that the controller sent while answers counted. */
  readonly octets: number;
}

export type LoadMark = 'measuring' | 'measured';

/** Compiles the load generator into `folder` and answers its path. Rejects when there is no C compiler. */
export async function compileLoadGenerator(folder: string, signal: AbortSignal): Promise<string> {
  const program = join(folder, 'load-generator');
  const source = repositoryPath('bench', 'load-generator.c');
  try {
    await promisify(execFile)('cc', ['-O2', '-Wall', '-Wextra', '-o', program, source], { signal });
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isMissing ? 'there is no C compiler; on Debian: apt-get install gcc libc6-dev' : String(cause);
    throw new Error(`the load generator cannot be built: ${reason}`, { cause });
  }
  return program;
}

/**
 * Runs one load to its end; `heard` is told when answers begin and cease to count. Rejects when the controller fails it,
 * leaves packet_ins without an answer, or `signal` is aborted.
 */
export async function runLoad(
  program: string,
  port: number,
  load: Load,
  signal: AbortSignal,
  heard: (mark: LoadMark) => void = () => undefined,
): Promise<LoadResult> {
  const args = Object.entries({ port, ...load }).map(([name, value]) => `${name}=${value}`);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
  const ended = once(child, 'close');
  // An abort is told by `ended`, which is awaited behind the output.
  ended.catch(() => undefined);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-1000);
  });
  let last = '';
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    if (line === 'measuring' || line === 'measured') heard(line);
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(complaint.trim() || `the load generator ended with ${code}`);
  const result = JSON.parse(last) as LoadResult;
  if (result.unanswered > 0 || result.errors > 0) throw new Error(`not every packet_in was answered: ${last}`);
  return result;
}
