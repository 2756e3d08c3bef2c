import { DNSTAP_CONTENT_TYPE, MAX_DNSTAP_OCTETS } from '../dnstap/dnstap-message.ts';
import { type ControlFrame, FrameStreamReader } from '../dnstap/frame-streams.ts';
import type { RecordSink, RecordSplitter } from './record-splitter.ts';

/** What it is in: before START or behind STOP, between them, or behind what is no frame. */
type State = 'stopped' | 'started' | 'broken';

/**
 * A file of dnstap into its data frames. The last one may be in the middle of being written, STOP may be missing, and another
 * stream may follow, as where a server was started anew. What is no frame is refused once, and all behind it left out: a frame
 * says where the next one begins.
 */
export class FrameSplitter implements RecordSplitter {
  readonly #reader: FrameStreamReader;
  #state: State;
  /** Where the first frame that was pushed begins. */
  readonly #offset: number;
  /** Octets behind what is no frame, and those that it is of. */
  #leftOut = 0;
  #problem: string | undefined;
  #sink: RecordSink | undefined;

  /** Goes on at `offset` of the source, with what `state` said there. */
  constructor(offset = 0, state: unknown = undefined) {
    this.#offset = offset;
    const isBroken = state === 'broken';
    this.#state = offset === 0 || state === 'stopped' ? 'stopped' : isBroken ? 'broken' : 'started';
    this.#reader = new FrameStreamReader(MAX_DNSTAP_OCTETS, {
      onData: (octets, start, end) => this.#data(octets, start, end),
      onControl: (frame) => this.#control(frame),
    });
  }

  /** While a frame is given, up to its end. */
  get consumed(): number {
    return this.#offset + this.#reader.framesOctets + this.#leftOut;
  }

  state(): unknown {
    return this.#state === 'started' ? undefined : this.#state;
  }

  push(octets: Buffer, sink: RecordSink): void {
    if (this.#state === 'broken') {
      this.#leftOut += octets.length;
      return;
    }
    const heldBefore = this.#reader.heldOctets;
    const framesBefore = this.#reader.framesOctets;
    this.#sink = sink;
    const isFirst = this.#offset === 0 && framesBefore === 0;
    const found = this.#reader.push(octets);
    const problem = this.#problem ?? (found !== undefined && isFirst && this.#state === 'stopped' ? NO_START : found);
    this.#sink = undefined;
    if (problem === undefined) return;
    const brokenAt = this.#reader.framesOctets - framesBefore - heldBefore;
    this.#state = 'broken';
    this.#leftOut = octets.length - brokenAt;
    sink.refused(problem, octets, Math.max(0, brokenAt), octets.length);
  }

  /** A frame that has come in part only is left where it is. */
  end(): void {}

  #data(octets: Buffer, start: number, end: number): void {
    if (this.#problem !== undefined) return;
    if (this.#state === 'started') this.#sink!.record(octets, start, end);
    else this.#problem = NO_START;
  }

  /** What stands there of a handshake says nothing in a file. */
  #control({ type, contentTypes }: ControlFrame): void {
    if (type === 'stop') this.#state = 'stopped';
    if (type !== 'start') return;
    // No content type at all stands for any.
    if (contentTypes.length > 0 && !contentTypes.includes(DNSTAP_CONTENT_TYPE)) this.#problem ??= OTHER_CONTENT;
    this.#state = 'started';
  }
}

const NO_START = 'no Frame Streams: a file of dnstap begins with a START frame';
const OTHER_CONTENT = `Frame Streams whose content type is not ${DNSTAP_CONTENT_TYPE}`;
