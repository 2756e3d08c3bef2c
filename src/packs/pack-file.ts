/** The files of packs: lines that are pleasant to compare, each entry below its source. */
import type { Entry } from './entry.ts';
import { formatEntry, MAX_LINE_CHARACTERS, parseEntry, quote } from './entry.ts';

/** Entries with one source. */
export interface PackSection {
  readonly title: string;
  /** Where what follows was published. */
  readonly sources: readonly string[];
  /** When it was last compared with the source: YYYY-MM-DD. */
  readonly checked: string;
  readonly entries: readonly PackLine[];
}

export interface PackLine {
  readonly line: number;
  readonly entry: Entry;
}

export interface PackFile {
  readonly name: string;
  readonly about: string;
  readonly sections: readonly PackSection[];
}

/** The end of the name of such a file; what is before it is the name of the pack. */
export const PACK_SUFFIX = '.pack';
const MAX_LINES = 20_000;
const MAX_PROBLEMS = 20;

interface OpenSection {
  readonly title: string;
  readonly line: number;
  readonly sources: string[];
  checked: string | undefined;
  readonly entries: PackLine[];
}

/**
 * Reads the text of a pack. Lines: `about TEXT`; `[TITLE]` begins a section, in which `source TEXT` (once or more) and
 * `checked YYYY-MM-DD` come before the entries, one a line; `#` after a space or at the beginning of a line begins a comment.
 * Gives every mistake, up to a number, as `FILE:LINE: problem, and what to do`; a file with a mistake is no pack.
 */
export function parsePackFile(text: string, name: string, file: string): PackFile | readonly string[] {
  const reader = new PackReader(file);
  const lines = text.split(/\r?\n/);
  if (lines.length > MAX_LINES)
    return [`${file}: more than ${MAX_LINES} lines; make it a list (lists: in gluewall.yaml)`];
  for (const [index, line] of lines.entries()) reader.read(line, index + 1);
  return reader.finish(name);
}

class PackReader {
  readonly #file: string;
  readonly #problems: string[] = [];
  readonly #sections: OpenSection[] = [];
  readonly #lineOf = new Map<string, number>();
  #about: string | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  read(text: string, line: number): void {
    if (text.length > MAX_LINE_CHARACTERS) {
      this.#refuse(line, `longer than ${MAX_LINE_CHARACTERS} characters; break it up`);
      return;
    }
    const bare = text.replace(/(?:^|\s)#.*$/, '').trim();
    if (bare === '') return;
    const problem = bare.startsWith('[') ? this.#readTitle(bare, line) : this.#readLine(bare, line);
    if (problem !== undefined) this.#refuse(line, problem);
  }

  finish(name: string): PackFile | readonly string[] {
    this.#closeSection();
    if (this.#about === undefined) this.#refuse(1, 'does not say what the pack is; begin it with a line "about TEXT"');
    if (this.#sections.length === 0)
      this.#refuse(1, 'holds nothing; write "[TITLE]", "source URL", "checked DATE", entries');
    if (this.#problems.length > 0) return this.#problems;
    const sections = this.#sections.map(({ title, sources, checked, entries }) => {
      return { title, sources, checked: checked ?? '', entries };
    });
    return { name, about: this.#about ?? '', sections };
  }

  #readTitle(text: string, line: number): string | undefined {
    const title = /^\[([^[\]]+)\]$/.exec(text)?.[1]?.trim();
    if (title === undefined || title === '') return `${quote(text)} is no title; write one such as [Example DNS]`;
    this.#closeSection();
    this.#sections.push({ title, line, sources: [], checked: undefined, entries: [] });
    return undefined;
  }

  #closeSection(): void {
    const section = this.#sections.at(-1);
    if (section === undefined || section.entries.length > 0) return;
    this.#refuse(section.line, `section [${section.title}] has no entries; write some below it, or take it out`);
  }

  #readLine(text: string, line: number): string | undefined {
    const [, keyword, value = ''] = /^(about|source|checked)\s+(.+)$/.exec(text) ?? [];
    const section = this.#sections.at(-1);
    if (keyword === 'about') return this.#readAbout(value);
    if (section === undefined) return 'stands before the first section; write "[TITLE]" above it';
    if (keyword === undefined) return this.#readEntry(section, text, line);
    if (section.entries.length > 0) return `"${keyword}" comes before the entries of its section; move it up`;
    if (keyword === 'source') {
      section.sources.push(value);
      return undefined;
    }
    if (section.checked !== undefined) return 'a section has one "checked"; take one of them out';
    if (!isDate(value)) return `${quote(value)} is no date; write one such as 2026-11-21`;
    section.checked = value;
    return undefined;
  }

  #readAbout(value: string): string | undefined {
    if (this.#about !== undefined) return 'a pack has one "about"; take one of them out';
    this.#about = value;
    return undefined;
  }

  #readEntry(section: OpenSection, text: string, line: number): string | undefined {
    if (section.sources.length === 0)
      return `section [${section.title}] does not say where this is from; write "source URL" above`;
    if (section.checked === undefined) {
      return `section [${section.title}] does not say when this was checked; write "checked YYYY-MM-DD" above`;
    }
    if (/\s/.test(text)) return `${quote(text)} is more than one word; write one entry a line, comments after " #"`;
    const entry = parseEntry(text);
    if (typeof entry === 'string') return entry;
    const problem = breadthProblem(entry, text);
    if (problem !== undefined) return problem;
    const written = formatEntry(entry);
    const first = this.#lineOf.get(written);
    if (first !== undefined) return `${quote(text)} is in line ${first} already; take one of them out`;
    this.#lineOf.set(written, line);
    section.entries.push({ line, entry });
    return undefined;
  }

  #refuse(line: number, problem: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(`${this.#file}:${line}: ${problem}`);
  }
}

/** What a slip of the pen would make of an entry that is meant. */
function breadthProblem(entry: Entry, text: string): string | undefined {
  if (entry.kind === 'network') {
    if (entry.network.prefixLength > 0) return undefined;
    return `${quote(text)} is all addresses; a rule without "to" says that`;
  }
  if (text === '.') return 'the root zone is all names; a rule without "zone" says that';
  if (text.includes('.')) return undefined;
  return `${quote(text)} is a name of one label; write ${quote(`${text}.`)} where the top-level domain is meant`;
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const atMs = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(text);
}
