import { Counters } from '../../core/counters.ts';
import { GluewallError } from '../../core/errors.ts';
import { ObservationWriter } from '../../dns/observation-writer.ts';
import { isReadableLinkType } from '../../packet/link-layer.ts';
import { type CaptureCounter, Observer } from '../observe.ts';
import type { CaptureSource } from './capture-source.ts';
import { type CaptureSummary, readCapture } from './read-capture.ts';

/** Packets that were not looked at; link types beyond the first sixteen of a capture are counted together. */
export type UnreadCounter = 'time that cannot be' | 'other link types' | `link type ${number}`;

/** What was in all captures together. */
export interface CaptureTotals {
  /** Those that were looked at. */
  readonly packets: number;
  /** The earliest and the latest of them, milliseconds since the epoch; undefined where there is none. */
  readonly firstMs: number | undefined;
  readonly lastMs: number | undefined;
  /** What became of the packets, by CaptureCounter. */
  readonly observed: Readonly<Record<string, number>>;
  /** By UnreadCounter. */
  readonly unread: Readonly<Record<string, number>>;
}

export interface CaptureReaderOptions {
  /** The memory of batches is shared, to be read by other threads. */
  readonly isShared?: boolean;
  /** Also observe what begins and accepts TCP connections. */
  readonly syns?: boolean;
}

/** From the epoch on, and well before years need a fifth digit, whatever TTL is added. */
const TIMES_MS = { first: 0, last: Date.UTC(9000, 0) };
/** Link types that are counted each on its own; a file can claim any number of them. */
const MAX_LINK_TYPES = 16;

/**
 * Reads captures one after the other, as if they were one: a message may begin in one and end in the next. The direction of
 * each message is told by the message.
 */
export class CaptureReader {
  readonly #writer: ObservationWriter;
  readonly #captured = new Counters<CaptureCounter>();
  readonly #observer: Observer;
  readonly #unread = new Counters<UnreadCounter>();
  #packets = 0;
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;
  /** Of the capture in hand. */
  #unreadLinkTypes = new Set<number>();
  /** The one that was seen last, and whether it is read here. */
  #linkType = -1;
  #isReadable = false;

  /**
   * `onBatch` is given the observations (observation-layout.ts); a batch is his to keep, or to give back with `takeBack`.
   */
  constructor(onBatch: (batch: Uint8Array) => void, { isShared = false, syns = false }: CaptureReaderOptions = {}) {
    this.#writer = new ObservationWriter(onBatch, isShared);
    this.#observer = new Observer(this.#captured, this.#writer, { syns });
  }

  /** What all captures together hold so far. */
  get totals(): CaptureTotals {
    const isEmpty = this.#packets === 0;
    return {
      packets: this.#packets,
      firstMs: isEmpty ? undefined : this.#firstMs,
      lastMs: isEmpty ? undefined : this.#lastMs,
      observed: this.#captured.snapshot(),
      unread: this.#unread.snapshot(),
    };
  }

  /**
   * Reads one capture; `onChunk` is told how many octets of it have been read, and waited for. Rejects with GluewallError
   * `capture-file` when it is none, or has no link type that is read here. A capture that is damaged further on counts as far
   * as it goes.
   */
  async read(source: CaptureSource, onChunk?: (bytesRead: number) => void | Promise<void>): Promise<CaptureSummary> {
    const packetsBefore = this.#packets;
    this.#unreadLinkTypes = new Set();
    const onPacket = (octets: Buffer, start: number, end: number, atMs: number, linkType: number) =>
      this.#packet(octets, start, end, atMs, linkType);
    const summary = await readCapture(source, onPacket, onChunk);
    if (this.#unreadLinkTypes.size > 0 && this.#packets === packetsBefore) {
      const types = [...this.#unreadLinkTypes].join(', ');
      const remedy = 'capture on an interface, or convert the file to Ethernet or raw IP';
      throw new GluewallError('capture-file', `${source.name}: link type ${types} is not read here; ${remedy}`);
    }
    return summary;
  }

  /** No more captures will come: gives what waits. */
  finish(): void {
    this.#observer.finish();
    this.#writer.flush();
  }

  /** Nobody reads the batch in this memory any more: another one may be written there. */
  takeBack(memory: ArrayBufferLike): void {
    this.#writer.takeBack(memory);
  }

  #packet(octets: Buffer, start: number, end: number, atMs: number, linkType: number): void {
    if (linkType !== this.#linkType) {
      this.#linkType = linkType;
      this.#isReadable = isReadableLinkType(linkType);
    }
    if (!this.#isReadable) {
      this.#countLinkType(linkType);
      return;
    }
    if (atMs < TIMES_MS.first || atMs > TIMES_MS.last) {
      this.#unread.add('time that cannot be');
      return;
    }
    this.#packets++;
    if (atMs < this.#firstMs) this.#firstMs = atMs;
    if (atMs > this.#lastMs) this.#lastMs = atMs;
    this.#observer.observe(octets, start, end, atMs, 'by-message', linkType);
  }

  #countLinkType(linkType: number): void {
    const isCounted = this.#unreadLinkTypes.has(linkType) || this.#unreadLinkTypes.size < MAX_LINK_TYPES;
    if (isCounted) this.#unreadLinkTypes.add(linkType);
    this.#unread.add(isCounted ? `link type ${linkType}` : 'other link types');
  }
}
