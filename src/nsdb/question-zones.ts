import { MAX_NAME_OCTETS } from '../dns/name.ts';
import type { NsHistory } from './ns-history.ts';

const MAX_LABELS = 128;
/** An address with more zones than that is asked about the zones above the name, one by one. */
const MAX_WALKED = 4;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
/** Not an ancestor, or none known. */
export const NOWHERE = -1;

/**
 * The name in question and its ancestors, each known by how many labels below the root it lies: 0 is the root. All compared as
 * octets, in lower case (RFC 4343).
 */
export class QuestionZones {
  readonly octets = Buffer.alloc(MAX_NAME_OCTETS + 1);
  /** Where each label begins, the root's end last. */
  readonly #starts = new Int32Array(MAX_LABELS);
  #labels = 0;
  #length = 0;

  /** Takes the name that begins at `nameAt`. */
  read(octets: Uint8Array, nameAt: number): void {
    this.#labels = 0;
    let to = 0;
    for (let at = nameAt, labelEnd = at; ; at++, to++) {
      const value = octets[at]!;
      if (at !== labelEnd) {
        this.octets[to] = value >= UPPER_A && value <= UPPER_Z ? value | 0x20 : value;
        continue;
      }
      this.octets[to] = value;
      this.#starts[this.#labels] = to;
      if (value === 0) break;
      this.#labels++;
      labelEnd += value + 1;
    }
    this.#length = to + 1;
  }

  /** How many labels the name in question has. */
  get depth(): number {
    return this.#labels;
  }

  /** Where in `octets` the ancestor of this depth begins. */
  startOf(depth: number): number {
    return this.#starts[this.#labels - depth]!;
  }

  /** The depth of the canonical name at `at`, if it is the name in question or an ancestor of it; else NOWHERE. */
  depthOf(octets: Buffer, at: number): number {
    let labels = 0;
    let end = at;
    for (; octets[end] !== 0; end += octets[end]! + 1) labels++;
    const start = labels > this.#labels ? -1 : this.#starts[this.#labels - labels]!;
    if (start < 0 || this.#length - start !== end + 1 - at) return NOWHERE;
    for (let octet = start; octet < this.#length; octet++)
      if (this.octets[octet] !== octets[at + octet - start]) return NOWHERE;
    return labels;
  }

  /** The depth of the closest zone above the name in question that the address is known to serve, or NOWHERE. */
  closestServed(history: NsHistory, address: number): number {
    const { rows } = history;
    if (address === 0 || rows.addresses.rows(address) === 0) return NOWHERE;
    return rows.addresses.zoneCount(address) <= MAX_WALKED
      ? this.#walkZones(history, address)
      : this.#tryZones(history, address);
  }

  /** Looks at the zones that the address serves. */
  #walkZones({ rows, nowMs }: NsHistory, address: number): number {
    let closest = NOWHERE;
    let last = 0;
    for (let row = rows.addresses.rows(address); row !== 0; row = rows.nextOfAddress(row)) {
      const zone = rows.zone(row);
      if (rows.expiresMs(row) <= nowMs || zone === last) continue;
      last = zone;
      closest = Math.max(closest, this.depthOf(rows.names.octetsOf(zone), rows.names.startOf(zone)));
    }
    return closest;
  }

  /** Looks at the zones above the name. */
  #tryZones(history: NsHistory, address: number): number {
    for (let depth = this.#labels; depth >= 0; depth--) {
      const zone = history.rows.names.find(this.octets, this.startOf(depth));
      if (zone !== 0 && history.serves(address, zone)) return depth;
    }
    return NOWHERE;
  }
}
