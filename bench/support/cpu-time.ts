import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel counts in, as on every Linux machine that Node runs on (USER_HZ). */
const TICKS_PER_SECOND = 100;

/**
 * The processor time, in seconds, that a process with all its threads and all that came from it has used so far, in user
 * and in system mode; children that have ended and were waited for count. Throws when there is no such process.
 */
export function cpuSecondsOf(pid: number): number {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) => childrenOf(pid, thread));
  return children.reduce((sum, child) => sum + cpuSecondsOf(child), ownSeconds(pid));
}

function ownSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name of the program, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15).map(Number);
  return (user! + system! + childrenUser! + childrenSystem!) / TICKS_PER_SECOND;
}

function childrenOf(pid: number, thread: string): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1');
  return text.split(' ').filter(Boolean).map(Number);
}
