import type { Query } from './client.ts';

/** Three screens of them: drawing more takes longer than asking for more. */
const PAGE_ROWS = 30;

/** What the inbox asks for: a page of a search, from its beginning or behind the page before. */
export function inboxQuery(search: string, after?: string): Query {
  return { search, after, limit: PAGE_ROWS };
}
