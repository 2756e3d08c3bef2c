import { MAX_SAMPLE_OCTETS, type QuarantinedRecord } from './query-log-store.ts';

const MAX_SAMPLES = 8;
const MAX_SAMPLES_OF_A_REASON = 2;

/** The beginnings of some records that could not be read, for those who want to see why. */
export class RecordSamples {
  #samples: QuarantinedRecord[] = [];

  /** Takes a sample of `octets[start, end)`, unless there are enough of its kind. */
  add(atMs: number, reason: string, octets: Buffer, start: number, end: number): void {
    if (this.#samples.length === MAX_SAMPLES) return;
    if (this.#samples.filter((sample) => sample.reason === reason).length === MAX_SAMPLES_OF_A_REASON) return;
    const sample = new Uint8Array(octets.subarray(start, Math.min(end, start + MAX_SAMPLE_OCTETS)));
    this.#samples.push({ atMs, reason, sample });
  }

  /** Those since the last call. */
  take(): readonly QuarantinedRecord[] {
    const samples = this.#samples;
    this.#samples = [];
    return samples;
  }
}
