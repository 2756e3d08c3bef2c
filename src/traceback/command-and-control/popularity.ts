import type { Address } from '../../core/address.ts';
import type { Candidate } from './candidate-names.ts';
import type { Crowd } from './crowd.ts';
import type { LogReader } from './log-reader.ts';

/** How many other clients than the hosts of the case ask for a name. */
export interface Popularity {
  /** Others that were seen to ask for it. */
  readonly clients: number;
  /** Slots of others in which it was asked for, and slots of time that were looked at. */
  readonly visits: number;
  readonly slots: number;
}

/** Measures a name, or a domain with all names below it, over the newest `maxEntries` queries for it. */
export async function measurePopularity(
  reader: LogReader,
  crowd: Crowd,
  { name, isDomain }: Pick<Candidate, 'name' | 'isDomain'>,
  maxEntries: number,
): Promise<Popularity> {
  const { sinceMs, untilMs, slotMs } = crowd;
  const clients = new Set<Address>();
  const visits = new Set<string>();
  let firstAtMs = untilMs;
  const question = { ...(isDomain ? { zone: name } : { name }), sinceMs, untilMs };
  const isCut = await reader.read(question, maxEntries, (entry) => {
    firstAtMs = entry.atMs;
    const client = crowd.meet(entry);
    if (client === undefined) return;
    clients.add(client);
    visits.add(`${client} ${Math.floor(entry.atMs / slotMs)}`);
  });
  const slots = Math.max(1, (untilMs - (isCut ? firstAtMs : sinceMs)) / slotMs);
  return { clients: clients.size, visits: visits.size, slots };
}

/** How likely one of the others asks for it in a slot. Half a visit more than was seen: what nobody asked for is not impossible. */
export function shareOf({ visits, slots }: Popularity, others: number): number {
  return Math.min(1, (visits + 0.5) / (Math.max(1, others) * slots));
}
