/**
 * Domain names inside a message (RFC 1035 §3.1, §4.1.4).
 *
 *     00LLLLLL <L octets>      a label
 *     00000000                 the root: end of the name
 *     11PPPPPP PPPPPPPP        the name goes on at P octets from the start of the message
 *
 * A pointer must lead to before the place where the name began, each further one to before the last target. So a
 * walk always ends, and no message can make a reader go around.
 */
import { MAX_NAME_OCTETS, type Name } from './name.ts';

const LABEL_KIND_MASK = 0xc0;
/** What the first octet of a pointer is not below. */
export const POINTER_KIND = 0xc0;
/** A name has at most 127 labels; a chain with more jumps than that is made to waste time. */
export const MAX_JUMPS = 127;

/**
 * Checks the name at `offset` with all its jumps. Returns the offset behind its last octet in place, or -1 when it is
 * no name: it runs past `end`, is over 255 octets, has a reserved label type, or a pointer that does not lead
 * backwards. `start` is where the message starts.
 */
export function wireNameEnd(octets: Buffer, start: number, offset: number, end: number): number {
  let at = offset;
  let lowest = offset;
  let behind = -1;
  let lengthOctets = 1;
  for (let jumps = 0; at < end; ) {
    const lead = octets[at]!;
    if (lead === 0) return behind < 0 ? at + 1 : behind;
    const kind = lead & LABEL_KIND_MASK;
    if (kind === 0) {
      lengthOctets += lead + 1;
      if (lengthOctets > MAX_NAME_OCTETS) return -1;
      at += lead + 1;
      continue;
    }
    if (kind !== POINTER_KIND || at + 2 > end || ++jumps > MAX_JUMPS) return -1;
    if (behind < 0) behind = at + 2;
    at = start + pointedAt(octets, at);
    if (at >= lowest) return -1;
    lowest = at;
  }
  return -1;
}

/** The name at `offset`, uncompressed, letter case kept. `wireNameEnd` has accepted it before. */
export function sliceWireName(octets: Buffer, start: number, offset: number): Name {
  let text = '';
  let from = offset;
  for (let at = offset; ; ) {
    const lead = octets[at]!;
    if (lead === 0) return (text + octets.toString('latin1', from, at + 1)) as Name;
    if (lead < POINTER_KIND) {
      at += lead + 1;
      continue;
    }
    text += octets.toString('latin1', from, at);
    at = start + pointedAt(octets, at);
    from = at;
  }
}

/** Where the pointer at `at` leads, counted from the start of the message. */
export function pointedAt(octets: Buffer, at: number): number {
  return ((octets[at]! & 0x3f) << 8) | octets[at + 1]!;
}
