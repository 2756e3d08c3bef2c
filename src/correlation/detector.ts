import type { Reason } from '../findings/finding.ts';
import type { HostEvent } from './host-event.ts';

/** The kinds of evidence, each by one detector. */
export const EVIDENCE_KINDS = [
  'blocked-queries',
  'direct-queries',
  'many-servers',
  'syns-without-answer',
  'unresolvable-names',
  'scanning',
  'syn-flood',
  'beaconing',
  'odd-names',
  'answer-flood',
] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

/** What one detector says of one host; its weight is decayed to the time it was asked for. */
export interface Evidence extends Reason {
  readonly kind: EvidenceKind;
}

/**
 * Watches hosts for one kind of evidence. Hosts are told by their number in the host table (host-table.ts), which is used again
 * after `forget`. What it holds of a host is bounded.
 */
export interface Detector {
  readonly kind: EvidenceKind;
  /** The kinds of events that it wants; it is shown no others. */
  readonly takes: readonly HostEvent['kind'][];
  /** Takes an event of the host of this number. */
  observe(host: number, event: HostEvent): void;
  /** The weight of the evidence without its words, 0 when there is none: asked of every host in each round. */
  weight(host: number, nowMs: number): number;
  /** What there is against a host; undefined: nothing worth a line. */
  evidence(host: number, nowMs: number): Evidence | undefined;
  forget(host: number): void;
}
