import type { VerdictEvent } from '../events/verdict-event.ts';
import type { Finding } from '../findings/finding.ts';
import { PORTION_FINDINGS } from '../findings/finding-store.ts';
import { countTriples, joinTriples } from '../nsdb/triple-batch.ts';
import type { Rule } from '../policy/rule.ts';
import { composeMatch } from '../policy/rule-text.ts';
import { jsonEventRow } from './event-rows.ts';
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
const MINUTE_ROWS = 1000;

/**
 * Copies all that a store holds into another, in place of what is there for the same triple, rule, entry, account or warm-up;
 * events, changes and minutes that are there already are not copied again, so that it may be done twice. Tells `report` how far it is. Throws what the stores
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
  // After their events, which make them: what people have done with them is put on top.
  for await (const copies of from.loadEntryCopies()) await to.saveEntryCopies(copies);
  await copyRecords(from, to);
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

async function copyEvents(from: Store, to: Store, report: (copied: number, known: number) => void): Promise<void> {
  const all = { limit: Number.POSITIVE_INFINITY };
  let waiting: VerdictEvent[] = [];
  for await (const { missing, known } of missingFrom(from.findEvents(all), to.findEvents(all), textOf)) {
    waiting.push(...missing);
    if (waiting.length >= EVENT_ROWS) {
      await to.saveEvents(waiting);
      waiting = [];
    }
    report(missing.length, known);
  }
  if (waiting.length > 0) await to.saveEvents(waiting);
}

/** Accounts, the record of changes, and figures of minutes that the other does not have. */
async function copyRecords(from: Store, to: Store): Promise<void> {
  await to.saveRecords(await from.loadRecords());
  for await (const { missing } of missingFrom(from.loadChanges(), to.loadChanges(), (change) =>
    JSON.stringify(change),
  )) {
    for (const change of missing) await to.addChange(change);
  }
  const everMs = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
  const theirs = new Set((await to.minutes(...everMs)).map(({ atMs }) => atMs));
  const minutes = (await from.minutes(...everMs)).filter(({ atMs }) => !theirs.has(atMs));
  for (let start = 0; start < minutes.length; start += MINUTE_ROWS) {
    await to.addMinutes(minutes.slice(start, start + MINUTE_ROWS));
  }
}

/** Both give their rows in the order of time: those of one instant are compared with each other, by their text. */
async function* missingFrom<T extends { readonly atMs: number }>(
  from: AsyncIterable<readonly T[]>,
  to: AsyncIterable<readonly T[]>,
  text: (row: T) => string,
): AsyncGenerator<{ readonly missing: readonly T[]; readonly known: number }, void> {
  const theirs = instants(to)[Symbol.asyncIterator]();
  let their = await theirs.next();
  for await (const ours of instants(from)) {
    const { atMs } = ours[0]!;
    while (their.done !== true && their.value[0]!.atMs < atMs) their = await theirs.next();
    const known = their.done !== true && their.value[0]!.atMs === atMs ? their.value : [];
    const missing = without(ours.map(text), known.map(text), ours);
    yield { missing, known: ours.length - missing.length };
  }
}

/** The rows of one instant together; never none. */
async function* instants<T extends { readonly atMs: number }>(
  portions: AsyncIterable<readonly T[]>,
): AsyncGenerator<readonly T[], void> {
  let group: T[] = [];
  for await (const rows of portions) {
    for (const row of rows) {
      if (group.length > 0 && group[0]!.atMs !== row.atMs) {
        yield group;
        group = [];
      }
      group.push(row);
    }
  }
  if (group.length > 0) yield group;
}

/** The rows whose texts are not among `known`, each of which stands for one. */
function without<T>(texts: readonly string[], known: readonly string[], rows: readonly T[]): readonly T[] {
  const left = new Map<string, number>();
  for (const text of known) left.set(text, (left.get(text) ?? 0) + 1);
  return rows.filter((_, index) => {
    const count = left.get(texts[index]!) ?? 0;
    left.set(texts[index]!, count - 1);
    return count <= 0;
  });
}

function textOf(event: VerdictEvent): string {
  return JSON.stringify(jsonEventRow(event));
}
