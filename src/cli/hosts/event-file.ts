import { StringDecoder } from 'node:string_decoder';
import { GluewallError } from '../../core/errors.ts';
import { type EventLine, parseEventLine } from '../../correlation/events/event-line.ts';
import { ImportSource } from '../query-log/import-source.ts';
import { ReadingProgress } from '../reading-progress.ts';
import { readJson } from '../simulation/json-text.ts';

/** A line of it is an object of some twenty values, and not a file of its own. */
const MAX_LINE_CHARACTERS = 64 * 1024;
const MAX_UNKNOWN_KEYS = 20;

/** A file of host events, one JSON object in each line (docs/evaluation.md); gzip is unpacked. */
export class EventFile {
  readonly name: string;
  /** Keys that were left out since nobody knows them: the first MAX_UNKNOWN_KEYS. */
  readonly unknownKeys = new Set<string>();
  readonly #source: ImportSource;
  readonly #progress: ReadingProgress;
  #lines = 0;

  private constructor(source: ImportSource) {
    this.name = source.name;
    this.#source = source;
    this.#progress = new ReadingProgress(source.name, source.sizeBytes);
  }

  /** `-` is standard input. Rejects with GluewallError `log-file` when it cannot be read. */
  static async open(path: string): Promise<EventFile> {
    return new EventFile(await ImportSource.open(path));
  }

  /** What its lines say, some at a time. Rejects with GluewallError `event-file` at the first that cannot be read. */
  async *portions(): AsyncGenerator<readonly EventLine[], void> {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    try {
      for await (const octets of this.#source.octets()) {
        const texts = (rest + decoder.write(octets)).split('\n');
        rest = texts.pop() ?? '';
        if (rest.length > MAX_LINE_CHARACTERS) throw this.#tooLong(this.#lines + texts.length + 1);
        yield this.#read(texts);
        this.#progress.report(this.#source.readBytes);
      }
      if (rest !== '') yield this.#read([rest]);
    } finally {
      await this.close();
    }
  }

  /** Safe twice, and behind `portions`. */
  async close(): Promise<void> {
    this.#progress.stop();
    await this.#source.close();
  }

  #read(texts: readonly string[]): readonly EventLine[] {
    const lines: EventLine[] = [];
    for (const text of texts) {
      this.#lines++;
      if (text.length > MAX_LINE_CHARACTERS) throw this.#tooLong(this.#lines);
      if (text.trim() === '') continue;
      const line = parseEventLine(this.#lines === 1 ? text.replace(/^\uFEFF/, '') : text, (key) => this.#leaveOut(key));
      if ('problem' in line) throw this.#wrong(text, line);
      lines.push(line);
    }
    return lines;
  }

  #leaveOut(key: string): void {
    if (this.unknownKeys.size < MAX_UNKNOWN_KEYS) this.unknownKeys.add(key.slice(0, 100));
  }

  #tooLong(line: number): GluewallError {
    return new GluewallError('event-file', `${this.name}:${line}: is longer than ${MAX_LINE_CHARACTERS} characters`);
  }

  /** Reads the line once more, slower, to say where in it the mistake is. */
  #wrong(
    text: string,
    fault: { readonly path: readonly (string | number)[]; readonly problem: string },
  ): GluewallError {
    const json = readJson(text);
    const place = 'value' in json ? json.placeOf(fault.path) : json;
    const problem = 'value' in json ? fault.problem : json.message;
    const key = fault.path.length === 0 ? '' : `"${fault.path[0]}": `;
    const where = `${this.name}:${this.#lines}:${place.column}`;
    return new GluewallError(
      'event-file',
      `${where}: ${key}${problem}; docs/evaluation.md says what a line is made of`,
    );
  }
}
