import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** What the page of the console takes from here, and everything that comes with it. */
const TAKEN = ['parse-search', 'complete-search', 'compose-search', 'search-fields', 'search-words', 'entry'];
const IMPORT = /^(?:import|export)\b(?! type)[^;]*?from '([^']+)';/gm;

function filesBehind(start: URL, seen = new Map<string, string>()): ReadonlyMap<string, string> {
  if (seen.has(start.href)) return seen;
  const text = readFileSync(start, 'utf8');
  seen.set(start.href, text);
  for (const [, target = ''] of text.matchAll(IMPORT)) {
    if (target.startsWith('.')) filesBehind(new URL(target, start), seen);
  }
  return seen;
}

describe('the search language', () => {
  it.each(TAKEN)('needs nothing of Node: %s', (name) => {
    const files = filesBehind(new URL(`../../../src/inbox/${name}.ts`, import.meta.url));
    for (const [path, text] of files) {
      const others = [...text.matchAll(IMPORT)]
        .map(([, target = '']) => target)
        .filter((target) => !target.startsWith('.'));
      expect(
        others.filter((target) => target !== 'fastest-levenshtein'),
        path,
      ).toEqual([]);
      expect(text, path).not.toMatch(/\b(?:Buffer|process)\b\./);
    }
  });
});
