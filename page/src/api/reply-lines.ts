/** One line of an answer that comes in lines of JSON, as the control socket speaks them too. */
export type ReplyLine =
  | { readonly kind: 'item'; readonly item: unknown }
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  /** What is no such line: the answer cannot be read any further. */
  | { readonly kind: 'nonsense'; readonly message: string };

/** A line longer than this is not waited for: the largest case is far below it. */
export const MAX_LINE_CHARACTERS = 8 * 1024 * 1024;

/** Makes lines of octets that come in any pieces. The last line may lack its line feed. */
export class ReplyLines {
  readonly #decoder = new TextDecoder();
  #rest = '';

  /** The lines that these octets end. */
  push(octets: Uint8Array): readonly ReplyLine[] {
    return this.#take(this.#decoder.decode(octets, { stream: true }));
  }

  /** What is left when no more octets come. */
  end(): readonly ReplyLine[] {
    return this.#take(`${this.#decoder.decode()}\n`);
  }

  #take(text: string): readonly ReplyLine[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    const read = lines.filter((line) => line.trim() !== '').map(readLine);
    if (this.#rest.length <= MAX_LINE_CHARACTERS) return read;
    this.#rest = '';
    return [...read, { kind: 'nonsense', message: 'a line of the answer is longer than any that gluewall sends' }];
  }
}

function readLine(line: string): ReplyLine {
  const nonsense: ReplyLine = { kind: 'nonsense', message: 'a line of the answer is not what gluewall sends' };
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return nonsense;
  }
  if (!isObject(json)) return nonsense;
  if ('item' in json) return { kind: 'item', item: json.item };
  if (json.ok === true) return { kind: 'result', result: json.result };
  const error = json.error;
  if (json.ok !== false || !isObject(error)) return nonsense;
  const { code, message } = error;
  return typeof code === 'string' && typeof message === 'string' ? { kind: 'refused', code, message } : nonsense;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
