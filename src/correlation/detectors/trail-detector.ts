import type { Detector, Evidence, EvidenceKind } from '../detector.ts';
import { eventText } from '../event-text.ts';
import type { HostEvent } from '../host-event.ts';
import type { HostTrails } from '../host-trails.ts';

/** Less is not worth a line. */
export const LEAST_WEIGHT = 0.02;

/** What detectors with trails have in common: what they say decays from the last event on, and stands on the newest ones. */
export abstract class TrailDetector implements Detector {
  abstract readonly kind: EvidenceKind;
  abstract readonly takes: readonly HostEvent['kind'][];
  protected readonly trails: HostTrails;

  constructor(trails: HostTrails) {
    this.trails = trails;
  }

  abstract observe(host: number, event: HostEvent): void;

  /** The weight as it stood at the last event, 0 to 1. */
  protected abstract weightThen(row: number): number;

  /** The sentence for people. */
  protected abstract line(row: number): string;

  weight(host: number, nowMs: number): number {
    const row = this.trails.rowOf(host);
    if (row < 0) return 0;
    const weight = this.weightThen(row) * this.trails.left(row, nowMs);
    return weight < LEAST_WEIGHT ? 0 : weight;
  }

  evidence(host: number, nowMs: number): Evidence | undefined {
    const weight = this.weight(host, nowMs);
    if (weight === 0) return undefined;
    const { trails } = this;
    const row = trails.rowOf(host);
    return {
      kind: this.kind,
      weight,
      line: this.line(row),
      events: trails.total(row),
      firstAtMs: trails.firstAtMs(row),
      lastAtMs: trails.lastAtMs(row),
      samples: trails.samples(row).map((event) => ({ atMs: event.atMs, text: eventText(event) })),
    };
  }

  forget(host: number): void {
    this.trails.forget(host);
  }
}
