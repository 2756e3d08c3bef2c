/** Answers for a person's terminal. What came from the network is escaped before it gets here. */
import type { ChangeView, CheckView, LookupView, StatusView } from '../services/services.ts';

export function printLookup(view: LookupView): string {
  if (!view.known) return `${view.address} is not in the history`;
  const head = `${view.address} is known${view.expires === null ? ' and never expires' : ` until ${view.expires}`}`;
  const rows = view.triples.map(({ zone, nameServer, origin, trust, lastSeen, expires, taughtBy }) => {
    const teacher =
      taughtBy === null ? origin : `${trust} trust, taught by ${taughtBy.server} for ${taughtBy.queryName}`;
    return `  ${zone}  NS ${nameServer}  last seen ${lastSeen}  expires ${expires ?? 'never'}  (${teacher})`;
  });
  return [head, ...rows].join('\n');
}

export function printCheck(view: CheckView): string {
  return view.message;
}

export function printChange({ address, outcome }: ChangeView): string {
  const sentences: Record<ChangeView['outcome'], string> = {
    added: `${address} is allowed from now on, until the controller stops; to keep it, add it to "allow" in the configuration`,
    present: `${address} was on the allow-list already`,
    full: `the allow-list is full: ${address} was not added; remove another first`,
    removed: `${address} is no longer on the allow-list`,
    absent: `${address} was not on the allow-list`,
  };
  return sentences[outcome];
}

/** One `name: value` line per figure, nested names joined by dots. */
export function printStatus(view: StatusView): string {
  return flatten(view).join('\n');
}

function flatten(value: unknown, path = ''): string[] {
  if (value === null || typeof value !== 'object') return [`${path}: ${value ?? '-'}`];
  const entries = Object.entries(value);
  if (entries.length === 0) return [`${path}: none`];
  return entries.flatMap(([key, part]) => flatten(part, path === '' ? key : `${path}.${key}`));
}
