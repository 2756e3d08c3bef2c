import { formatAddress } from '../../core/address.ts';
import { hashAddress, mixBits } from '../hashing.ts';
import type { HostEvent, SynSeen } from '../host-event.ts';
import { HostTrails } from '../host-trails.ts';
import { ramp } from '../weights.ts';
import { TrailDetector } from './trail-detector.ts';

const WINDOW_SECONDS = 30;
/** Connections begun to one port of one destination within a window: browsers keep theirs, and programs that retry wait longer and longer. */
const FEW = 40;
const MANY = 120;
/** A test of load does this, too, though it is served. */
const MOST = 0.6;
/** Fewer accepted connections than this share: nobody is served, and a half of the weight where all are. */
const ACCEPTED_BY_SERVER = 0.8;

const PEAK = 1;
const COUNTERS = 1;

/** Of the destination that is watched: who it is, connections begun and accepted in this window, where it began. */
const TARGET = 0;
const BEGUN = 1;
const ACCEPTED = 2;
const START = 3;
const VOTES = 4;
const MOST_BEGUN = 5;
const FIGURES = 6;

/** Masses of connections begun to one destination at once: the host takes part in an attack. */
export class SynFlood extends TrailDetector {
  readonly kind = 'syn-flood';
  readonly takes = ['syn', 'syn-ack'] as const;
  readonly #seed: number;

  constructor(halfLifeMs: number, seed: number) {
    super(new HostTrails(halfLifeMs, COUNTERS, FIGURES, []));
    this.#seed = seed;
  }

  observe(host: number, event: HostEvent): void {
    if (event.kind === 'syn-ack') this.#accept(host, mixBits(hashAddress(event.destination, this.#seed) ^ event.port));
    if (event.kind === 'syn')
      this.#begin(host, event, mixBits(hashAddress(event.destination, this.#seed) ^ event.port));
  }

  protected weightThen(row: number): number {
    return this.trails.counter(row, PEAK);
  }

  protected line(row: number): string {
    const [newest] = this.trails.samples(row);
    const whom =
      newest?.kind === 'syn' ? `${formatAddress(newest.destination)} port ${newest.port}` : 'one destination';
    return `began ${this.trails.figure(row, MOST_BEGUN)} connections to ${whom} within ${WINDOW_SECONDS} seconds`;
  }

  #begin(host: number, event: SynSeen, target: number): void {
    const { trails } = this;
    const row = trails.note(host, event);
    if (!this.#isTarget(row, target)) return;
    const second = Math.floor(event.atMs / 1000) % 2 ** 31;
    if (Math.abs(second - trails.figure(row, START)) >= WINDOW_SECONDS) this.#beginWindow(row, second);
    const begun = trails.figure(row, BEGUN) + 1;
    trails.setFigure(row, BEGUN, begun);
    if (begun < FEW) return;
    const isServed = trails.figure(row, ACCEPTED) >= ACCEPTED_BY_SERVER * begun;
    trails.raise(row, PEAK, MOST * ramp(begun, FEW, MANY) * (isServed ? 0.5 : 1));
    trails.setFigure(row, MOST_BEGUN, Math.max(begun, trails.figure(row, MOST_BEGUN)));
    trails.sample(row, event);
  }

  #accept(host: number, target: number): void {
    const row = this.trails.rowOf(host);
    if (row < 0 || this.trails.figure(row, TARGET) !== target) return;
    this.trails.setFigure(row, ACCEPTED, this.trails.figure(row, ACCEPTED) + 1);
  }

  #beginWindow(row: number, second: number): void {
    this.trails.setFigure(row, START, second);
    this.trails.setFigure(row, BEGUN, 0);
    this.trails.setFigure(row, ACCEPTED, 0);
  }

  /** Whether this is the destination with most of the connections, as a majority vote has it (Boyer and Moore). */
  #isTarget(row: number, target: number): boolean {
    const { trails } = this;
    const votes = trails.figure(row, VOTES);
    const isSame = trails.figure(row, TARGET) === target;
    trails.setFigure(row, VOTES, isSame ? Math.min(FEW, votes + 1) : Math.max(0, votes - 1));
    if (isSame || votes > 0) return isSame;
    trails.setFigure(row, TARGET, target);
    trails.setFigure(row, VOTES, 1);
    this.#beginWindow(row, 0);
    return true;
  }
}
