import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { DNSTAP_CONTENT_TYPE, MAX_DNSTAP_OCTETS } from './dnstap-message.ts';
import { type ControlFrame, composeControl, FrameStreamReader, LENGTH_OCTETS } from './frame-streams.ts';

export interface DnstapConnectionHooks {
  /** A dnstap payload in `octets`, which hold only during the call. */
  onPayload(octets: Buffer): void;
  /** `count` data frames as they came, one behind the other, each behind its length; they hold only during the call. */
  onFrames(frames: Buffer, count: number): void;
  onStart(): void;
  /** The writer breaks the protocol, in words; the connection is closed. Called once at most. */
  onProblem(problem: string): void;
}

/** A writer sends START this soon, and closes the connection this soon after STOP. */
const HANDSHAKE_MS = 10_000;
/** A frame that has begun is whole when this has passed twice. */
const FRAME_MS = 30_000;

/** The reading end of one Frame Streams connection, with a handshake or without. */
export class DnstapConnection {
  readonly #stream: Duplex;
  readonly #hooks: DnstapConnectionHooks;
  readonly #reader: FrameStreamReader;
  readonly #clock: Clock;
  #cancelTimer: () => void;
  #state: 'new' | 'accepted' | 'started' | 'stopped' | 'closed' = 'new';
  #isBidirectional = false;
  #problem: string | undefined;
  #lastMs: number;
  /** The octets that came last, and the whole data frames in them that are not given yet: from where to where, and how many. */
  #octets: Buffer = Buffer.alloc(0);
  #framesStart = 0;
  #framesEnd = 0;
  #frames = 0;

  constructor(stream: Duplex, clock: Clock, hooks: DnstapConnectionHooks) {
    this.#stream = stream;
    this.#hooks = hooks;
    this.#clock = clock;
    this.#lastMs = clock.nowMs();
    this.#reader = new FrameStreamReader(MAX_DNSTAP_OCTETS, {
      onData: (octets, start, end) => this.#data(octets, start, end),
      onControl: (frame) => this.#control(frame),
    });
    this.#cancelTimer = clock.after(HANDSHAKE_MS, () => this.#refuse('it did not begin its stream in time'));
    stream.on('data', (octets: Buffer) => this.#push(octets));
    stream.on('close', () => this.close());
  }

  get isStarted(): boolean {
    return this.#state === 'started';
  }

  /** When a whole frame came last; before the first one: when it began. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** Nothing more is heard of it. Safe twice. */
  close(): void {
    this.#cancelTimer();
    this.#state = 'closed';
    this.#stream.destroy();
  }

  #push(octets: Buffer): void {
    if (this.#state === 'closed') return;
    const { framesOctets } = this.#reader;
    this.#octets = octets;
    const problem = this.#reader.push(octets) ?? this.#problem;
    this.#giveFrames();
    if (this.#reader.framesOctets !== framesOctets) this.#lastMs = this.#clock.nowMs();
    if (problem !== undefined) this.#refuse(problem);
  }

  #data(octets: Buffer, start: number, end: number): void {
    if (this.#problem !== undefined) return;
    if (this.#state !== 'started') {
      this.#problem = 'it sends data before START or after STOP';
      return;
    }
    this.#hooks.onPayload(octets.subarray(start, end));
    this.#collect(octets, start - LENGTH_OCTETS, end);
  }

  /** Frames that follow one another are given at once; one that came in parts stands in other memory, where the next may come. */
  #collect(octets: Buffer, start: number, end: number): void {
    if (octets !== this.#octets) {
      this.#hooks.onFrames(octets.subarray(start, end), 1);
      return;
    }
    if (start !== this.#framesEnd) this.#giveFrames();
    if (this.#frames++ === 0) this.#framesStart = start;
    this.#framesEnd = end;
  }

  #giveFrames(): void {
    const [frames, count] = [this.#octets.subarray(this.#framesStart, this.#framesEnd), this.#frames];
    this.#frames = 0;
    if (count > 0) this.#hooks.onFrames(frames, count);
  }

  #control({ type, contentTypes }: ControlFrame): void {
    const state = this.#state;
    if (this.#problem !== undefined) return;
    if (type === 'ready' && state === 'new') this.#accept(contentTypes);
    else if (type === 'start' && (state === 'new' || state === 'accepted')) this.#start(contentTypes);
    else if (type === 'stop' && state === 'started') this.#stop();
    else this.#problem = `it sends ${type.toUpperCase()} out of turn`;
  }

  /** No content type at all stands for any. */
  #accept(contentTypes: readonly string[]): void {
    if (!isDnstap(contentTypes)) {
      this.#problem = NO_DNSTAP;
      return;
    }
    this.#state = 'accepted';
    this.#isBidirectional = true;
    this.#stream.write(composeControl('accept', DNSTAP_CONTENT_TYPE));
  }

  #start(contentTypes: readonly string[]): void {
    if (!isDnstap(contentTypes)) {
      this.#problem = NO_DNSTAP;
      return;
    }
    this.#cancelTimer();
    this.#state = 'started';
    this.#watch(undefined);
    this.#hooks.onStart();
  }

  /** Ends a stream with a frame that does not end; `half` is how far the last one had come that was there in part. */
  #watch(half: number | undefined): void {
    this.#cancelTimer = this.#clock.after(FRAME_MS, () => {
      const { heldOctets, framesOctets } = this.#reader;
      if (heldOctets > 0 && framesOctets === half) this.#refuse('it did not end a frame in time');
      else this.#watch(heldOctets > 0 ? framesOctets : undefined);
    });
  }

  #stop(): void {
    this.#cancelTimer();
    this.#state = 'stopped';
    this.#cancelTimer = this.#clock.after(HANDSHAKE_MS, () => this.close());
    if (this.#isBidirectional) this.#stream.end(composeControl('finish'));
    else this.#stream.end();
  }

  #refuse(problem: string): void {
    if (this.#state === 'closed') return;
    this.close();
    this.#hooks.onProblem(problem);
  }
}

const NO_DNSTAP = `its content type is not ${DNSTAP_CONTENT_TYPE}`;

function isDnstap(contentTypes: readonly string[]): boolean {
  return contentTypes.length === 0 || contentTypes.includes(DNSTAP_CONTENT_TYPE);
}
