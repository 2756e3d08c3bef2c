import type { PcapModule, PcapPacket, PcapSession } from './pcap-binding.ts';

export interface CaptureSessionOptions {
  readonly filter: string;
  /** The octets of each frame that are kept. */
  readonly snapBytes: number;
  /** Of kernel memory; libpcap reserves a full snap length of it for each frame. */
  readonly bufferBytes: number;
}

export interface CaptureSessionHooks {
  /** A frame: the first `lengthBytes` octets of `octets`, which the next frame overwrites. */
  onFrame(octets: Buffer, lengthBytes: number, atMs: number): void;
  /** The interface has gone or was down for a moment; nothing more will come. Called once. */
  onLost(): void;
}

export interface KernelFigures {
  readonly received: number;
  readonly dropped: number;
}

/**
 * One live session of libpcap on one interface. The constructor throws when the interface does not open.
 *
 * When an interface goes down, the event loop is told once and then stops watching the descriptor, even if the
 * interface comes back. A wake-up that brings nothing is the sign of it, and the session then counts as lost.
 */
export class CaptureSession {
  readonly #session: PcapSession;
  readonly #hooks: CaptureSessionHooks;
  #deliveredCount = 0;
  #unexplainedCount = 0;
  #wakesSinceTick = 0;
  #figures: KernelFigures = { received: 0, dropped: 0 };
  #state: 'open' | 'lost' | 'closed' = 'open';

  constructor(
    pcap: PcapModule,
    interfaceName: string,
    { filter, snapBytes, bufferBytes }: CaptureSessionOptions,
    hooks: CaptureSessionHooks,
  ) {
    this.#hooks = hooks;
    this.#session = pcap.createSession(interfaceName, {
      filter,
      snap_length: snapBytes,
      buffer_size: bufferBytes,
      buffer_timeout: 0,
      // The frames of a switch port are addressed to others.
      promiscuous: true,
    });
    this.#session.on('packet', (packet) => this.#deliver(packet));
    this.#session.session.read_callback = () => this.#wake();
  }

  get linkType(): string {
    return this.#session.link_type;
  }

  /** What libpcap counted, the last known figures once the session is lost. */
  get figures(): KernelFigures {
    if (this.#state === 'closed') return this.#figures;
    try {
      const { ps_recv, ps_drop } = this.#session.stats();
      this.#figures = { received: ps_recv, dropped: ps_drop };
    } catch {
      this.#lose();
    }
    return this.#figures;
  }

  /** Frames that passed the filter in the kernel but were not handed over: yet to come, or lost in libpcap. */
  get missingCount(): number {
    const { received, dropped } = this.figures;
    return Math.max(0, received - dropped - this.#deliveredCount);
  }

  /** Hands over what waits, without being woken. Not to be called from within `onFrame`. */
  drain(): void {
    if (this.#state === 'open' && this.#dispatch() < 0) this.#lose();
  }

  /** To be called every second: finds a loss of which the event loop was not told. */
  tick(): void {
    if (this.#state !== 'open') return;
    const deliveredBefore = this.#deliveredCount;
    const failed = this.#dispatch() < 0;
    const sleptOnFrames = this.#wakesSinceTick === 0 && this.#deliveredCount > deliveredBefore;
    this.#wakesSinceTick = 0;
    if (failed || sleptOnFrames) this.#lose();
  }

  /** Not to be called from within `onFrame`. Safe twice. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#figures = this.figures;
    this.#state = 'closed';
    this.#session.close();
    // Only a dispatch gives the descriptor and the ring back: this one, or that of the next frame where none waits.
    this.#dispatch();
  }

  #dispatch(): number {
    return this.#session.session.dispatch(this.#session.buf, this.#session.header);
  }

  #wake(): void {
    if (this.#state === 'closed') this.#dispatch();
    if (this.#state !== 'open') return;
    this.#wakesSinceTick++;
    const deliveredBefore = this.#deliveredCount;
    const failed = this.#dispatch() < 0;
    if (failed) this.#lose();
    else if (this.#deliveredCount === deliveredBefore) this.#explainEmptyWake();
  }

  #explainEmptyWake(): void {
    const missing = this.missingCount;
    if (missing <= this.#unexplainedCount) this.#lose();
    this.#unexplainedCount = missing;
  }

  #lose(): void {
    if (this.#state !== 'open') return;
    this.#state = 'lost';
    this.#hooks.onLost();
  }

  #deliver(packet: PcapPacket): void {
    this.#deliveredCount++;
    const { buf, header } = packet;
    const atMs = header.readUInt32LE(0) * 1000 + header.readUInt32LE(4) / 1000;
    this.#hooks.onFrame(buf, Math.min(header.readUInt32LE(8), buf.length), atMs);
  }
}
