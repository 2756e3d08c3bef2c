/** How long the answers take that staff waits for: pages of the inbox, and searches. */
import { type ConsoleSite, call } from './console-site.ts';
import { quantile } from './quantile.ts';

const PAGE_ROWS = 100;

/** Of every kind that there is an index for, and of those that there is none for. */
export const SEARCHES: readonly string[] = [
  'client:10.0.3.0/24',
  'client:10.0.0.77',
  'destination:203.0.120.5',
  'name:*.zone17.example',
  'name:host2.zone21000.example since:7d',
  'type:TXT since:2h',
  'reason:tooYoung -type:A',
  'severity:high group:laboratory',
  'client:10.0.0.0/8 name:*.zone400.example verdict:blocked -type:A since:24h',
  'protocol:tcp rd:yes state:open desk-60',
];

/** Milliseconds, the 95th of a hundred answers: pages of the inbox, one after the other, to the depth of 20. */
export async function inboxP95(site: ConsoleSite, cookie: string, count: number): Promise<number> {
  const times: number[] = [];
  let next: string | null = null;
  for (let page = 0; page < count; page++) {
    if (page % 20 === 0) next = null;
    const after: string = next === null ? '' : `&after=${encodeURIComponent(next)}`;
    const { body, tookMs } = await call(
      site.origin,
      'GET',
      `/api/v1/inbox?limit=${PAGE_ROWS}${after}`,
      undefined,
      cookie,
    );
    times.push(tookMs);
    next = (JSON.parse(body) as { readonly next: string | null }).next;
  }
  return quantile(times, 0.95);
}

/** The same of the searches, each asked equally often; `say` is told the median of each. */
export async function searchP95(
  site: ConsoleSite,
  cookie: string,
  count: number,
  say: (line: string) => void,
): Promise<number> {
  const times = SEARCHES.map((): number[] => []);
  for (let asked = 0; asked < count; asked++) {
    const search = SEARCHES[asked % SEARCHES.length]!;
    const path = `/api/v1/inbox?limit=${PAGE_ROWS}&search=${encodeURIComponent(search)}`;
    const { tookMs } = await call(site.origin, 'GET', path, undefined, cookie);
    times[asked % SEARCHES.length]!.push(tookMs);
  }
  for (const [index, search] of SEARCHES.entries()) {
    const [median, worst] = [quantile(times[index]!, 0.5), Math.max(...times[index]!)];
    say(`  ${search}: ${median.toFixed(0)} ms, at most ${worst.toFixed(0)} ms`);
  }
  return quantile(times.flat(), 0.95);
}
