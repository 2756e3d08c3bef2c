/** STIX patterns (STIX 2.1 §9), as far as one comparison alone decides. */

/** `path` is `value`, or one of a set or within a network, which is the same to who lists each value. */
export interface Comparison {
  readonly kind: 'comparison';
  /** Such as `ipv4-addr:value`. */
  readonly path: string;
  readonly operator: '=' | 'ISSUBSET';
  readonly value: string;
}

/** Something that is fulfilled only together with something else, or that compares in another way. */
export interface Conjunction {
  readonly kind: 'other';
}

export type Alternative = Comparison | Conjunction;

const MAX_PATTERN_CHARACTERS = 65_536;
const MAX_TOKENS = 16_384;
const MAX_DEPTH = 32;

const TOKEN =
  /\s*(?:('(?:[^'\\]|\\.)*')|([A-Za-z][\w-]*:(?:[\w.*-]|'[^']*'|\[[\d*]+\])+)|(!=|<=|>=|[[\]()=<>,])|([A-Za-z_][\w-]*)|([-+]?\d+(?:\.\d+)?)|(\S))/gsy;
/** What stands behind an observation and asks for more than it. */
const QUALIFIERS = new Set(['WITHIN', 'START', 'STOP', 'REPEATS']);
const OTHER: Conjunction = { kind: 'other' };

/**
 * What a pattern consists of when it is read as alternatives, each of which fulfils it alone. Undefined for what is no
 * pattern, or one larger than anything we take.
 */
export function readStixPattern(text: string): readonly Alternative[] | undefined {
  if (text.length > MAX_PATTERN_CHARACTERS) return undefined;
  const tokens: string[] = [];
  for (const [token] of text.trim().matchAll(TOKEN)) {
    tokens.push(token.trim());
    // A text that nothing ends: for every further quote its end would be looked for, too.
    if (tokens.at(-1) === "'" || tokens.length > MAX_TOKENS) return undefined;
  }
  const reader = new PatternReader(tokens);
  const alternatives = reader.observations(0);
  return alternatives !== undefined && reader.isAtEnd ? alternatives : undefined;
}

/** Each method gives the alternatives of what it read, undefined when that is not there. */
class PatternReader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  /** Observations joined by OR; others need several of them. */
  observations(depth: number): Alternative[] | undefined {
    return this.#joined(['AND', 'FOLLOWEDBY', 'OR'], () => this.#observation(depth + 1));
  }

  #observation(depth: number): Alternative[] | undefined {
    if (depth > MAX_DEPTH) return undefined;
    const close = this.#take('[') ? ']' : this.#take('(') ? ')' : undefined;
    if (close === undefined) return undefined;
    const alternatives = close === ']' ? this.#comparisons(depth) : this.observations(depth);
    if (alternatives === undefined || !this.#take(close)) return undefined;
    return this.#skipQualifiers() ? [OTHER] : alternatives;
  }

  /** True when there was one. */
  #skipQualifiers(): boolean {
    const start = this.#at;
    while (QUALIFIERS.has(this.#peek())) {
      this.#at++;
      while (!this.isAtEnd && !this.#endsQualifier(this.#peek())) this.#at++;
    }
    return this.#at > start;
  }

  #endsQualifier(token: string): boolean {
    return QUALIFIERS.has(token) || ['AND', 'OR', 'FOLLOWEDBY', ')', '[', '('].includes(token);
  }

  /** Comparisons joined by OR; of those joined by AND none decides alone. */
  #comparisons(depth: number): Alternative[] | undefined {
    return this.#joined(['AND', 'OR'], () => this.#comparison(depth + 1));
  }

  /** AND binds closer than OR. */
  #joined(words: readonly string[], part: () => Alternative[] | undefined): Alternative[] | undefined {
    const all: Alternative[] = [];
    let group = part();
    while (group !== undefined && words.includes(this.#peek())) {
      const word = this.#tokens[this.#at++]!;
      const next = part();
      if (next === undefined) return undefined;
      if (word === 'OR') {
        all.push(...group);
        group = next;
      } else group = [OTHER];
    }
    if (group === undefined) return undefined;
    all.push(...group);
    return all;
  }

  #comparison(depth: number): Alternative[] | undefined {
    if (depth > MAX_DEPTH) return undefined;
    if (this.#take('(')) {
      const inner = this.#comparisons(depth);
      return inner !== undefined && this.#take(')') ? inner : undefined;
    }
    const isNegatedAll = this.#take('NOT');
    if (this.#take('EXISTS')) return this.#path() === undefined ? undefined : [OTHER];
    const path = this.#path();
    if (path === undefined) return undefined;
    const isNegated = this.#take('NOT') || isNegatedAll;
    const operator = this.#tokens[this.#at++] ?? '';
    const values = operator === 'IN' ? this.#set() : this.#value();
    if (values === undefined || !OPERATORS.has(operator)) return undefined;
    if (isNegated || (operator !== '=' && operator !== 'IN' && operator !== 'ISSUBSET')) return [OTHER];
    const kept = operator === 'ISSUBSET' ? 'ISSUBSET' : '=';
    return values.map((value) => (value === undefined ? OTHER : { kind: 'comparison', path, operator: kept, value }));
  }

  #path(): string | undefined {
    const token = this.#peek();
    if (!/^[A-Za-z][\w-]*:/.test(token)) return undefined;
    this.#at++;
    return token;
  }

  /** Of each literal its text; undefined for those that are no text. */
  #value(): (string | undefined)[] | undefined {
    const token = this.#tokens[this.#at++];
    if (token === undefined) return undefined;
    if (token.startsWith("'")) return [token.slice(1, -1).replace(/\\(.)/gs, '$1')];
    if (!/^(?:[-+]?\d|true$|false$|[tbh]$)/.test(token)) return undefined;
    // A time, or octets: t'…', b'…', h'…'.
    if (/^[tbh]$/.test(token)) this.#at++;
    return [undefined];
  }

  #set(): (string | undefined)[] | undefined {
    if (!this.#take('(')) return undefined;
    const values: (string | undefined)[] = [];
    do {
      const value = this.#value();
      if (value === undefined) return undefined;
      values.push(...value);
    } while (this.#take(','));
    return this.#take(')') ? values : undefined;
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? '';
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }
}

const OPERATORS = new Set(['=', '!=', '<', '>', '<=', '>=', 'IN', 'LIKE', 'MATCHES', 'ISSUBSET', 'ISSUPERSET']);
