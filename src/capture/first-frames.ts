import { DNS_PORT } from '../dns/registry.ts';
import { FrameView } from '../packet/frame.ts';
import { TCP_FLAG } from '../packet/protocol-numbers.ts';
import type { Direction } from './direction.ts';

/** A copy of a frame with its time, and the direction that was found out. */
export interface FirstFrame {
  readonly octets: Buffer;
  readonly atMs: number;
  readonly direction: Direction;
}

interface WitnessedFrame {
  readonly octets: Buffer;
  readonly atMs: number;
}

const MAX_FRAMES = 64;
const SIDES = ['outbound', 'inbound'] as const;

/**
 * Finds the first frame of each direction, which libpcap loses. After a filter is set, libpcap runs it once more, in
 * user space, on the first frame that the kernel lets through; there the direction is unknown and the filter refuses
 * the frame. It is in the kernel's count all the same. A second session without direction in its filter, the witness,
 * loses nothing. The frame that only the witness handed over, on the side whose count is one too high, is the lost one.
 *
 * Nothing is guessed: when two frames could be it, none is taken.
 */
export class FirstFrames {
  readonly #frame = new FrameView();
  #witnessed: WitnessedFrame[] = [];
  #delivered: Buffer[] = [];
  readonly #open = new Set<Direction>(SIDES);
  readonly #syns: boolean;

  /** `syns`: what the filters let pass, see `captureFilter`. */
  constructor(syns = false) {
    this.#syns = syns;
  }

  /** True once both sides are settled, or too many frames have come to tell. The witness is then of no more use. */
  get done(): boolean {
    return this.#open.size === 0;
  }

  /** The witness saw a frame. */
  witness(octets: Buffer, lengthBytes: number, atMs: number): void {
    if (this.done) return;
    if (this.#witnessed.length === MAX_FRAMES) this.#giveUp();
    else this.#witnessed.push({ octets: Buffer.from(octets.subarray(0, lengthBytes)), atMs });
  }

  /** A session that knows the direction handed over a frame. */
  deliver(octets: Buffer, lengthBytes: number): void {
    if (this.done) return;
    if (this.#delivered.length === MAX_FRAMES) this.#giveUp();
    else this.#delivered.push(Buffer.from(octets.subarray(0, lengthBytes)));
  }

  /**
   * The lost frames that can be told now. `missing` says for a direction how many frames its session has in the
   * kernel's count and did not hand over; more than one means that some are still on their way.
   */
  settle(missing: (direction: Direction) => number): FirstFrame[] {
    const found = this.#syns ? this.#lostSyns(missing) : [];
    for (const direction of SIDES) {
      if (!this.#open.has(direction)) continue;
      const missingCount = missing(direction);
      if (missingCount > 1) continue;
      const candidates = this.#candidates(direction);
      // A frame that this direction did not count went the other way.
      if (missingCount === 0) this.#forget(candidates);
      else if (candidates.length > 0) {
        this.#open.delete(direction);
        const [only, second] = candidates;
        if (only === undefined || second !== undefined) continue;
        found.push({ ...only, direction });
        this.#forget([only]);
      }
    }
    return found.sort((a, b) => a.atMs - b.atMs);
  }

  /**
   * Those of connections, which fit both directions and are the same in either: they are lost when no more frames are without a session
   * than are missing.
   */
  #lostSyns(missing: (direction: Direction) => number): FirstFrame[] {
    const counts = SIDES.map((direction) => (this.#open.has(direction) ? missing(direction) : 0));
    const lost = this.#undelivered();
    if (counts.some((count) => count > 1) || lost.length !== counts[0]! + counts[1]!) return [];
    const syns = lost.filter(({ octets }) => this.#isSyn(octets));
    this.#forget(syns);
    if (syns.length === lost.length) {
      for (const [index, direction] of SIDES.entries()) if (counts[index]! > 0) this.#open.delete(direction);
    }
    return syns.map((one) => ({
      ...one,
      direction: this.#frameIn(one.octets).sourcePort === DNS_PORT ? 'inbound' : 'outbound',
    }));
  }

  #candidates(direction: Direction): WitnessedFrame[] {
    return this.#undelivered().filter(({ octets }) => this.#fits(octets, direction));
  }

  #undelivered(): WitnessedFrame[] {
    const delivered = [...this.#delivered];
    return this.#witnessed.filter(({ octets }) => {
      const twin = delivered.findIndex((other) => other.equals(octets));
      if (twin >= 0) delivered.splice(twin, 1);
      return twin < 0;
    });
  }

  #isSyn(octets: Buffer): boolean {
    return (this.#frameIn(octets).tcpFlags & TCP_FLAG.SYN) !== 0;
  }

  #frameIn(octets: Buffer): FrameView {
    this.#frame.parse(octets, 0, octets.length);
    return this.#frame;
  }

  /** Whether the filter of a direction could let this frame through; see `captureFilter`. */
  #fits(octets: Buffer, direction: Direction): boolean {
    const frame = this.#frame;
    if (frame.parse(octets, 0, octets.length) !== undefined) return true;
    if (frame.fragment === 'later' || frame.extensionHeaders > 0) return true;
    if (this.#syns && (frame.tcpFlags & TCP_FLAG.SYN) !== 0) return true;
    return (direction === 'outbound' ? frame.destinationPort : frame.sourcePort) === DNS_PORT;
  }

  #forget(frames: readonly WitnessedFrame[]): void {
    this.#witnessed = this.#witnessed.filter((frame) => !frames.includes(frame));
  }

  #giveUp(): void {
    this.#open.clear();
    this.#witnessed = [];
    this.#delivered = [];
  }
}
