import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { repositoryPath } from '../../mininet/repository-path.ts';

export interface Load {
  readonly port: number;
  readonly switches: number;
  /** packet_ins in flight per switch. */
  readonly window: number;
  /** Load before answers count, so that the peer's code is compiled and its tables are filled. */
  readonly warmSeconds: number;
  readonly seconds: number;
  /** The share of queries to known destinations. */
  readonly knownPercent: number;
}

/** What the load generator prints. Latencies are from sending a packet_in to reading its answer. */
export interface LoadResult {
  readonly answersPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly sent: number;
  readonly answers: number;
  readonly unanswered: number;
  readonly flowMods: number;
  readonly packetOuts: number;
  /** ERROR messages from the controller. */
  readonly errors: number;
}

/** Set-up, draining and slack on top of the time a load takes. */
const SLACK_MS = 30_000;

/** Compiles the load generator into `folder` and answers its path. Rejects when there is no C compiler. */
export async function compileLoadGenerator(folder: string): Promise<string> {
  const program = join(folder, 'load-generator');
  const source = repositoryPath('bench', 'load-generator.c');
  try {
    await runProgram('cc', ['-O2', '-Wall', '-Wextra', '-o', program, source], SLACK_MS * 2);
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isMissing ? 'there is no C compiler; on Debian: apt-get install gcc libc6-dev' : String(cause);
    throw new Error(`the load generator cannot be built: ${reason}`, { cause });
  }
  return program;
}

/** Runs one load to its end. Rejects when the controller fails it, or leaves packet_ins without an answer. */
export async function runLoad(program: string, load: Load): Promise<LoadResult> {
  const { port, switches, window, warmSeconds, seconds, knownPercent } = load;
  const args = [port, switches, window, warmSeconds, seconds, knownPercent].map(String);
  const output = await runProgram(program, args, SLACK_MS + (warmSeconds + seconds) * 1000);
  const result = JSON.parse(output) as LoadResult;
  if (result.unanswered > 0 || result.errors > 0) throw new Error(`not every packet_in was answered: ${output.trim()}`);
  return result;
}

function runProgram(name: string, args: readonly string[], timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(name, [...args], { timeout: timeoutMs }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      if (stderr !== '') error.message = stderr.trim();
      reject(error);
    });
  });
}
