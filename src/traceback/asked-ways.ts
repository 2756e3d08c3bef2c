import type { TimeSource } from '../core/clock.ts';
import type { NodeAnswer } from './messages.ts';

/** For how many who ask the same a peer is asked it: two, so that no single one can ask badly in the place of all others. */
const MAX_ASKERS = 2;
const KEPT_MS = 60_000;
const MAX_KEPT = 10_000;
/** Answers that are held for those who ask again; each may have a MiB. */
const MAX_ANSWERS = 32;

interface Way {
  readonly askers: Set<string>;
  readonly untilMs: number;
  answer?: NodeAnswer;
}

/**
 * Which peer was asked what of late, and what it said: what comes by many ways is asked of each peer twice at most, or a mesh of
 * forwarders would make thousands of requests of one.
 */
export class AskedWays {
  readonly #clock: TimeSource;
  /** The oldest first. */
  readonly #ways = new Map<string, Way>();
  readonly #answered = new Set<Way>();

  constructor(clock: TimeSource) {
    this.#clock = clock;
  }

  /** Whether the peer is to be asked for `asker`; false: it was before, or for enough others. */
  take(question: string, asker: string, peer: string): boolean {
    const { askers } = this.#way(question, peer);
    if (askers.has(asker) || askers.size >= MAX_ASKERS) return false;
    askers.add(asker);
    return true;
  }

  /** What the peer said; undefined: nothing yet, or that is not held any more. */
  answer(question: string, peer: string): NodeAnswer | undefined {
    return this.#way(question, peer).answer;
  }

  hold(question: string, peer: string, answer: NodeAnswer): void {
    const way = this.#way(question, peer);
    way.answer = answer;
    this.#answered.delete(way);
    this.#answered.add(way);
    const [oldest] = this.#answered;
    if (this.#answered.size > MAX_ANSWERS) this.#letGo(oldest!);
  }

  #way(question: string, peer: string): Way {
    const key = `${peer} ${question}`;
    const nowMs = this.#clock.nowMs();
    const known = this.#ways.get(key);
    if (known !== undefined && known.untilMs > nowMs) return known;
    for (const [oldKey, old] of this.#ways) {
      if (old.untilMs > nowMs && this.#ways.size < MAX_KEPT) break;
      this.#ways.delete(oldKey);
      this.#letGo(old);
    }
    const way: Way = { askers: new Set(), untilMs: nowMs + KEPT_MS };
    this.#ways.set(key, way);
    return way;
  }

  #letGo(way: Way): void {
    delete way.answer;
    this.#answered.delete(way);
  }
}
