import type { Clock } from '../core/clock.ts';
import type { MinuteFigures, MinuteStore } from '../events/minute-store.ts';
import type { MinuteFigure } from '../services/overview.ts';

/** What was counted since the start; `losses` by place, for those of a switch begin anew with each of its connections. */
export interface MinuteReading {
  readonly counts: Readonly<Record<Exclude<MinuteFigure, 'lost'>, number>>;
  readonly losses: ReadonlyMap<string, number>;
}

export interface MinuteRecorderParts {
  readonly clock: Clock;
  readonly store: Pick<MinuteStore, 'addMinutes'>;
  readonly read: () => MinuteReading;
}

const MINUTE_MS = 60_000;
/** Minutes that wait for a store that is away; then the oldest are lost. */
const MAX_WAITING = 1440;

/** Has the store keep what happened in each minute. Nothing waits for it: what cannot be kept is tried again a minute later. */
export class MinuteRecorder {
  readonly #parts: MinuteRecorderParts;
  #waiting: MinuteFigures[] = [];
  #before: MinuteReading | undefined;
  #minuteAtMs = 0;
  #cancel = () => {};
  #saving: Promise<void> | undefined;

  constructor(parts: MinuteRecorderParts) {
    this.#parts = parts;
  }

  /** What has been counted so far is of no minute. */
  start(): void {
    this.#before = this.#parts.read();
    this.#plan();
  }

  /** What the store does not have yet, oldest first, the minute that goes on at the end. */
  minutes(): readonly MinuteFigures[] {
    return [...this.#waiting, ...this.#since(this.#parts.read())];
  }

  /** Ends the minute where it is. Safe twice; never rejects. */
  async stop(): Promise<void> {
    this.#cancel();
    await this.#saving;
    this.#endMinute();
    this.#before = undefined;
    await this.#save();
  }

  #plan(): void {
    const { clock } = this.#parts;
    const nowMs = clock.nowMs();
    this.#minuteAtMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
    this.#cancel = clock.after(this.#minuteAtMs + MINUTE_MS - nowMs, () => {
      this.#endMinute();
      this.#plan();
      void this.#save();
    });
  }

  #endMinute(): void {
    const reading = this.#parts.read();
    this.#waiting.push(...this.#since(reading));
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    if (this.#before !== undefined) this.#before = reading;
  }

  /** One minute, or none where nothing happened in it. */
  #since({ counts, losses }: MinuteReading): readonly MinuteFigures[] {
    const before = this.#before;
    if (before === undefined) return [];
    const figures: Record<string, number> = {};
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) {
      const grown = counts[name] - before.counts[name];
      if (grown > 0) figures[name] = grown;
    }
    let lost = 0;
    for (const [place, count] of losses) lost += Math.max(0, count - (before.losses.get(place) ?? 0));
    if (lost > 0) figures.lost = lost;
    return Object.keys(figures).length === 0 ? [] : [{ atMs: this.#minuteAtMs, figures }];
  }

  /** One at a time; the store logs and counts its failures itself. */
  #save(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    this.#saving ??= this.#keep().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  async #keep(): Promise<void> {
    const minutes = this.#waiting;
    this.#waiting = [];
    await this.#parts.store.addMinutes(minutes).catch(() => {
      this.#waiting = [...minutes, ...this.#waiting].slice(-MAX_WAITING);
    });
  }
}
