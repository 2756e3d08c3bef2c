/** Holds the style of the page, and what of src may come into a browser. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const MAX_LINES = 400;
/** Packages whose code is in the built page. */
const PACKAGES = ['preact', 'preact/hooks', 'uplot', 'uplot/dist/uPlot.min.css', 'd3-force', 'fastest-levenshtein'];

interface PageFile {
  /** From the root. */
  readonly path: string;
  readonly text: string;
}

function pageFiles(): PageFile[] {
  const paths = readdirSync(join(ROOT, 'page/src'), { recursive: true, encoding: 'utf8' });
  const sources = paths.filter((path) => /\.(?:ts|tsx)$/.test(path)).map((path) => `page/src/${path}`);
  return sources.sort().map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

/** What is imported and not only for its types; relative ones as paths from the root. */
function importedValues({ path, text }: PageFile): string[] {
  const found = [
    ...text.matchAll(/^(?:import|export)\b(?!\s+type\b)[^;'"]*?\bfrom\s*['"]([^'"]+)['"]/gm),
    ...text.matchAll(/^import\s*['"]([^'"]+)['"]/gm),
    ...text.matchAll(/\bimport\s*\(\s*['"]([^'"]+)['"]/g),
  ];
  return found.map(([, target]) => (target!.startsWith('.') ? normalize(join(dirname(path), target!)) : target!));
}

/** The files of src that come into the page, with what they bring along. */
function filesOfSource(files: readonly PageFile[]): PageFile[] {
  const found = new Map<string, PageFile>();
  const open = files.flatMap(importedValues).filter((path) => path.startsWith('src/'));
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue;
    const file = { path, text: readFileSync(join(ROOT, path), 'utf8') };
    found.set(path, file);
    open.push(...importedValues(file).filter((target) => target.startsWith('src/')));
  }
  return [...found.values()];
}

const files = pageFiles();

describe('the page', () => {
  it('is read whole', () => {
    expect(files.length).toBeGreaterThanOrEqual(60);
    expect(files.flatMap(importedValues).length).toBeGreaterThanOrEqual(200);
  });

  it('keeps to the style', () => {
    const rules: readonly (readonly [string, (file: PageFile) => boolean])[] = [
      [`is over ${MAX_LINES} lines long`, ({ text }) => text.split('\n').length > MAX_LINES + 1],
      ['has a default export', ({ text }) => /^export default\b/m.test(text)],
      ['has an enum', ({ text }) => /^\s*(?:export\s+|declare\s+)*(?:const\s+)?enum\s/m.test(text)],
      ['has work left over', ({ text }) => /\b(?:TODO|FIXME|XXX)\b/.test(text)],
      ['re-exports others', ({ text }) => /^export\s*(?:\*|\{[^}]*\}\s*from)/m.test(text)],
      ['turns the compiler off', ({ text }) => /@ts-(?:ignore|expect-error|nocheck)/.test(text)],
      ['is not in kebab-case', ({ path }) => !/^(?:[a-z0-9-]+\/)*[a-z0-9-]+\.tsx?$/.test(path)],
    ];
    const broken = files.flatMap((file) =>
      rules.filter(([, isSo]) => isSo(file)).map(([what]) => `${file.path} ${what}`),
    );
    expect(broken).toEqual([]);
  });

  it('puts no text into the document but as text, and no style or script inside it', () => {
    const bad =
      /dangerouslySetInnerHTML|\b(?:inner|outer)HTML\b|insertAdjacentHTML|\bstyle=|document\.write|\beval\(|new Function/;
    expect(files.filter(({ text }) => bad.test(text)).map(({ path }) => path)).toEqual([]);
    const document = readFileSync(join(ROOT, 'page/index.html'), 'utf8');
    expect(document).not.toMatch(/<style|style=|<script(?![^>]*src=)|https?:/);
  });

  it('imports only files that are there, and few packages', () => {
    const targets = [...files, ...filesOfSource(files)].flatMap(importedValues);
    const isFile = (target: string) => /^(?:page|src)\//.test(target);
    expect(targets.filter((target) => isFile(target) && !existsSync(join(ROOT, target)))).toEqual([]);
    const strangers = targets.filter((target) => !isFile(target) && !PACKAGES.includes(target));
    expect([...new Set(strangers)]).toEqual([]);
  });

  it('takes from src only what runs in browsers', () => {
    const taken = filesOfSource(files);
    expect(taken.map(({ path }) => path)).toContain('src/inbox/parse-search.ts');
    const node = taken.filter(({ text }) =>
      /\bBuffer\b|\bprocess\.|['"]node:/.test(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')),
    );
    expect(node.map(({ path }) => path)).toEqual([]);
  });
});
