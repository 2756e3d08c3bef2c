import type { Address } from '../../core/address.ts';
import type { Name } from '../../dns/name.ts';
import type { SearchedLog } from '../log-entries.ts';
import type { Suspect, Window } from '../messages.ts';
import { CandidateNames } from './candidate-names.ts';
import { chooseSuspects } from './choose-suspects.ts';
import { Crowd, logSince } from './crowd.ts';
import { type Episode, episodesOf, type Occasion } from './episodes.ts';
import { HostHabits } from './host-habits.ts';
import { LogReader } from './log-reader.ts';
import { scoreCandidates } from './score-candidates.ts';

/** Whose names are searched: hosts of a case, that asked for `name` in the window around `atMs`. */
export interface SuspectQuestion {
  readonly name: Name;
  readonly atMs: number;
  readonly window: Window;
  /** MAX_HOSTS at most. */
  readonly hosts: readonly Address[];
  /** How long before a host asked for the victim's name is looked. */
  readonly lookbackMs: number;
  /** When the same hosts asked for the names of other victims, in other cases. */
  readonly occasions?: readonly Occasion[];
  /** How many clients the source serves, where that is known. */
  readonly clients?: number;
}

const MAX_OCCASIONS = 512;
/** Names that are thought of; each episode has its share. */
const MAX_CANDIDATES = 10_000;
/** Entries that are read: in all, of one host in an episode, and of all hosts at other times. */
const MAX_ENTRIES = 300_000;
const MAX_EPISODE_ENTRIES = 5000;
const MAX_HABIT_ENTRIES = 100_000;
const MAX_HABIT_ENTRIES_OF_ONE = 20_000;

/**
 * Names that hosts of a case asked for before they asked for the victim's, the most unusual first (paper 1, 6.3; decision 16):
 * whoever told bots whom to attack is likely among them. Rejects with the reason of `signal` when that is aborted, and as the log does.
 */
export async function findSuspects(
  log: SearchedLog,
  question: SuspectQuestion,
  signal: AbortSignal,
): Promise<readonly Suspect[]> {
  const { lookbackMs, window, hosts } = question;
  const reader = new LogReader(log, MAX_ENTRIES, signal);
  const occasions = await occasionsOf(reader, question);
  const episodes = episodesOf(occasions, lookbackMs, window.beforeMs + window.afterMs);
  if (episodes.length === 0) return [];
  const victims = [question.name, ...occasions.flatMap(({ name }) => name ?? [])];
  const names = new CandidateNames(victims, Math.ceil(MAX_CANDIDATES / episodes.length));
  for (const [index, { host, fromMs, toMs }] of episodes.entries()) {
    await reader.read({ client: host, sinceMs: fromMs, untilMs: toMs }, MAX_EPISODE_ENTRIES, (entry) =>
      names.add(entry, index, toMs - 1 - entry.atMs),
    );
  }
  const habits = await habitsOf(reader, episodes, names, lookbackMs);
  const time = {
    sinceMs: await logSince(reader, episodes[0]!.fromMs),
    untilMs: episodes.at(-1)!.toMs,
    slotMs: lookbackMs,
  };
  const crowd = new Crowd(new Set(hosts), time, question.clients ?? 0);
  await crowd.lookAround(reader);
  const scored = await scoreCandidates(reader, crowd, episodes, habits, names.candidates());
  return chooseSuspects(scored, episodes, crowd);
}

/** When the hosts asked for the victim's name first in this case, or when the attack began where that is not in the log; and before. */
async function occasionsOf(
  reader: LogReader,
  { name, atMs, window, hosts, occasions = [] }: SuspectQuestion,
): Promise<readonly Occasion[]> {
  const now: Occasion[] = [];
  const time = { sinceMs: atMs - window.beforeMs, untilMs: atMs + window.afterMs };
  for (const host of hosts) {
    let firstMs: number | undefined;
    await reader.read({ name, client: host, ...time }, MAX_EPISODE_ENTRIES, (entry) => {
      firstMs = entry.atMs;
    });
    now.push({ host, atMs: firstMs ?? atMs, name });
  }
  const before = occasions.filter(({ host }) => hosts.includes(host));
  return [...now, ...before.slice(-MAX_OCCASIONS)];
}

async function habitsOf(reader: LogReader, episodes: readonly Episode[], names: CandidateNames, slotMs: number) {
  const hosts = [...new Set(episodes.map(({ host }) => host))];
  const most = Math.min(MAX_HABIT_ENTRIES_OF_ONE, Math.floor(MAX_HABIT_ENTRIES / hosts.length));
  const habits = new HostHabits();
  for (const host of hosts) {
    const own = episodes.filter((episode) => episode.host === host);
    await habits.read(reader, host, own, slotMs, names, most);
  }
  return habits;
}
