/**
 * Frame Streams (github.com/farsightsec/fstrm, fstrm/control.h), in which dnstap travels: frames with 32 bits of length before
 * them, big-endian. A length of 0 announces a control frame: again 32 bits of length, then its type and fields.
 *
 * On a socket the writer says READY, the reader ACCEPT, the writer START, and in the end STOP, which the reader answers with
 * FINISH. In a file, or to a reader that cannot answer, the writer begins with START.
 */

const CONTROL_TYPE = { accept: 1, start: 2, stop: 3, ready: 4, finish: 5 } as const;
export type ControlType = keyof typeof CONTROL_TYPE;

const CONTENT_TYPE_FIELD = 1;
/** FSTRM_CONTROL_FRAME_LENGTH_MAX, and FSTRM_CONTROL_FIELD_CONTENT_TYPE_LENGTH_MAX. */
const MAX_CONTROL_OCTETS = 512;
const MAX_CONTENT_TYPE_OCTETS = 256;
/** Of the length before a frame. */
export const LENGTH_OCTETS = 4;

/** A control frame, and the content types that it names. */
export interface ControlFrame {
  readonly type: ControlType;
  readonly contentTypes: readonly string[];
}

export interface FrameStreamHooks {
  /** A data frame in `octets[start, end)`, which hold only during the call. */
  onData(octets: Buffer, start: number, end: number): void;
  onControl(frame: ControlFrame): void;
}

/** Takes a stream apart, however it is cut. Holds a frame at most. */
export class FrameStreamReader {
  readonly #maxFrameOctets: number;
  readonly #hooks: FrameStreamHooks;
  /** The part of a frame that has come, its length before it. */
  #held: Buffer = Buffer.alloc(0);
  #heldOctets = 0;
  #framesOctets = 0;

  /** Data frames of more than `maxFrameOctets` are refused. */
  constructor(maxFrameOctets: number, hooks: FrameStreamHooks) {
    this.#maxFrameOctets = maxFrameOctets;
    this.#hooks = hooks;
  }

  /** Octets of a frame that has come in part; without any the stream may end here. */
  get heldOctets(): number {
    return this.#heldOctets;
  }

  /** How long all frames that have come were with their lengths; the one that is being given counts. */
  get framesOctets(): number {
    return this.#framesOctets;
  }

  /** Takes the octets that come next. Says what is wrong with them, after which no more are to be given, else undefined. */
  push(octets: Buffer): string | undefined {
    let at = 0;
    while (this.#heldOctets > 0 && at < octets.length) {
      const wanted = this.#wantedOctets();
      if (typeof wanted === 'string') return wanted;
      const taken = Math.min(wanted - this.#heldOctets, octets.length - at);
      this.#hold(octets, at, at + taken, wanted);
      at += taken;
      const whole = this.#wantedOctets();
      if (typeof whole === 'string') return whole;
      if (this.#heldOctets < whole) continue;
      const problem = this.#frame(this.#held, 0, whole);
      if (problem !== undefined) return problem;
      this.#heldOctets = 0;
    }
    return this.#pushWhole(octets, at);
  }

  /** Octets from the beginning of a frame on. */
  #pushWhole(octets: Buffer, start: number): string | undefined {
    let at = start;
    while (at < octets.length) {
      const length = frameOctets(octets, at, octets.length, this.#maxFrameOctets);
      if (typeof length === 'string') return length;
      if (at + length > octets.length) {
        this.#hold(octets, at, octets.length, length);
        return undefined;
      }
      const problem = this.#frame(octets, at, at + length);
      if (problem !== undefined) return problem;
      at += length;
    }
    return undefined;
  }

  #wantedOctets(): number | string {
    return frameOctets(this.#held, 0, this.#heldOctets, this.#maxFrameOctets);
  }

  #hold(octets: Buffer, start: number, end: number, wantedOctets: number): void {
    if (this.#held.length < wantedOctets) {
      const larger = Buffer.allocUnsafe(Math.max(wantedOctets, 2 * LENGTH_OCTETS));
      this.#held.copy(larger, 0, 0, this.#heldOctets);
      this.#held = larger;
    }
    octets.copy(this.#held, this.#heldOctets, start, end);
    this.#heldOctets += end - start;
  }

  #frame(octets: Buffer, start: number, end: number): string | undefined {
    this.#framesOctets += end - start;
    if (octets.readUInt32BE(start) !== 0) {
      this.#hooks.onData(octets, start + LENGTH_OCTETS, end);
      return undefined;
    }
    const control = readControl(octets, start + 2 * LENGTH_OCTETS, end);
    if (typeof control === 'string') return control;
    this.#hooks.onControl(control);
    return undefined;
  }
}

/**
 * How long the frame at `start` is with its lengths, as far as `octets[start, end)` tell: at least as long as what tells more.
 * Or what is wrong with it.
 */
function frameOctets(octets: Buffer, start: number, end: number, maxFrameOctets: number): number | string {
  if (end - start < LENGTH_OCTETS) return LENGTH_OCTETS;
  const length = octets.readUInt32BE(start);
  if (length > maxFrameOctets) return `a frame of ${length} octets: more than ${maxFrameOctets} are none of dnstap`;
  if (length > 0) return LENGTH_OCTETS + length;
  if (end - start < 2 * LENGTH_OCTETS) return 2 * LENGTH_OCTETS;
  const controlLength = octets.readUInt32BE(start + LENGTH_OCTETS);
  if (controlLength >= LENGTH_OCTETS && controlLength <= MAX_CONTROL_OCTETS) return 2 * LENGTH_OCTETS + controlLength;
  return `a control frame of ${controlLength} octets`;
}

/** The control frame in `octets[start, end)`, or what is wrong with it. */
function readControl(octets: Buffer, start: number, end: number): ControlFrame | string {
  const number = octets.readUInt32BE(start);
  const type = (Object.keys(CONTROL_TYPE) as ControlType[]).find((name) => CONTROL_TYPE[name] === number);
  if (type === undefined) return `a control frame of type ${number}`;
  const contentTypes: string[] = [];
  let at = start + LENGTH_OCTETS;
  while (at < end) {
    if (end - at < 2 * LENGTH_OCTETS) return 'a control frame with a field cut short';
    const field = octets.readUInt32BE(at);
    const length = octets.readUInt32BE(at + LENGTH_OCTETS);
    at += 2 * LENGTH_OCTETS;
    if (field !== CONTENT_TYPE_FIELD) return `a control frame with a field of type ${field}`;
    if (length > MAX_CONTENT_TYPE_OCTETS || length > end - at) return 'a control frame with a field that is too long';
    contentTypes.push(octets.toString('latin1', at, at + length));
    at += length;
  }
  return { type, contentTypes };
}

/** The data frames of whole ones that stand one behind the other, each behind its length; as parts of them. */
export function* dataFramesOf(frames: Uint8Array): Generator<Buffer, void> {
  const octets = Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength);
  for (let at = 0; at < octets.length; ) {
    const start = at + LENGTH_OCTETS;
    at = start + octets.readUInt32BE(at);
    yield octets.subarray(start, at);
  }
}

/** A control frame with its lengths; `contentTypes` fit in MAX_CONTROL_OCTETS. */
export function composeControl(type: ControlType, ...contentTypes: readonly string[]): Buffer {
  const fields = contentTypes.flatMap((contentType) => {
    const text = Buffer.from(contentType, 'latin1');
    return [uint32(CONTENT_TYPE_FIELD), uint32(text.length), text];
  });
  const content = Buffer.concat([uint32(CONTROL_TYPE[type]), ...fields]);
  return Buffer.concat([uint32(0), uint32(content.length), content]);
}

function uint32(value: number): Buffer {
  const octets = Buffer.allocUnsafe(LENGTH_OCTETS);
  octets.writeUInt32BE(value);
  return octets;
}
