/** The DNS queries of one host in capture files, for a picture of them. */
import { type CaptureReading, startReading } from '../capture/container/capture-reading.ts';
import type { Address } from '../core/address.ts';
import type { AxesQuery } from '../correlation/pictures/query-axes.ts';
import { ObservationReader } from '../dns/observation-reader.ts';

/** Queries that are held; a picture of more shows no more. */
export const MAX_AXES_QUERIES = 1_000_000;

/** Reads captures, one after the other. */
export class QueryAxesReader {
  readonly queries: AxesQuery[] = [];
  readonly #host: Address;
  readonly #reading: CaptureReading;
  readonly #damage: string[] = [];

  /** `paths` are those that `read` will be called with, `-` for standard input. */
  constructor(paths: readonly string[], host: Address) {
    this.#host = host;
    this.#reading = startReading(paths, (batch) => this.#take(batch));
  }

  /** As `CaptureLearner.read`. */
  async read(path: string, onProgress?: (bytesRead: number) => void): Promise<void> {
    const { damage } = await this.#reading.read(path, onProgress);
    if (damage !== undefined) this.#damage.push(`${path === '-' ? 'standard input' : path}: ${damage}`);
  }

  /** To be called when all captures are read: resolves with what ended the reading of a file early, one sentence for each. */
  async finish(): Promise<readonly string[]> {
    await this.#reading.finish();
    await this.#reading.stop();
    return this.#damage;
  }

  /** Ends the reading, wherever it is. Safe twice, and behind `finish`. */
  stop(): Promise<void> {
    return this.#reading.stop();
  }

  #take(batch: Uint8Array): void {
    const reader = new ObservationReader();
    reader.open(batch);
    for (let found = reader.next(); found === 'record'; found = reader.next()) {
      const isQuery = reader.isMessage && !reader.isResponse;
      if (!isQuery || reader.client !== this.#host || this.queries.length >= MAX_AXES_QUERIES) continue;
      const { client, clientPort, server, serverPort } = reader;
      this.queries.push({ client, clientPort, server, serverPort });
    }
  }
}
