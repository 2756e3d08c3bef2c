import { DAY_MS, type TimeSource } from '../core/clock.ts';
import { type AskedCase, isSamePath, type WindowFacts } from './window-facts.ts';

/** Cases that are kept, those of one peer, and hosts of one case; a name that more hosts asked for says too little of each. */
const MAX_CASES = 64;
const MAX_CASES_OF_PEER = 16;
const MAX_CASE_HOSTS = 128;
const KEPT_MS = DAY_MS;

type Attack = Pick<WindowFacts, 'name' | 'fromMs' | 'toMs'>;

interface RememberedCase extends AskedCase {
  readonly caseId: string;
  readonly askedAtMs: number;
}

/**
 * The cases that this source was asked about of late, to which the hosts of a new one are compared (paper 1, 4.4.1). One peer, the
 * last of a path, has a share of the places; its newest cases push out its own first.
 */
export class WindowMemory {
  readonly #clock: TimeSource;
  /** The oldest first. */
  #cases: readonly RememberedCase[] = [];

  constructor(clock: TimeSource) {
    this.#clock = clock;
  }

  /** A case in whose window nobody was, or everybody, says nothing of others. */
  add(caseId: string, { path, facts }: AskedCase): void {
    const isReplaced = (one: RememberedCase) =>
      isSamePath(one.path, path) && (one.caseId === caseId || isSameAttack(one.facts, facts));
    const kept = this.#live().filter((one) => !isReplaced(one));
    const isTelling = facts.hosts.length > 0 && facts.hosts.length <= MAX_CASE_HOSTS;
    if (isTelling) kept.push({ caseId, path, facts, askedAtMs: this.#clock.nowMs() });
    this.#cases = withinShares(kept, path.at(-1));
  }

  /**
   * What was found for other attacks than this one, each once: cases of one name whose windows overlap are about the same. It is the
   * case that was asked about by the same path, the newest first, or else who asked first: nobody takes a case away by asking as well.
   */
  others(caseId: string, attack: Attack, path: readonly string[]): readonly AskedCase[] {
    const cases = this.#live();
    const ofSamePath = cases.filter((one) => isSamePath(one.path, path)).toReversed();
    const ofOthers = cases.filter((one) => !isSamePath(one.path, path));
    const others: RememberedCase[] = [];
    for (const one of [...ofSamePath, ...ofOthers]) {
      const isKnown = [attack, ...others.map(({ facts }) => facts)].some((known) => isSameAttack(known, one.facts));
      if (one.caseId !== caseId && !isKnown) others.push(one);
    }
    return others;
  }

  #live(): readonly RememberedCase[] {
    const sinceMs = this.#clock.nowMs() - KEPT_MS;
    this.#cases = this.#cases.filter(({ askedAtMs }) => askedAtMs >= sinceMs);
    return this.#cases;
  }
}

/** Without the first case of a peer that has used up its share, or of the one that has the most when all places are taken. */
function withinShares(cases: readonly RememberedCase[], newest: string | undefined): readonly RememberedCase[] {
  const counts = new Map<string | undefined, number>();
  for (const { path } of cases) counts.set(path.at(-1), (counts.get(path.at(-1)) ?? 0) + 1);
  const most = Math.max(...counts.values());
  const isFull = cases.length > MAX_CASES;
  if (!isFull && (counts.get(newest) ?? 0) <= MAX_CASES_OF_PEER) return cases;
  const leaving = cases.findIndex(({ path }) => (isFull ? counts.get(path.at(-1)) === most : path.at(-1) === newest));
  return cases.toSpliced(leaving, 1);
}

function isSameAttack(one: Attack, other: Attack): boolean {
  return one.name === other.name && one.fromMs < other.toMs && other.fromMs < one.toMs;
}
