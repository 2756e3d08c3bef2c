import type { TimeSource } from '../core/clock.ts';
import type { NsHistory } from './ns-history.ts';
import { MARK, TRUST, trustOf } from './row-state.ts';
import { MAX_ADDRESSES, MAX_JOINED_ZONES } from './rules/caps.ts';
import { emptySighting, type Sighting } from './sighting.ts';

/** An address record that answers a question for a name server's own name; numbers of the history's tables. */
export interface AddressAnswer {
  readonly nameServer: number;
  readonly address: number;
  readonly ttlSeconds: number;
  /** A place in TRUSTS. */
  readonly trust: number;
  readonly teacher: number;
  readonly atMs: number;
}

const NONE = 0;
/** Rows of one name server that are looked through. */
const MAX_WALKED_ROWS = 4096;

/**
 * Addresses that come apart from their NS records, as they do for delegations without glue (RFC 9471): an address answer for a
 * name server's name completes the NS records that name it, and renews the rows that have the address already.
 */
export class AddressAnswers {
  readonly #clock: TimeSource;
  readonly #history: NsHistory;
  readonly #waitMs: number;
  readonly #sighting = emptySighting();

  /** An NS record takes addresses for as long as it holds, and not for more than `waitMs`. */
  constructor(clock: TimeSource, history: NsHistory, waitMs: number) {
    this.#clock = clock;
    this.#history = history;
    this.#waitMs = waitMs;
  }

  /**
   * Joins the answer to all NS records that name its name server: how many triples that made, how many of them new, and how
   * many rows were left out because there are too many.
   */
  join(answer: AddressAnswer): { joined: number; fresh: number; leftOut: number } {
    const { rows } = this.#history;
    const found: number[] = [];
    const zones = new Set<number>();
    let row = rows.names.serverRows(answer.nameServer);
    // Rows that take nothing any more, of which anybody can make many, must not hide those behind them.
    for (let steps = 0; row !== NONE && steps < MAX_WALKED_ROWS; steps++, row = rows.nextOfServer(row)) {
      if (found.length === MAX_JOINED_ZONES) break;
      if (zones.has(rows.zone(row)) || !this.#stillTakes(row, answer.atMs)) continue;
      zones.add(rows.zone(row));
      found.push(row);
    }
    const outcome = { joined: 0, fresh: 0, leftOut: row === NONE ? 0 : 1 };
    for (const each of found) {
      // An earlier one may have pushed it out.
      if (!rows.has(each) || rows.nameServer(each) !== answer.nameServer) continue;
      const taking = this.#learn(each, answer);
      if (taking === 'new' || taking === 'seen') outcome.joined++;
      if (taking === 'new') outcome.fresh++;
    }
    return outcome;
  }

  /**
   * Gives an NS record without glue the addresses by which other zones know its name server well; returns how many triples that
   * made.
   */
  lendAddresses(glueless: Sighting): number {
    if (this.#waitMs !== Number.POSITIVE_INFINITY) return 0;
    const { rows } = this.#history;
    const nowMs = this.#clock.nowMs();
    const found: number[] = [];
    let row = rows.names.serverRows(glueless.nameServer);
    for (let steps = 0; row !== NONE && steps < MAX_WALKED_ROWS; steps++, row = rows.nextOfServer(row)) {
      const isWellKnown = trustOf(rows.state(row)) >= TRUST.REFERRAL && rows.expiresMs(row) > nowMs;
      const isOther = rows.address(row) !== NONE && rows.zone(row) !== glueless.zone;
      if (isWellKnown && isOther && found.length < MAX_ADDRESSES) found.push(row);
    }
    let fresh = 0;
    for (const lender of found) {
      if (!rows.has(lender) || rows.nameServer(lender) !== glueless.nameServer) continue;
      const trust = Math.min(glueless.trust, trustOf(rows.state(lender)));
      const untilMs = Math.min(glueless.untilMs, rows.expiresMs(lender));
      const glueTtlSeconds = rows.glueTtlSeconds(lender);
      const lent = { ...glueless, address: rows.address(lender), glueTtlSeconds, trust, untilMs, isByParent: false };
      if (this.#history.learn(lent) === 'new') fresh++;
    }
    return fresh;
  }

  #stillTakes(row: number, atMs: number): boolean {
    const { rows } = this.#history;
    if (rows.queryName(row) === NONE || (rows.state(row) & MARK.PAST) !== 0) return false;
    const responseMs = rows.responseMs(row);
    const untilMs = this.#history.holdsUntilMs(responseMs, rows.nsTtlSeconds(row));
    return atMs <= Math.min(untilMs, responseMs + this.#waitMs);
  }

  #learn(row: number, { address, ttlSeconds, trust, teacher, atMs }: AddressAnswer) {
    const { rows } = this.#history;
    const sighting = this.#sighting;
    sighting.zone = rows.zone(row);
    sighting.nameServer = rows.nameServer(row);
    sighting.address = address;
    sighting.nsTtlSeconds = rows.nsTtlSeconds(row);
    sighting.glueTtlSeconds = ttlSeconds;
    sighting.trust = Math.min(trustOf(rows.state(row)), trust);
    sighting.teacher = teacher;
    sighting.queryMs = rows.queryMs(row);
    sighting.queryId = rows.queryId(row);
    sighting.responseMs = rows.responseMs(row);
    sighting.seenMs = atMs;
    sighting.queryOctets = rows.names.octetsOf(rows.queryName(row));
    sighting.queryNameAt = rows.names.startOf(rows.queryName(row));
    return this.#history.learn(sighting);
  }
}
