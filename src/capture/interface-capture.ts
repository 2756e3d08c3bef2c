import {
  captureFilter,
  type FrameSize,
  type SessionDirection,
  SNAP_OCTETS,
  sessionDirections,
} from './capture-filter.ts';
import { CaptureSession, type CaptureSessionHooks, type KernelFigures } from './capture-session.ts';
import type { Direction } from './direction.ts';
import { FirstFrames } from './first-frames.ts';
import type { Observer } from './observe.ts';
import type { PcapModule } from './pcap-binding.ts';
import type { CaptureOrder } from './protocol.ts';

const SETTLE_ROUNDS = 4;
/** Room for some 16,000 usual frames and for 128 large ones. */
const BUFFER_BYTES: Readonly<Record<FrameSize, number>> = { usual: 32 * 1024 * 1024, large: 8 * 1024 * 1024 };
const WITNESS_BUFFER_BYTES = 1024 * 1024;

export interface InterfaceCaptureHooks {
  /** Reads the frames. */
  readonly observer: Observer;
  /** When a frame was seen, from the kernel's stamp of it. */
  timeOf(stampMs: number): number;
  /** A frame was handed over: call `finishTurn` when this turn of the event loop ends. */
  onActivity(): void;
  /** The interface has gone, or was down for a moment: close it and open it anew. */
  onLost(): void;
}

/** All sessions on one interface, opened and closed together. */
export class InterfaceCapture {
  readonly #pcap: PcapModule;
  readonly #interfaceName: string;
  readonly #order: Pick<CaptureOrder, 'direction' | 'syns'>;
  readonly #hooks: InterfaceCaptureHooks;
  readonly #sessions = new Map<SessionDirection, CaptureSession>();
  readonly #largeSessions = new Map<SessionDirection, CaptureSession>();
  #firstFrames: FirstFrames | undefined;
  #witness: CaptureSession | undefined;
  #ended = false;

  constructor(
    pcap: PcapModule,
    interfaceName: string,
    order: Pick<CaptureOrder, 'direction' | 'syns'>,
    hooks: InterfaceCaptureHooks,
  ) {
    this.#pcap = pcap;
    this.#interfaceName = interfaceName;
    this.#order = order;
    this.#hooks = hooks;
  }

  /** What libpcap counted on the lasting sessions. */
  get figures(): KernelFigures {
    let received = 0;
    let dropped = 0;
    for (const { figures } of this.#lasting()) {
      received += figures.received;
      dropped += figures.dropped;
    }
    return { received, dropped };
  }

  /** To be called every second. */
  tick(): void {
    for (const session of this.#lasting()) session.tick();
  }

  /**
   * Reads on so that no response stands before its query. The sessions of the two directions are read one after the
   * other, and while one is read, a query may leave and its response come in. After this, every query that left before
   * the last response was read has been read too.
   */
  finishTurn(): void {
    // Traffic that does not pause can hide the first frames for a round or two.
    for (let round = 0; round < SETTLE_ROUNDS && this.#firstFrames !== undefined; round++) this.#settle();
    if (this.#ended) return;
    this.#largeSessions.get('outbound')?.drain();
    this.#sessions.get('outbound')?.drain();
  }

  /** Throws an Error with libpcap's text when the interface does not open; close what did open then. */
  open(): void {
    // The witness stands before the others, so that it misses nothing that they lose.
    if (this.#order.direction === 'port') {
      this.#firstFrames = new FirstFrames(this.#order.syns);
      this.#witness = this.#openSession('both', 'usual', WITNESS_BUFFER_BYTES, (octets, lengthBytes, atMs) => {
        this.#firstFrames?.witness(octets, lengthBytes, atMs);
        this.#hooks.onActivity();
      });
    }
    for (const direction of sessionDirections(this.#order.direction)) {
      const session = this.#openSession(direction, 'usual', BUFFER_BYTES.usual, (octets, lengthBytes, atMs) => {
        this.#firstFrames?.deliver(octets, lengthBytes);
        this.#onFrame(octets, lengthBytes, atMs, direction);
      });
      this.#sessions.set(direction, session);
      if (session.linkType !== 'LINKTYPE_ETHERNET') throw new Error(`link type ${session.linkType} is not Ethernet`);
      const large = this.#openSession(direction, 'large', BUFFER_BYTES.large, (octets, lengthBytes, atMs) => {
        this.#onFrame(octets, lengthBytes, atMs, direction);
      });
      this.#largeSessions.set(direction, large);
    }
  }

  /** Not to be called from within a hook. Safe twice. */
  close(): void {
    this.#ended = true;
    for (const session of this.#lasting()) session.close();
    this.#witness?.close();
  }

  #lasting(): readonly CaptureSession[] {
    return [...this.#sessions.values(), ...this.#largeSessions.values()];
  }

  #openSession(
    direction: SessionDirection,
    size: FrameSize,
    bufferBytes: number,
    onFrame: CaptureSessionHooks['onFrame'],
  ): CaptureSession {
    const filter = captureFilter(direction, size, this.#order.syns);
    const options = { filter, snapBytes: SNAP_OCTETS[size], bufferBytes };
    return new CaptureSession(this.#pcap, this.#interfaceName, options, { onFrame, onLost: () => this.#lose() });
  }

  #onFrame(octets: Buffer, lengthBytes: number, atMs: number, direction: SessionDirection): void {
    this.#hooks.onActivity();
    const unknown = this.#order.direction === 'messages' ? 'by-message' : 'by-source';
    const way = direction === 'both' ? unknown : direction;
    this.#hooks.observer.observe(octets, 0, lengthBytes, this.#hooks.timeOf(atMs), way);
  }

  #settle(): void {
    const firstFrames = this.#firstFrames;
    if (firstFrames === undefined || this.#ended) return;
    this.#sessions.get('inbound')?.drain();
    this.#sessions.get('outbound')?.drain();
    this.#witness?.drain();
    const missing = (direction: Direction) => this.#sessions.get(direction)?.missingCount ?? 0;
    for (const { octets, atMs, direction } of firstFrames.settle(missing)) {
      this.#hooks.observer.observe(octets, 0, octets.length, this.#hooks.timeOf(atMs), direction);
    }
    if (!firstFrames.done) return;
    this.#firstFrames = undefined;
    this.#witness?.close();
  }

  #lose(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#hooks.onLost();
  }
}
