import type { Clock } from '../core/clock.ts';
import type { SourceFigures } from './source-figures.ts';
import type { SourceIntake } from './source-intake.ts';

interface Kept {
  readonly intake: SourceIntake;
  /** Who brought it. */
  readonly sender: string;
  lastMs: number;
}

const MAX_INTAKES = 256;
/** What one sender may bring; so none keeps the others out. */
const MAX_INTAKES_OF_A_SENDER = MAX_INTAKES / 2;
/** One to which nothing came for so long makes room for another. */
const IDLE_MS = 10 * 60_000;

/** Sources by names that their senders choose, each read by itself as long as there is room. What has no room shares an intake. */
export class LiveIntakes {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  readonly #shared = new Map<string, SourceIntake>();
  readonly #leaving = new Set<Promise<void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The intake of `key`, made where there is room; else undefined. */
  of(key: string, sender: string, make: () => SourceIntake): SourceIntake | undefined {
    let kept = this.#kept.get(key);
    if (kept === undefined) {
      if (!this.#hasRoom(sender)) return undefined;
      kept = { intake: make(), sender, lastMs: 0 };
      this.#kept.set(key, kept);
    }
    kept.lastMs = this.#clock.nowMs();
    return kept.intake;
  }

  /** The intake of what has no room; of `key` there are few. */
  sharedOf(key: string, make: () => SourceIntake): SourceIntake {
    let intake = this.#shared.get(key);
    if (intake === undefined) {
      intake = make();
      this.#shared.set(key, intake);
    }
    return intake;
  }

  figures(): readonly SourceFigures[] {
    return this.#all().map((intake) => intake.figures());
  }

  /** Hands over what there is. Safe twice. */
  async stop(): Promise<void> {
    await Promise.all(this.#all().map((intake) => intake.stop()));
    await Promise.all(this.#leaving);
  }

  #all(): readonly SourceIntake[] {
    return [...this.#shared.values(), ...[...this.#kept.values()].map(({ intake }) => intake)];
  }

  /** Makes some where there is none: the one that has been silent longest goes, if it has been long enough. */
  #hasRoom(sender: string): boolean {
    let ofSender = 0;
    for (const kept of this.#kept.values()) if (kept.sender === sender) ofSender++;
    const isSenderFull = ofSender >= MAX_INTAKES_OF_A_SENDER;
    if (!isSenderFull && this.#kept.size < MAX_INTAKES) return true;
    let oldest: [string, Kept] | undefined;
    for (const one of this.#kept) {
      if (isSenderFull && one[1].sender !== sender) continue;
      if (oldest === undefined || one[1].lastMs < oldest[1].lastMs) oldest = one;
    }
    if (oldest === undefined || this.#clock.nowMs() - oldest[1].lastMs < IDLE_MS) return false;
    this.#kept.delete(oldest[0]);
    const leaving = oldest[1].intake.stop().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
    return true;
  }
}
