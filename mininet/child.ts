import { type ChildProcess, execFile } from 'node:child_process';

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const KILL_AFTER_MS = 3000;

/** How a program ended: its exit status (-1 when it could not be started or died of a signal) and what it wrote. */
export interface ProgramResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Never rejects. */
export function runProgram(name: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<ProgramResult> {
  return new Promise((resolve) => {
    execFile(name, [...args], { env, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      if (error === null) return resolve({ status: 0, stdout, stderr });
      const status = typeof error.code === 'number' ? error.code : -1;
      resolve({ status, stdout, stderr: stderr === '' ? error.message : stderr });
    });
  });
}

/** Resolves when a child has ended or could not be started. */
export function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

/** Ends a child and waits for that: SIGTERM, and SIGKILL when that did not help within three seconds. */
export async function stopChild(child: ChildProcess | undefined): Promise<void> {
  if (child?.pid === undefined) return;
  const gone = exited(child);
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  await gone;
  clearTimeout(timer);
}
