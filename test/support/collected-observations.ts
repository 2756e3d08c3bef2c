import type { DnsObservation } from '../../src/dns/observation.ts';
import { ObservationReader } from '../../src/dns/observation-reader.ts';
import { ObservationWriter } from '../../src/dns/observation-writer.ts';

/** What a batch holds, as objects. Throws on a damaged one. */
export function unpackBatch(batch: Uint8Array): DnsObservation[] {
  const reader = new ObservationReader();
  const observations: DnsObservation[] = [];
  reader.open(batch);
  for (let found = reader.next(); found !== 'end'; found = reader.next()) {
    if (found === 'damaged') throw new Error(`batch damaged behind ${observations.length} records`);
    observations.push(reader.observation());
  }
  return observations;
}

/** A writer, and the observations that were written to it. */
export class CollectedObservations {
  readonly #observations: DnsObservation[] = [];
  readonly writer = new ObservationWriter((batch) => this.#observations.push(...unpackBatch(batch)));

  /** All so far. */
  get all(): readonly DnsObservation[] {
    this.writer.flush();
    return this.#observations;
  }
}
