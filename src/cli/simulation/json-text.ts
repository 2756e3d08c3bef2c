/** JSON text (RFC 8259) to a value that knows where each part of it stands. */
import { quoted } from '../../config/quoted.ts';

/** Counted from 1. */
interface Place {
  readonly line: number;
  readonly column: number;
}

export interface JsonText {
  readonly value: unknown;
  /** Where the value that `path` leads to is written; where there is none, what is nearest to it. */
  placeOf(path: readonly PropertyKey[]): Place;
}

export interface JsonMistake extends Place {
  readonly message: string;
}

const MAX_DEPTH = 32;
const TOKEN =
  /[{}[\],:]|"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/uy;
const BLANK = /[ \t\n\r]*/y;

/** Never throws. */
export function readJson(text: string): JsonText | JsonMistake {
  const reader = new JsonReader(text);
  try {
    const value = reader.whole();
    const placeOf = (path: readonly PropertyKey[]) => {
      for (let length = path.length; ; length--) {
        const offset = reader.offsets.get(pathKey(path.slice(0, length)));
        if (offset !== undefined || length === 0) return placeAt(text, offset ?? 0);
      }
    };
    return { value, placeOf };
  } catch (error) {
    if (!(error instanceof Misreading)) throw error;
    return { ...placeAt(text, reader.offset), message: error.message };
  }
}

class Misreading extends Error {}

class JsonReader {
  readonly offsets = new Map<string, number>();
  readonly #text: string;
  readonly #path: (string | number)[] = [];
  #token = '';
  /** Where the token begins, and the next one. */
  #start = 0;
  #next = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get offset(): number {
    return this.#start;
  }

  whole(): unknown {
    this.#step();
    const value = this.#value();
    if (this.#token !== '') throw new Misreading(`want nothing more, and not ${quoted(this.#token)}`);
    return value;
  }

  #value(): unknown {
    this.offsets.set(pathKey(this.#path), this.#start);
    const token = this.#token;
    if (token === '{') return this.#object();
    if (token === '[') return this.#array();
    if (token === '' || /^[}\],:]/.test(token)) throw this.#wanted('a value');
    this.#step();
    return JSON.parse(token);
  }

  #object(): unknown {
    const members = new Map<string, unknown>();
    this.#items('}', () => {
      if (!this.#token.startsWith('"')) throw this.#wanted('a name in quotation marks');
      const key = JSON.parse(this.#token) as string;
      if (members.has(key)) throw new Misreading(`${quoted(key)} stands here twice`);
      this.#step();
      this.#take(':');
      members.set(key, this.#inside(key));
    });
    return Object.fromEntries(members);
  }

  #array(): unknown {
    const items: unknown[] = [];
    this.#items(']', () => items.push(this.#inside(items.length)));
    return items;
  }

  #items(end: string, item: () => void): void {
    this.#step();
    if (this.#token !== end) {
      item();
      while (this.#token === ',') {
        this.#step();
        item();
      }
    }
    if (this.#token !== end) throw this.#wanted(`"," or "${end}"`);
    this.#step();
  }

  #inside(step: string | number): unknown {
    this.#path.push(step);
    if (this.#path.length > MAX_DEPTH) throw new Misreading('this is nested too deep');
    const value = this.#value();
    this.#path.pop();
    return value;
  }

  #take(token: string): void {
    if (this.#token !== token) throw this.#wanted(`"${token}"`);
    this.#step();
  }

  #wanted(what: string): Misreading {
    return new Misreading(`want ${what}, and ${this.#token === '' ? 'the text ends' : `not ${quoted(this.#token)}`}`);
  }

  /** Goes to the next token; none at the end. */
  #step(): void {
    BLANK.lastIndex = this.#next;
    BLANK.exec(this.#text);
    this.#start = BLANK.lastIndex;
    TOKEN.lastIndex = this.#start;
    const token = TOKEN.exec(this.#text)?.[0];
    if (token === undefined && this.#start < this.#text.length) throw new Misreading('this is no JSON');
    this.#token = token ?? '';
    this.#next = this.#start + this.#token.length;
  }
}

function pathKey(path: readonly PropertyKey[]): string {
  return JSON.stringify(path);
}

function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
