import { DAY_MS, type TimeSource } from '../core/clock.ts';
import type { WindowFacts } from './window-facts.ts';

/** Cases that are kept, those of one peer, and hosts of one case; a name that more hosts asked for says too little of each. */
const MAX_CASES = 64;
const MAX_CASES_OF_PEER = 16;
const MAX_CASE_HOSTS = 128;
const KEPT_MS = DAY_MS;

type Attack = Pick<WindowFacts, 'name' | 'fromMs' | 'toMs'>;

interface RememberedCase {
  readonly caseId: string;
  readonly peer: string;
  readonly facts: WindowFacts;
  readonly askedAtMs: number;
}

/**
 * The cases that this source was asked about of late, to which the hosts of a new one are compared (paper 1, 4.4.1). One peer has a share
 * of the places; its newest cases push out its own first.
 */
export class CaseMemory {
  readonly #clock: TimeSource;
  /** The oldest first. */
  #cases: readonly RememberedCase[] = [];

  constructor(clock: TimeSource) {
    this.#clock = clock;
  }

  /** `peer` is who has asked, by its certificate. A case in whose window nobody was, or everybody, says nothing of others. */
  add(caseId: string, facts: WindowFacts, peer: string): void {
    const isReplaced = (one: RememberedCase) =>
      one.peer === peer && (one.caseId === caseId || isSameAttack(one.facts, facts));
    const kept = this.#live().filter((one) => !isReplaced(one));
    const isTelling = facts.hosts.length > 0 && facts.hosts.length <= MAX_CASE_HOSTS;
    if (isTelling) kept.push({ caseId, peer, facts, askedAtMs: this.#clock.nowMs() });
    this.#cases = withinShares(kept, peer);
  }

  /**
   * What was found for other attacks than this one, the newest first, each once: cases of one name whose windows overlap are about
   * the same.
   */
  others(caseId: string, attack: Attack): readonly WindowFacts[] {
    const others: WindowFacts[] = [];
    for (const one of this.#live().toReversed()) {
      const isKnown = [attack, ...others].some((known) => isSameAttack(known, one.facts));
      if (one.caseId !== caseId && !isKnown) others.push(one.facts);
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
function withinShares(cases: readonly RememberedCase[], newest: string): readonly RememberedCase[] {
  const counts = new Map<string, number>();
  for (const { peer } of cases) counts.set(peer, (counts.get(peer) ?? 0) + 1);
  const most = Math.max(...counts.values());
  const isFull = cases.length > MAX_CASES;
  if (!isFull && (counts.get(newest) ?? 0) <= MAX_CASES_OF_PEER) return cases;
  const leaving = cases.findIndex(({ peer }) => (isFull ? counts.get(peer) === most : peer === newest));
  return cases.toSpliced(leaving, 1);
}

function isSameAttack(one: Attack, other: Attack): boolean {
  return one.name === other.name && one.fromMs < other.toMs && other.fromMs < one.toMs;
}
