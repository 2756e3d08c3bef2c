import { DEFAULT_CORRELATION, type Site } from '../../src/correlation/correlation-options.ts';
import type { Evidence, EvidenceKind } from '../../src/correlation/detector.ts';
import { EvidenceBook } from '../../src/correlation/evidence-book.ts';
import type { HostEvent } from '../../src/correlation/host-event.ts';
import { BEGIN_MS, RESOLVER } from './host-events.ts';

export const SITE: Site = { insideNetworks: [], trustedResolvers: [RESOLVER], mailServers: [] };

export function bookOf(options: Partial<typeof DEFAULT_CORRELATION> = {}, site: Partial<Site> = {}): EvidenceBook {
  return new EvidenceBook({ ...DEFAULT_CORRELATION, ...options }, { ...SITE, ...site }, undefined, 12345);
}

/** What all detectors say of one host after its events, answers to what it asked, asked for at the time of the last. */
export interface Watched {
  readonly score: number;
  readonly evidence: ReadonlyMap<EvidenceKind, Evidence>;
  weight(kind: EvidenceKind): number;
}

export function watch(events: readonly HostEvent[], site: Partial<Site> = {}): Watched {
  const book = bookOf({}, site);
  let host = 0;
  let lastMs = BEGIN_MS;
  for (const event of events) {
    host = book.observe(event, true);
    lastMs = event.atMs;
  }
  const evidence = new Map(book.evidence(host, lastMs).map((one) => [one.kind, one]));
  return { score: book.score(host, lastMs), evidence, weight: (kind) => evidence.get(kind)?.weight ?? 0 };
}

/** `count` events, `stepMs` apart. */
export function series(
  count: number,
  stepMs: number,
  make: (atMs: number, index: number) => HostEvent | readonly HostEvent[],
): HostEvent[] {
  return Array.from({ length: count }, (_, index) => make(index * stepMs, index)).flat();
}
