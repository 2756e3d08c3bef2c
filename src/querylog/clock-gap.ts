const MAX_SAMPLES = 101;
const MIN_SAMPLES = 5;

/** How far the clock of a source is behind ours: the median over its last records that came as they were written. */
export class ClockGap {
  readonly #samples: number[] = [];
  #next = 0;

  /** A record written at `atMs` by the source's clock came at `nowMs` by ours. */
  observe(atMs: number, nowMs: number): void {
    this.#samples[this.#next] = nowMs - atMs;
    this.#next = (this.#next + 1) % MAX_SAMPLES;
  }

  /** Milliseconds, negative when the source is ahead; undefined until there are some records. */
  get behindMs(): number | undefined {
    if (this.#samples.length < MIN_SAMPLES) return undefined;
    const sorted = this.#samples.toSorted((a, b) => a - b);
    return sorted[sorted.length >> 1];
  }
}

/** As people say it: `1 hour`, `5.5 hours`, `12 minutes`. */
export function hoursText(durationMs: number): string {
  const minutes = Math.round(Math.abs(durationMs) / 60_000);
  if (minutes < 55) return `${minutes} minutes`;
  const hours = Math.round(minutes / 6) / 10;
  return hours === 1 ? '1 hour' : `${hours} hours`;
}
