import { readFileSync } from 'node:fs';
import type { Point } from './statistics.ts';

/** Resident memory of a process, all of its threads together, in megabytes of 10^6 octets. Throws when it is gone. */
export function readRssMb(pid: number): number {
  return rssMbIn(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** From the text of /proc/PID/status (proc_pid_status(5)). */
export function rssMbIn(status: string): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kibibytes === undefined) throw new Error('the kernel does not say how much memory the process has');
  return (Number(kibibytes) * 1024) / 1e6;
}

/** Looks at a process again and again until `stop`, which answers all that was seen: MB by seconds since the first look. */
export function watchRss(
  pid: number,
  everyMs: number,
  seen: (point: Point) => void = () => undefined,
): { stop(): readonly Point[] } {
  const startedAtMs = performance.now();
  const points: Point[] = [];
  const look = () => {
    try {
      points.push({ at: (performance.now() - startedAtMs) / 1000, value: readRssMb(pid) });
    } catch (_) {
      // It is gone; whoever waits for it will say so.
      clearInterval(timer);
      return;
    }
    seen(points.at(-1)!);
  };
  const timer = setInterval(look, everyMs);
  look();
  return {
    stop: () => {
      clearInterval(timer);
      return points;
    },
  };
}
