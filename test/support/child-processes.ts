import { readdirSync, readFileSync } from 'node:fs';

/** The ids of the children of a process whose command line has `text` in it. */
export function childrenOf(pid: number, text: string): readonly number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  const children = threads.flatMap((thread) => {
    return readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  });
  return children.filter((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(text));
}
