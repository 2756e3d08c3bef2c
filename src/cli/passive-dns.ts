/**
 * A history in the Common Output Format of passive DNS (draft-dulaunoy-dnsop-passive-dns-cof): a JSON object a line for each
 * record, here NS records of zones and A and AAAA records of their name servers. Times are seconds since the epoch. What the
 * format has no field for stands in fields of our own, which begin with `x_gluewall_` and may be missing.
 */
import { z } from 'zod';
import { formatAddress, isIpv4, parseAddress } from '../core/address.ts';
import { canonicalName, formatName, parseName } from '../dns/name.ts';
import { TRUSTS, type Trust } from '../nsdb/ns-triple.ts';
import { formatInstant } from '../services/instant.ts';
import type { TripleView } from '../services/triple-view.ts';
import type { NumberedRow, RowDefaults } from './history-rows.ts';

/** Triples of one zone and name server that are put together before they are written. */
const MAX_GROUP = 256;

/**
 * The lines of triples, the NS record of those that follow one another once for all. A record may come again further down, with
 * the times of other triples.
 */
export async function* composeCof(triples: AsyncIterable<TripleView>): AsyncGenerator<string, void> {
  let group: TripleView[] = [];
  for await (const triple of triples) {
    const [first] = group;
    const isSame = first?.zone === triple.zone && first.nameServer === triple.nameServer;
    if (!isSame || group.length === MAX_GROUP) {
      yield composeGroup(group);
      group = [];
    }
    group.push(triple);
  }
  yield composeGroup(group);
}

function composeGroup(group: readonly TripleView[]): string {
  const [first] = group;
  if (first === undefined) return '';
  const ns = composeLine(first.zone, 'NS', first.nameServer, group);
  const addresses = group.map((triple) => {
    const type = triple.address.includes(':') ? 'AAAA' : 'A';
    return composeLine(triple.nameServer, type, triple.address, [triple]);
  });
  return [ns, ...addresses].join('');
}

/** ISO 8601 in UTC sorts as the times do. */
function composeLine(rrname: string, rrtype: string, rdata: string, triples: readonly TripleView[]): string {
  const least = (texts: readonly string[]) => texts.reduce((a, b) => (a < b ? a : b));
  const most = (texts: readonly string[]) => texts.reduce((a, b) => (a > b ? a : b));
  const trusts = triples.map(({ trust }) => TRUSTS.indexOf(trust as Trust));
  const line = {
    rrname,
    rrtype,
    rdata,
    time_first: seconds(least(triples.map(({ firstSeen }) => firstSeen))),
    time_last: seconds(most(triples.map(({ lastSeen }) => lastSeen))),
    count: Math.max(...triples.map(({ sightings }) => sightings)),
    x_gluewall_trust: TRUSTS[Math.max(...trusts)],
    x_gluewall_expires: seconds(most(triples.map(({ expires, lastSeen }) => expires ?? lastSeen))),
  };
  return `${JSON.stringify(line)}\n`;
}

function seconds(instant: string): number {
  return Math.floor(Date.parse(instant) / 1000);
}

/** NS and address records that are held at once until all have been read; some hundred octets each. */
export const MAX_COF_RECORDS = 1_000_000;
/** The end of the last year of four digits. */
const MAX_SECONDS = 253_402_300_799;

/** Some write numbers as text. */
const whole = z.union([
  z.int(),
  z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number),
]);
const time = whole.pipe(z.int().min(0).max(MAX_SECONDS));

const cofRecord = z.object({
  rrname: z.string(),
  rrtype: z.union([z.string(), z.int().transform(String)]),
  rdata: z.union([z.string().transform((text) => [text]), z.array(z.string()).max(1000)]),
  time_first: time.optional(),
  time_last: time.optional(),
  zone_time_first: time.optional(),
  zone_time_last: time.optional(),
  count: whole.pipe(z.int().min(0)).optional(),
  x_gluewall_trust: z.enum(TRUSTS).optional(),
  x_gluewall_expires: time.optional(),
});

/** What is said of one record. Times in seconds. */
interface Sightings {
  readonly line: number;
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly trust: Trust;
  readonly expires: number | undefined;
}

export interface CofCounts {
  /** Records of other types. */
  others: number;
  /** Records beyond MAX_COF_RECORDS. */
  noRoom: number;
  /** NS records whose server has no address in the file. */
  noAddress: number;
}

type Records = Map<string, Map<string, Sightings>>;

const TYPES: Readonly<Record<string, 'NS' | 'A' | 'AAAA'>> = {
  NS: 'NS',
  TYPE2: 'NS',
  2: 'NS',
  A: 'A',
  TYPE1: 'A',
  1: 'A',
  AAAA: 'AAAA',
  TYPE28: 'AAAA',
  28: 'AAAA',
};

/**
 * Joins the NS records of a file to the address records of the same file, in whatever order they stand: all are read first, and
 * at most `maxRecords` held. Lines that are bad come with what is wrong with them. `lines` have the JSON of each line,
 * undefined where there is none.
 */
export async function* cofRows(
  lines: AsyncIterable<NumberedRow>,
  defaults: RowDefaults,
  counts: CofCounts,
  maxRecords = MAX_COF_RECORDS,
): AsyncGenerator<NumberedRow, void> {
  const table = new CofTable(counts, maxRecords);
  for await (const { line, row } of lines) {
    const problem = row === undefined ? 'no JSON' : table.add(line, row);
    if (problem !== undefined) yield { line, row: undefined, problem };
  }
  yield* table.rows(defaults);
}

class CofTable {
  readonly #counts: CofCounts;
  readonly #maxRecords: number;
  /** By zone, then name server. */
  readonly #delegations: Records = new Map();
  /** By name, then address. */
  readonly #addresses: Records = new Map();
  #size = 0;

  constructor(counts: CofCounts, maxRecords: number) {
    this.#counts = counts;
    this.#maxRecords = maxRecords;
  }

  /** Says what is wrong with the line. */
  add(line: number, json: unknown): string | undefined {
    const read = cofRecord.safeParse(json);
    if (!read.success) {
      const { path, message } = read.error.issues[0]!;
      return `${path.join('.') || 'the row'}: ${message}`;
    }
    const record = read.data;
    const type = TYPES[record.rrtype.toUpperCase()];
    if (type === undefined) {
      this.#counts.others++;
      return undefined;
    }
    const name = canonicalText(record.rrname);
    if (name === undefined) return `rrname: "${record.rrname}" is no domain name`;
    const first = record.time_first ?? record.zone_time_first;
    const last = record.time_last ?? record.zone_time_last;
    if (first === undefined || last === undefined)
      return `${first === undefined ? 'time_first' : 'time_last'}: is missing`;
    if (first > last) return 'time_last: is before time_first';
    const { count = 1, x_gluewall_trust: trust = 'unverified', x_gluewall_expires: expires } = record;
    for (const text of record.rdata) {
      const data = type === 'NS' ? canonicalText(text) : addressText(text, type);
      if (data === undefined)
        return `rdata: "${text}" is no ${type === 'NS' ? 'domain name' : `address of type ${type}`}`;
      const sightings = { line, first, last, count: Math.max(1, count), trust, expires };
      this.#put(type === 'NS' ? this.#delegations : this.#addresses, name, data, sightings);
    }
    return undefined;
  }

  *rows(defaults: RowDefaults): Generator<NumberedRow, void> {
    for (const [zone, nameServers] of this.#delegations) {
      for (const [nameServer, delegation] of nameServers) {
        const addresses = this.#addresses.get(nameServer);
        if (addresses === undefined) this.#counts.noAddress++;
        for (const [address, sightings] of addresses ?? []) {
          const row = { zone, nameServer, address, ...joined(delegation, sightings, defaults) };
          yield { line: delegation.line, row };
        }
      }
    }
  }

  #put(records: Records, name: string, data: string, sightings: Sightings): void {
    const held = records.get(name);
    const before = held?.get(data);
    if (before !== undefined) held!.set(data, merged(before, sightings));
    else if (this.#size >= this.#maxRecords) this.#counts.noRoom++;
    else {
      this.#size++;
      if (held === undefined) records.set(name, new Map([[data, sightings]]));
      else held.set(data, sightings);
    }
  }
}

/** The same record in two lines. */
function merged(a: Sightings, b: Sightings): Sightings {
  const expires = a.expires === undefined || b.expires === undefined ? undefined : Math.max(a.expires, b.expires);
  return {
    line: a.line,
    first: Math.min(a.first, b.first),
    last: Math.max(a.last, b.last),
    count: Math.max(a.count, b.count),
    trust: TRUSTS[Math.max(TRUSTS.indexOf(a.trust), TRUSTS.indexOf(b.trust))]!,
    expires,
  };
}

/** A triple holds while both of its records do, and is believed as far as the one that is believed less. */
function joined(a: Sightings, b: Sightings, defaults: RowDefaults) {
  const last = instantOf(Math.min(a.last, b.last));
  const said = [a.expires, b.expires].filter((expires) => expires !== undefined);
  const first = Math.min(Math.max(a.first, b.first), Math.min(a.last, b.last));
  return {
    trust: TRUSTS[Math.min(TRUSTS.indexOf(a.trust), TRUSTS.indexOf(b.trust))],
    sightings: Math.min(a.count, b.count),
    firstSeen: instantOf(first),
    lastSeen: last,
    expires: said.length === 2 ? instantOf(Math.min(...said)) : defaults.expires(last),
    taughtBy: null,
  };
}

function instantOf(atSeconds: number): string {
  return formatInstant(atSeconds * 1000)!;
}

function canonicalText(text: string): string | undefined {
  const name = parseName(text);
  return name === undefined ? undefined : formatName(canonicalName(name));
}

function addressText(text: string, type: 'A' | 'AAAA'): string | undefined {
  const address = parseAddress(text);
  return address !== undefined && isIpv4(address) === (type === 'A') ? formatAddress(address) : undefined;
}
