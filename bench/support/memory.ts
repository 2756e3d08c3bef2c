import { readFileSync } from 'node:fs';

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

/** Looks at a process again and again until `stop`, which answers all that was seen, MB. */
export function watchRss(pid: number, everyMs: number): { stop(): readonly number[] } {
  const seen: number[] = [readRssMb(pid)];
  const look = () => {
    try {
      seen.push(readRssMb(pid));
    } catch (_) {
      // It is gone; whoever waits for it will say so.
      clearInterval(timer);
    }
  };
  const timer = setInterval(look, everyMs);
  return {
    stop: () => {
      clearInterval(timer);
      return seen;
    },
  };
}
