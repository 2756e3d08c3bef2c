import type { VerdictEvent } from '../events/verdict-event.ts';
import type { Finding } from '../findings/finding.ts';
import { PORTION_FINDINGS } from '../findings/finding-store.ts';
import { countTriples, joinTriples } from '../nsdb/triple-batch.ts';
import type { Rule } from '../policy/rule.ts';
import { composeMatch } from '../policy/rule-text.ts';
import { eventRow } from './event-rows.ts';
import type { Store } from './store.ts';

/** What was copied so far. */
export interface CopyCounts {
  readonly triples: number;
  readonly rules: number;
  readonly events: number;
  readonly findings: number;
  /** Events that the other store had already. */
  readonly knownEvents: number;
}

/** Triples saved together. */
const SAVE_ROWS = 50_000;
const EVENT_ROWS = 2000;

/**
 * Copies all that a store holds into another, in place of what is there for the same triple, rule or warm-up; events that
 * are there already are not copied again, so that it may be done twice. Tells `report` how far it is. Throws what the stores
 * throw.
 */
export async function copyStore(from: Store, to: Store, report: (counts: CopyCounts) => void): Promise<CopyCounts> {
  const counts = { triples: 0, rules: 0, events: 0, findings: 0, knownEvents: 0 };
  await copyTriples(from, to, (rows) => {
    counts.triples += rows;
    report(counts);
  });
  counts.rules = await copyRules(from, to);
  counts.findings = await copyFindings(from, to);
  await copyEvents(from, to, (copied, known) => {
    counts.events += copied;
    counts.knownEvents += known;
    report(counts);
  });
  // Last: a warm-up that is over without its history would block what that history knows.
  const warmup = await from.loadWarmup();
  if (warmup !== undefined) await to.saveWarmup(warmup);
  return counts;
}

async function copyTriples(from: Store, to: Store, report: (rows: number) => void): Promise<void> {
  let waiting: Uint8Array[] = [];
  let rows = 0;
  const save = async () => {
    if (rows > 0) await to.saveTriples(joinTriples(waiting));
    report(rows);
    waiting = [];
    rows = 0;
  };
  for await (const batch of from.loadTriples(Number.NEGATIVE_INFINITY)) {
    waiting.push(batch);
    rows += countTriples(batch) ?? 0;
    if (rows >= SAVE_ROWS) await save();
  }
  await save();
}

/** One that is about the same as another under another id takes its place. */
async function copyRules(from: Store, to: Store): Promise<number> {
  const meaning = ({ action, match }: Rule) => `${action} ${JSON.stringify(composeMatch(match))}`;
  const theirs = await to.loadRules(Number.NEGATIVE_INFINITY);
  const rules = await from.loadRules(Number.NEGATIVE_INFINITY);
  const ids = new Map(rules.map((rule) => [meaning(rule), rule.id]));
  for (const rule of theirs)
    if (ids.has(meaning(rule)) && ids.get(meaning(rule)) !== rule.id) await to.deleteRule(rule.id);
  for (const rule of rules) await to.saveRule(rule);
  return rules.length;
}

/** One of the same kind and subject takes the place of another, which is what gluewall holds for one thing. */
async function copyFindings(from: Store, to: Store): Promise<number> {
  const meaning = ({ kind, subject }: Finding) => `${kind} ${subject}`;
  const ids = new Map<string, string>();
  let count = 0;
  for await (const findings of from.loadFindings()) {
    for (const finding of findings) ids.set(meaning(finding), finding.id);
    await to.saveFindings(findings);
    count += findings.length;
  }
  const others: string[] = [];
  for await (const findings of to.loadFindings()) {
    for (const finding of findings)
      if ((ids.get(meaning(finding)) ?? finding.id) !== finding.id) others.push(finding.id);
  }
  for (let start = 0; start < others.length; start += PORTION_FINDINGS) {
    await to.deleteFindings(others.slice(start, start + PORTION_FINDINGS));
  }
  return count;
}

/** Both stores give their events in the order of time: those of one instant are compared with each other. */
async function copyEvents(from: Store, to: Store, report: (copied: number, known: number) => void): Promise<void> {
  const theirs = instants(to)[Symbol.asyncIterator]();
  let their = await theirs.next();
  let waiting: VerdictEvent[] = [];
  for await (const ours of instants(from)) {
    const { atMs } = ours[0]!;
    while (their.done !== true && their.value[0]!.atMs < atMs) their = await theirs.next();
    const known = their.done !== true && their.value[0]!.atMs === atMs ? their.value : [];
    const missing = without(ours, known);
    waiting.push(...missing);
    if (waiting.length >= EVENT_ROWS) {
      await to.saveEvents(waiting);
      waiting = [];
    }
    report(missing.length, ours.length - missing.length);
  }
  if (waiting.length > 0) await to.saveEvents(waiting);
}

/** The events of a store, those of one instant together; never none. */
async function* instants(store: Store): AsyncGenerator<readonly VerdictEvent[], void> {
  let group: VerdictEvent[] = [];
  for await (const events of store.findEvents({ limit: Number.POSITIVE_INFINITY })) {
    for (const event of events) {
      if (group.length > 0 && group[0]!.atMs !== event.atMs) {
        yield group;
        group = [];
      }
      group.push(event);
    }
  }
  if (group.length > 0) yield group;
}

/** The events that are not among `known`, each of which stands for one. */
function without(events: readonly VerdictEvent[], known: readonly VerdictEvent[]): readonly VerdictEvent[] {
  const left = new Map<string, number>();
  for (const event of known) left.set(textOf(event), (left.get(textOf(event)) ?? 0) + 1);
  return events.filter((event) => {
    const count = left.get(textOf(event)) ?? 0;
    left.set(textOf(event), count - 1);
    return count <= 0;
  });
}

function textOf(event: VerdictEvent): string {
  return JSON.stringify(eventRow(event));
}
