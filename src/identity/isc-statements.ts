/** A quoted word is what stands between the quotes, its escapes resolved: one character for each octet. */
export interface IscWord {
  readonly text: string;
  readonly isQuoted: boolean;
}

export interface TakeIsc {
  /** Words up to `;`, or up to `{`. `problem`: why their text cannot be trusted. */
  statement(words: readonly IscWord[], opensBlock: boolean, line: number, problem: string | undefined): void;
  /** A `}`. */
  close(line: number): void;
}

/** No statement that we read has more; the words beyond are not kept. */
const MAX_WORDS = 8;
const MAX_WORD_CHARACTERS = 1024;
const ENDS_WORD = tableOf(' \t\r\n\v\f;{}"#');
const ENDS_QUOTED = tableOf('"\\\n');
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n', b: '\b' };

/**
 * Cuts what ISC dhcpd writes into statements, from pieces of text: words and quoted texts up to `;`, blocks in braces,
 * comments from `#` to the end of the line. Octets in quotes are escaped as `\ooo`, `\"` and `\\` (dhcpd.leases(5)).
 */
export class IscStatements {
  readonly #take: TakeIsc;
  #words: IscWord[] = [];
  #word = '';
  #digits = '';
  #state: 'between' | 'word' | 'quoted' | 'escape' | 'octal' | 'comment' = 'between';
  #problem: string | undefined;
  #isWithinLine = false;
  #line: number;
  /** Of the first word of the statement. */
  #statementLine: number;

  constructor(firstLine: number, take: TakeIsc) {
    this.#line = firstLine;
    this.#statementLine = firstLine;
    this.#take = take;
  }

  /** Whether a statement or a line has begun that has not ended. */
  get isCut(): boolean {
    return this.#isWithinLine || this.#words.length > 0 || this.#problem !== undefined;
  }

  push(text: string): void {
    for (let at = 0; at < text.length; ) at = this.#advance(text, at);
    if (text !== '') this.#isWithinLine = !text.endsWith('\n');
  }

  /** Takes what belongs together from `at` on, at least one character; where it ends. */
  #advance(text: string, at: number): number {
    if (this.#state === 'comment') return this.#skipComment(text, at);
    if (this.#state === 'quoted') return this.#takeRun(text, at, ENDS_QUOTED, (end) => this.#inQuotes(text[end]!));
    if (this.#state === 'escape' || this.#state === 'octal') this.#inQuotes(text[at]!);
    else return this.#takeRun(text, at, ENDS_WORD, (end) => this.#outside(text[end]!));
    return at + 1;
  }

  /** Adds characters up to one of `ends`, which is given to `atEnd`. */
  #takeRun(text: string, at: number, ends: Uint8Array, atEnd: (end: number) => void): number {
    let end = at;
    while (end < text.length && ends[text.charCodeAt(end)] !== 1) end++;
    if (end > at) {
      if (this.#state === 'between') {
        this.#begin();
        this.#state = 'word';
      }
      this.#add(text.slice(at, end));
    }
    if (end === text.length) return end;
    atEnd(end);
    return end + 1;
  }

  #skipComment(text: string, at: number): number {
    const end = text.indexOf('\n', at);
    if (end < 0) return text.length;
    this.#state = 'between';
    this.#line++;
    return end + 1;
  }

  #inQuotes(character: string): void {
    if (character === '\n') {
      this.#problem ??= 'has a quoted text that does not end on its line';
      this.#endWord(true);
      this.#line++;
    } else if (this.#state === 'quoted') {
      if (character === '"') this.#endWord(true);
      else if (character === '\\') this.#state = 'escape';
      else this.#add(character);
    } else if (this.#state === 'escape' && !isOctal(character)) {
      this.#add(ESCAPES[character] ?? character);
      this.#state = 'quoted';
    } else if (isOctal(character)) {
      this.#digits += character;
      this.#state = 'octal';
      if (this.#digits.length === 3) this.#endOctal();
    } else {
      this.#endOctal();
      this.#inQuotes(character);
    }
  }

  #endOctal(): void {
    this.#add(String.fromCharCode(Number.parseInt(this.#digits, 8) & 0xff));
    this.#digits = '';
    this.#state = 'quoted';
  }

  /** A character that is in no word. */
  #outside(character: string): void {
    if (this.#state === 'word') this.#endWord(false);
    if (character === '\n') {
      this.#line++;
    } else if (character === '"') {
      this.#begin();
      this.#state = 'quoted';
    } else if (character === '#') {
      this.#state = 'comment';
    } else if (character === ';' || character === '{') {
      this.#begin();
      this.#endStatement(character === '{');
    } else if (character === '}') {
      if (this.#words.length > 0 || this.#problem !== undefined) {
        this.#problem ??= 'has no ; at its end';
        this.#endStatement(false);
      }
      this.#take.close(this.#line);
    }
  }

  #begin(): void {
    if (this.#words.length === 0 && this.#state === 'between' && this.#problem === undefined)
      this.#statementLine = this.#line;
  }

  #add(characters: string): void {
    if (this.#word.length + characters.length <= MAX_WORD_CHARACTERS) this.#word += characters;
    else this.#problem ??= 'has a word that is too long';
  }

  #endWord(isQuoted: boolean): void {
    if (this.#words.length < MAX_WORDS) this.#words.push({ text: this.#word, isQuoted });
    this.#word = '';
    this.#digits = '';
    this.#state = 'between';
  }

  #endStatement(opensBlock: boolean): void {
    const words = this.#words;
    const problem = this.#problem;
    this.#words = [];
    this.#problem = undefined;
    this.#take.statement(words, opensBlock, this.#statementLine, problem);
  }
}

/** 1 for each of these characters. */
function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

function isOctal(character: string): boolean {
  return character >= '0' && character <= '7';
}
