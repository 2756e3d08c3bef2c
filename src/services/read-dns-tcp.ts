/** DNS and TCP of capture files, in the time of the captures (docs/dns-tcp.md). */
import { type CaptureReading, startReading } from '../capture/container/capture-reading.ts';
import { DnsTcpBook, type DnsTcpTables } from '../correlation/dns-tcp/dns-tcp-book.ts';
import { observationEvents } from '../correlation/events/observation-events.ts';

export interface DnsTcpReport {
  /** Packets that were looked at. */
  readonly packets: number;
  readonly tables: DnsTcpTables;
  /** What could not be read, or is neither DNS nor the beginning of a connection, by counter (`CaptureCounter`, `UnreadCounter`). */
  readonly notRead: Readonly<Record<string, number>>;
  /** What ended the reading of a file early, one sentence for each. */
  readonly damage: readonly string[];
}

/** Each address that asks or connects is a host, whoever it belongs to. */
const EVERYBODY = { insideNetworks: [], trustedResolvers: [], mailServers: [] };
/** A file is read once and alone: it may have more memory than a report that is kept for ever. */
const MOST = 1_000_000;

/** Reads captures, one after the other, into one book. */
export class DnsTcpReader {
  readonly #book: DnsTcpBook;
  readonly #reading: CaptureReading;
  readonly #damage: string[] = [];

  /** `paths` are those that `read` will be called with, `-` for standard input. */
  constructor(paths: readonly string[], windowMs: number) {
    const book = new DnsTcpBook({ windowMs, most: MOST });
    this.#book = book;
    const take = (batch: Uint8Array) => {
      observationEvents(batch, 0, EVERYBODY, (event) => book.observe(event));
    };
    this.#reading = startReading(paths, take, { syns: true });
  }

  /**
   * Reads one capture; `onProgress` is told how many octets of it have been read. Rejects with GluewallError `capture-file`
   * when it is none, or has no link type that is read here. A capture that is damaged further on counts as far as it goes.
   */
  async read(path: string, onProgress?: (bytesRead: number) => void): Promise<void> {
    const { damage } = await this.#reading.read(path, onProgress);
    if (damage !== undefined) this.#damage.push(`${path === '-' ? 'standard input' : path}: ${damage}`);
  }

  /** To be called when all captures are read. */
  async finish(): Promise<DnsTcpReport> {
    const { packets, observed, unread } = await this.#reading.finish();
    await this.#reading.stop();
    const { frames, queries, responses, syns, 'syn-acks': synAcks, ...notRead } = observed;
    return { packets, tables: this.#book.tables(), notRead: { ...notRead, ...unread }, damage: this.#damage };
  }

  /** Ends the reading, wherever it is. Safe twice, and behind `finish`. */
  stop(): Promise<void> {
    return this.#reading.stop();
  }
}
