import { KnownPrefixes } from '../known-prefixes.ts';
import { takePrefix } from '../line-prefix.ts';
import type { LogFormat, LogReader, ReaderParts, RecordOutcome } from '../log-reader.ts';
import { readState, writeState } from '../reader-state.ts';
import { type MessageParser, matchAt, parseBindLine } from './bind-line.ts';
import { BindOctets } from './bind-octets.ts';
import { ToldQueries } from './told-queries.ts';

/** The query log of BIND 9, its response log, and what it says of queries that it refused. */
export const bindFormat: LogFormat = {
  name: 'bind',
  title: 'BIND 9 query log',
  framing: 'lines',
  create: (parts) => new BindReader(parts),
};

/** What stands between the time and the client: category and severity, each maybe. */
const CATEGORY = /(?:[\w-]{1,64}(?: \d{1,2})?: ){0,3}(?=client )/y;
const CLIENT = 'client ';

/** Reads what named writes, to files or to syslog. */
export class BindReader implements LogReader {
  readonly #parts: ReaderParts;
  readonly #parser: MessageParser | undefined;
  readonly #queries: ToldQueries;
  readonly #prefixes = new KnownPrefixes();
  readonly #common: BindOctets;

  /** `parser`: reads what else the server says than BIND does. */
  constructor(parts: ReaderParts, parser?: MessageParser) {
    this.#parts = parts;
    this.#parser = parser;
    this.#queries = new ToldQueries(parts.entries, parts.openRoom);
    this.#common = new BindOctets(parts);
  }

  read(octets: Buffer, start: number, end: number): RecordOutcome {
    const prefixOctets = this.#prefixes.match(octets, start, end);
    if (prefixOctets === 0) return this.#readWhole(octets.toString('latin1', start, end));
    const told = this.#common.read(octets, start + prefixOctets, end);
    if (told !== undefined) return this.#takeCommon(told);
    return this.#readText(octets.toString('latin1', start, end), prefixOctets - CLIENT.length, this.#prefixes.atMs);
  }

  settle(): void {
    this.#queries.settle();
  }

  state(): string {
    return writeState(this.#queries.state());
  }

  resume(state: string): void {
    this.#queries.resume(readState(state));
  }

  #takeCommon(told: 'query' | 'response'): RecordOutcome {
    const { fields, wire, nameOctets } = this.#common;
    fields.atMs = this.#prefixes.atMs;
    if (told === 'query' && this.#queries.isDirect(fields.atMs))
      this.#parts.entries.addNamed(fields, wire, 0, nameOctets);
    else this.#queries.add({ told, entry: this.#common.entry() });
    return 'taken';
  }

  #readWhole(line: string): RecordOutcome {
    const { atMs, program, rest } = takePrefix(line, this.#parts.time);
    const category = matchAt(CATEGORY, rest, 0);
    if (category === undefined) {
      return typeof atMs === 'number' || program !== undefined ? 'other' : { refused: 'no line of a name server' };
    }
    const bodyAt = line.length - rest.length + category[0].length;
    if (typeof atMs === 'number') this.#prefixes.learn(line.slice(0, bodyAt + CLIENT.length), atMs);
    return this.#readText(line, bodyAt, atMs ?? this.#parts.time.unsaid());
  }

  /** From `client` on. */
  #readText(line: string, bodyAt: number, atMs: number | string): RecordOutcome {
    const outcome = parseBindLine(line, bodyAt, Number(atMs), this.#parts, this.#parser);
    if (typeof outcome === 'string' || 'refused' in outcome) return outcome;
    if (typeof atMs === 'string') return { refused: atMs };
    this.#queries.add(outcome);
    return 'taken';
  }
}
