import type { DnsObservation } from '../../src/dns/observation.ts';
import { ObservationReader } from '../../src/dns/observation-reader.ts';
import { ObservationWriter } from '../../src/dns/observation-writer.ts';

/** The batch of these observations. */
export function packObservations(...observations: readonly DnsObservation[]): Uint8Array {
  let packed = new Uint8Array(0);
  const writer = new ObservationWriter((batch) => {
    packed = new Uint8Array([...packed, ...batch]);
  });
  for (const observation of observations) writer.write(observation);
  writer.flush();
  return packed;
}

/** A reader that shows the observation. */
export function openObservation(observation: DnsObservation): ObservationReader {
  const reader = new ObservationReader();
  reader.open(packObservations(observation));
  if (reader.next() !== 'record') throw new Error('no record');
  return reader;
}
