/** Writes words of the search language. Runs in browsers, too. */
import { splitSearch } from './search-words.ts';

/**
 * A word that looks for exactly this value, as pages show it: `client:192.0.2.7`. A name goes in its presentation form. For a
 * value that holds a control character there is no such word: undefined.
 */
export function searchWord(field: string, value: string): string | undefined {
  if (value === '' || /[\p{Cc}\p{Cs}]/u.test(value)) return undefined;
  const text = field === 'name' ? value.replaceAll('*', '\\*') : value;
  return `${field}:${/[\s,"]/.test(text) ? `"${text}"` : text}`;
}

/** The text with these times in place of those it had; undefined leaves one out. */
export function withTimes(text: string, times: { readonly since?: string; readonly until?: string }): string {
  const isTime = (name: string | undefined) => name === 'since' || name === 'until';
  const kept = splitSearch(text).filter(({ field }) => !isTime(field?.name));
  const words = kept.map(({ from, to }) => text.slice(from, to));
  if (times.since !== undefined) words.push(`since:${times.since}`);
  if (times.until !== undefined) words.push(`until:${times.until}`);
  return words.join(' ');
}
