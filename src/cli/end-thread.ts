import type { Worker } from 'node:worker_threads';

/** Less than a service manager waits. */
const STOP_LIMIT_MS = 10_000;

/** Has a thread end by itself, as `ask` tells it to; one that does not within ten seconds is ended. */
export async function endThread(worker: Worker, ask: () => void): Promise<void> {
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  ask();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, STOP_LIMIT_MS);
  });
  await Promise.race([exited, late]);
  clearTimeout(timer);
  // Not waited for: a thread that hangs in a system call ends only with it.
  void worker.terminate();
}
