/** YAML text to a plain value that knows where each part of it stands. */
import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Pair,
  Parser,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import type { Mistake } from './config-error.ts';
import { quoted } from './quoted.ts';

/** The most mistakes of YAML itself that are told: after the first, others are often its consequence. */
const MAX_SYNTAX_MISTAKES = 5;

/** No honest configuration has more aliases, nor unfolds one more often. */
const MAX_ALIASES = 100;

/** A configuration is a map of maps of lists. */
const MAX_DEPTH = 16;
/** The longest lists that the schema takes, one member a line. */
const MAX_LEXEMES = 10_000_000;
const SECOND_DOCUMENT = 'a second document begins here: a configuration is one';
const TOO_MUCH = 'a configuration has no room for so much';
const TOO_DEEP = 'this is nested too deep for a configuration';

/** What a YAML text says. */
export interface YamlText {
  readonly value: unknown;
  /** Where the value that `path` leads to is written; where the file has no such value, what is nearest to it. */
  placeOfValue(path: readonly PropertyKey[]): Place;
  /** As placeOfValue, for the key of that value. */
  placeOfKey(path: readonly PropertyKey[]): Place;
}

/** Counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

interface Found {
  readonly offset: number;
  readonly message: string;
}

/** Reads one YAML document (YAML 1.2, core schema); gives the mistakes when it is none, and never throws. */
export function readYaml(text: string): YamlText | readonly Mistake[] {
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const read = readDocument(text, lines);
  if (!('document' in read)) return read.map(({ offset, message }) => ({ ...placeAt(offset), message }));
  const { contents } = read.document;
  return {
    value: read.value,
    placeOfValue: (path) => placeAt(offsetOf(contents, path, 'value')),
    placeOfKey: (path) => placeAt(offsetOf(contents, path, 'key')),
  };
}

function readDocument(text: string, lines: LineCounter): { document: Document; value: unknown } | readonly Found[] {
  const tokens = readTokens(text, lines);
  if (!Array.isArray(tokens)) return [tokens];
  // The library's own search for repeated keys compares each with each.
  const composer = new Composer({ lineCounter: lines, prettyErrors: false, logLevel: 'error', uniqueKeys: false });
  const [document, second] = composer.compose(tokens, true, text.length);
  const syntax = document!.errors.slice(0, MAX_SYNTAX_MISTAKES);
  if (syntax.length > 0) return syntax.map((error) => ({ offset: error.pos[0], message: explain(error) }));
  if (second !== undefined) return [{ offset: second.range[0], message: SECOND_DOCUMENT }];
  const { mistakes, firstAlias } = survey(document!);
  if (mistakes.length > 0) return mistakes;
  return unfold(document!) ?? [{ offset: firstAlias, message: 'aliases unfold to more than a configuration holds' }];
}

/** Stops at what would fill the memory, or the stack: composing goes down one call for each level. */
function readTokens(text: string, lines: LineCounter): CST.Token[] | Found {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH) return { offset: parser.offset, message: TOO_DEEP };
    if (++lexemes > MAX_LEXEMES) return { offset: parser.offset, message: TOO_MUCH };
  }
  tokens.push(...parser.end());
  return tokens;
}

function explain({ code, message }: YAMLError): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'a tab stands here: YAML is indented with spaces';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'a second ": " on this line: quote the text, or begin a new line';
    default:
      return message;
  }
}

/** Looks for what the parser does not refuse: repeated keys, aliases that stand for nothing or are too many. */
function survey(document: Document): { mistakes: Found[]; firstAlias: number } {
  const mistakes: Found[] = [];
  const anchors = new Set<string>();
  let aliases = 0;
  let firstAlias = 0;
  visit(document, (_key, node) => {
    if (isMap(node)) mistakes.push(...repeatedKeys(node));
    if (!isAlias(node)) {
      if (isNode(node) && 'anchor' in node && typeof node.anchor === 'string') anchors.add(node.anchor);
      return undefined;
    }
    const offset = node.range?.[0] ?? 0;
    if (++aliases === 1) firstAlias = offset;
    if (!anchors.has(node.source))
      mistakes.push({ offset, message: `no ${quoted(`&${node.source}`)} stands before this` });
    if (aliases <= MAX_ALIASES) return undefined;
    mistakes.push({ offset, message: `a configuration has at most ${MAX_ALIASES} aliases` });
    return visit.BREAK;
  });
  return { mistakes, firstAlias };
}

function repeatedKeys(map: YAMLMap): Found[] {
  const seen = new Set<string>();
  return map.items.flatMap(({ key }) => {
    if (!isScalar(key)) return [];
    const name = String(key.value);
    const isNew = !seen.has(name);
    seen.add(name);
    return isNew ? [] : [{ offset: key.range?.[0] ?? 0, message: `the key ${quoted(name)} stands here twice` }];
  });
}

/** Undefined when the aliases would not end, or fill the memory. */
function unfold(document: Document): { document: Document; value: unknown } | undefined {
  try {
    return { document, value: document.toJS({ maxAliasCount: MAX_ALIASES }) };
  } catch (cause) {
    if (cause instanceof ReferenceError) return undefined;
    throw cause;
  }
}

function offsetOf(contents: unknown, path: readonly PropertyKey[], wanted: 'key' | 'value'): number {
  let node = contents;
  let offset = 0;
  for (const step of path) {
    const pair = isMap(node) ? pairOf(node, step) : undefined;
    const next = isSeq(node) ? node.items[Number(step)] : pair?.value;
    const place = isSeq(node) ? next : pair?.key;
    if (!isNode(place)) return offset;
    offset = place.range?.[0] ?? offset;
    node = next;
  }
  // A value that is left out has no place of its own.
  const [start, end] = isNode(node) ? (node.range ?? [0, 0]) : [0, 0];
  return wanted === 'value' && end > start ? start : offset;
}

function pairOf(map: YAMLMap, step: PropertyKey): Pair | undefined {
  return map.items.find(({ key }) => String(key) === String(step));
}
