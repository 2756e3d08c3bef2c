import { type Name, parseName } from '../../src/dns/name.ts';
import { ExchangeBook } from '../../src/querylog/exchange-book.ts';
import type { LogFormat, LogReader, ReaderParts, RecordOutcome } from '../../src/querylog/log-reader.ts';

/**
 * A format for tests, as small as one can be: `MILLISECONDS NAME` is a query, `MILLISECONDS NAME ?` one that waits for its
 * response, `MILLISECONDS NAME = CODE` the response, `# …` something else.
 */
export const lineLog: LogFormat = {
  name: 'line-log',
  title: 'lines of a test',
  framing: 'lines',
  create: (parts) => new LineLogReader(parts),
};

class LineLogReader implements LogReader {
  readonly #parts: ReaderParts;
  readonly #book: ExchangeBook;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#book = new ExchangeBook(parts.entries, parts.openRoom);
  }

  read(octets: Buffer, start: number, end: number): RecordOutcome {
    const text = octets.toString('latin1', start, end);
    if (text.startsWith('#')) return 'other';
    const [stamp = '', name = '', mark, code] = text.split(' ');
    if (!/^-?\d+$/.test(stamp)) return { refused: 'no line of this log' };
    const parsed = parseName(name);
    if (parsed === undefined) return { refused: 'no name' };
    const atMs = this.#parts.time.instant(Number(stamp));
    if (typeof atMs === 'string') return { refused: atMs };
    if (mark === '=') this.#respond(name, Number(code));
    else if (mark === '?') this.#book.add(name, entryOf(atMs, parsed));
    else this.#parts.entries.add(entryOf(atMs, parsed));
    return 'taken';
  }

  settle(): void {
    this.#book.settle();
  }

  state(): string {
    return JSON.stringify(this.#book.state());
  }

  resume(state: string): void {
    this.#book.resume(JSON.parse(state));
  }

  #respond(name: string, code: number): void {
    const open = this.#book.find(name);
    if (open === undefined) return;
    open.responseCode = code;
    this.#book.finish(name);
  }
}

function entryOf(atMs: number, name: Name) {
  return {
    atMs,
    name,
    type: 1,
    class: 1,
    client: undefined,
    clientPort: undefined,
    server: undefined,
    role: undefined,
    responseCode: undefined,
    answers: [],
    mark: undefined,
  };
}
