/** Indicators of STIX 2.1 (https://docs.oasis-open.org/cti/stix/v2.1/stix-v2.1.html), in a bundle or a TAXII envelope. */
import { parseEntry, quote } from './entry.ts';
import { asList, asObject, asText, parseJson } from './json-text.ts';
import type { Finding, ListTimes } from './list-finding.ts';
import { type Comparison, readStixPattern } from './stix-pattern.ts';

/** Object paths whose value is a place that queries may go to, or a name that they may be about. */
const KINDS: ReadonlyMap<string, 'network' | 'name'> = new Map<string, 'network' | 'name'>([
  ['ipv4-addr:value', 'network'],
  ['ipv6-addr:value', 'network'],
  ['network-traffic:dst_ref.value', 'network'],
  ['domain-name:value', 'name'],
]);

type StixObject = Readonly<Record<string, unknown>>;

/**
 * Reads the indicators: those with a STIX pattern that are not revoked and that hold at `nowMs`. Of a pattern those comparisons
 * count that fulfil it alone. A domain name stands for itself and all below it.
 */
export function* readStixList(octets: Buffer, nowMs: number): Generator<Finding, ListTimes> {
  const parsed = parseJson(octets);
  const outer = 'problem' in parsed ? undefined : asObject(parsed.value);
  const objects = outer?.objects;
  let nextChangeMs = Number.POSITIVE_INFINITY;
  // Of a TAXII server, which gives long lists page by page.
  if (outer?.more === true) yield { kind: 'unused', what: 'further pages' };
  if (!Array.isArray(objects)) {
    yield {
      kind: 'refused',
      problem: 'problem' in parsed ? parsed.problem : 'is no STIX bundle: there is no list "objects" in it',
    };
    return { nextChangeMs };
  }
  for (const [index, value] of asList(objects).entries()) {
    const object = asObject(value);
    if (object?.type !== 'indicator') continue;
    const at = asText(object.id)?.slice(0, 60) ?? `object ${index + 1}`;
    for (const edgeMs of [instantOf(object.valid_from), instantOf(object.valid_until)]) {
      if (edgeMs !== undefined && edgeMs > nowMs) nextChangeMs = Math.min(nextChangeMs, edgeMs);
    }
    yield* findingsOf(object, at, nowMs);
  }
  return { nextChangeMs };
}

function* findingsOf(object: StixObject, at: string, nowMs: number): Generator<Finding, void> {
  const unused = whyUnused(object, nowMs);
  if (unused !== undefined) {
    yield { kind: 'unused', what: unused };
    return;
  }
  const pattern = asText(object.pattern);
  const alternatives = pattern === undefined ? undefined : readStixPattern(pattern);
  if (alternatives === undefined) {
    yield {
      kind: 'bad',
      at,
      problem: pattern === undefined ? 'has no pattern' : `has a pattern that is none: ${quote(pattern)}`,
    };
    return;
  }
  for (const alternative of alternatives) {
    if (alternative.kind === 'other') yield { kind: 'unused', what: 'more than one comparison, or another than =' };
    else yield findingOf(alternative, at);
  }
}

function whyUnused({ revoked, pattern_type: type, valid_from: from, valid_until: until }: StixObject, nowMs: number) {
  if (revoked === true) return 'revoked';
  if (type !== undefined && type !== 'stix') return 'patterns of other kinds';
  if ((instantOf(until) ?? Number.POSITIVE_INFINITY) <= nowMs) return 'no longer valid';
  return (instantOf(from) ?? Number.NEGATIVE_INFINITY) > nowMs ? 'not yet valid' : undefined;
}

function findingOf({ path, operator, value }: Comparison, at: string): Finding {
  const kind = KINDS.get(path);
  if (kind === undefined || (operator === 'ISSUBSET' && kind === 'name'))
    return { kind: 'unused', what: 'other objects' };
  const entry = parseEntry(value);
  if (typeof entry === 'string') return { kind: 'bad', at, problem: entry };
  if (entry.kind === kind) return { kind: 'entry', entry, passes: false, at };
  return { kind: 'bad', at, problem: `${quote(value)} is no ${kind === 'network' ? 'address' : 'domain name'}` };
}

function instantOf(value: unknown): number | undefined {
  const atMs = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs;
}
