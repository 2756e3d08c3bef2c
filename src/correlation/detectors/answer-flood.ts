import { grown } from '../grown.ts';
import type { HostEvent } from '../host-event.ts';
import { HostTrails } from '../host-trails.ts';
import { saturate } from '../weights.ts';
import { TrailDetector } from './trail-detector.ts';

/** Whom a flood comes to is more often the victim than the one who made it come. */
export const MOST_FOR_FLOOD = 0.3;
const WINDOW_MS = 10_000;
/** Answers beyond twice the queries, in a window: retransmissions and late answers stay far below. */
const UNASKED = 200;
/** Answers in a window that no client asks for, whatever queries were seen. */
const MASS = 5000;

const PEAK = 1;
const UNASKED_SEEN = 2;

const SINCE = 0;
const QUERIES = 1;
const ANSWERS = 2;
const WIDTH = 3;

/** A mass of DNS responses to one client, far beyond what it asked for: a sign of a denial of service (paper 5, section 5). */
export class AnswerFlood extends TrailDetector {
  readonly kind = 'answer-flood';
  readonly takes = ['query', 'answer'] as const;
  /** The present window of each host. */
  #windows = new Float64Array(0);
  /** Where queries are not seen nothing follows from their absence. */
  #seesQueries = false;

  constructor(halfLifeMs: number) {
    super(new HostTrails(halfLifeMs, 2, 0, []));
  }

  observe(host: number, event: HostEvent): void {
    const at = host * WIDTH;
    if (at + WIDTH > this.#windows.length) this.#windows = grown(this.#windows, (host + 1) * WIDTH);
    const windows = this.#windows;
    const elapsedMs = event.atMs - windows[at + SINCE]!;
    if (elapsedMs >= WINDOW_MS || elapsedMs < 0) {
      windows[at + SINCE] = event.atMs;
      windows[at + QUERIES] = 0;
      windows[at + ANSWERS] = 0;
    }
    if (event.kind === 'query') {
      this.#seesQueries = true;
      windows[at + QUERIES]!++;
      return;
    }
    if (event.kind !== 'answer') return;
    const answers = windows[at + ANSWERS]! + 1;
    windows[at + ANSWERS] = answers;
    const unasked = this.#seesQueries ? answers - 2 * windows[at + QUERIES]! : 0;
    if (unasked < UNASKED && answers < MASS) return;
    const row = this.trails.note(host, event);
    if (answers % 64 === 0) this.trails.sample(row, event);
    this.trails.raise(row, PEAK, answers);
    this.trails.raise(row, UNASKED_SEEN, unasked);
  }

  override forget(host: number): void {
    super.forget(host);
    if ((host + 1) * WIDTH <= this.#windows.length) this.#windows.fill(0, host * WIDTH, (host + 1) * WIDTH);
  }

  protected weightThen(row: number): number {
    return MOST_FOR_FLOOD * saturate(this.trails.counter(row, PEAK), UNASKED);
  }

  protected line(row: number): string {
    const peak = Math.round(this.trails.counter(row, PEAK));
    const unasked = Math.round(this.trails.counter(row, UNASKED_SEEN));
    const beyond = unasked > 0 ? `, ${unasked} beyond twice what it asked` : '';
    return `was sent up to ${peak} DNS responses within 10 s${beyond}: it is the victim of a denial of service, or takes part in one`;
  }
}
