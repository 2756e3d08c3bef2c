/** One run of the benchmark `policy` in a process of its own; prints its figures as JSON. */
import { formatAddress } from '../../src/core/address.ts';
import { systemClock } from '../../src/core/clock.ts';
import { NsHistory } from '../../src/nsdb/ns-history.ts';
import type { ClientGroup, Strictness } from '../../src/policy/client-group.ts';
import { ClientGroups } from '../../src/policy/client-groups.ts';
import { Policy } from '../../src/policy/policy.ts';
import type { Rule } from '../../src/policy/rule.ts';
import { RuleBook } from '../../src/policy/rule-book.ts';
import { parseClientSelector, parseMatch, type WrittenMatch } from '../../src/policy/rule-text.ts';
import type { Verdict } from '../../src/policy/verdict.ts';
import { allowedAddress, GROUPS, groupName, groupNetwork, manyRules, STRICT_GROUP } from './many-rules.ts';
import { manyTriples } from './many-triples.ts';
import { type QueryKind, QueryMix, type Served, type TakenQuery } from './query-mix.ts';

export interface PolicyRun {
  readonly verdictsPerSecond: number;
  readonly withQueryPerSecond: number;
  readonly perCpuSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly batchP50Us: number;
  readonly batchP99Us: number;
  readonly clockNs: number;
}

const TRIPLES = 1_000_000;
const RULES = 1000;
const ALLOWED = 10_000;
const QUERIES = 1_000_000;
const BATCH = 16;

const LAX: Strictness = {
  check: 'address',
  minimumAgeMs: 0,
  minimumZones: 1,
  minimumTeachers: 1,
  recursionDesired: 'ignore',
};

/** A million triples, and of each its address and zone. */
function fill(history: NsHistory): Served[] {
  const nowMs = systemClock.nowMs();
  const served: Served[] = [];
  for (const triple of manyTriples(TRIPLES, nowMs, { count: 0, atMs: 0 })) {
    history.restore(triple);
    served.push({ address: triple.address!, zone: triple.zone });
  }
  if (history.size !== TRIPLES) throw new Error(`the history holds ${history.size} triples`);
  return served;
}

function groups(): ClientGroup[] {
  const own = Array.from({ length: GROUPS }, (_, group): ClientGroup => {
    const selector = parseClientSelector(groupNetwork(group));
    if (selector === undefined || selector.kind === 'group') throw new Error('a group needs clients');
    const strictness: Strictness = group === STRICT_GROUP ? { ...LAX, check: 'zone' } : LAX;
    return { id: group + 2, name: groupName(group), clients: [selector], mode: 'enforce', strictness };
  });
  return [...own, { id: 1, name: 'default', clients: [], mode: 'enforce', strictness: LAX }];
}

function ruleOf(id: string, action: Rule['action'], reason: string, written: WrittenMatch): Rule {
  const match = parseMatch(written);
  if ('problem' in match) throw new Error(match.problem);
  const times = { createdAtMs: systemClock.nowMs(), expiresAtMs: Number.POSITIVE_INFINITY };
  return { id, action, match, origin: 'configuration', reason, owner: 'bench', ...times };
}

/** What `allow` lists is a rule about a destination and nothing else. */
function ruleBook(): RuleBook {
  const book = new RuleBook(0);
  const rules = manyRules(RULES, 'bench').map(({ action, reason, ...match }, n) =>
    ruleOf(`r${n}`, action, reason, match),
  );
  const entries = Array.from({ length: ALLOWED }, (_, n) =>
    ruleOf(`a${n}`, 'allow', 'entry', { to: allowedAddress(n) }),
  );
  book.configure([...rules, ...entries]);
  return book;
}

/** From what a frame says to the verdict: whose query it is, and what becomes of it. */
function judge(policy: Policy, { client, destination, transport, message }: TakenQuery, nowMs: number): Verdict {
  return policy.decide({ client, group: policy.groups.groupOf(client), destination, transport, message }, nowMs);
}

const EXPECTED: Readonly<Record<QueryKind, readonly Verdict['reason'][]>> = {
  known: ['history'],
  served: ['history'],
  elsewhere: ['notServed'],
  allowed: ['allowRule'],
  unknown: ['unknown'],
  ruled: ['allowRule', 'denyRule'],
};

/** Asks each once, and throws when a verdict is another than it must be. Code is compiled by the way. */
function check(policy: Policy, mix: QueryMix, nowMs: number): void {
  const seen = new Set<string>();
  for (let index = 0; index < mix.size; index++) {
    const verdict = judge(policy, mix.take(index), nowMs);
    const kind = mix.kind(index);
    if (kind === 'ruled' && verdict.by !== undefined) seen.add(verdict.by.rule.id);
    if (EXPECTED[kind].includes(verdict.reason)) continue;
    const { destination } = mix.take(index);
    throw new Error(`query ${index} (${kind}) to ${formatAddress(destination)} was decided by ${verdict.reason}`);
  }
  if (seen.size !== RULES) throw new Error(`${seen.size} of ${RULES} rules decided something`);
}

interface BatchTimes {
  readonly perSecond: number;
  readonly withQueryPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** A batch of queries is taken, then decided: the second is timed by itself, and both together. */
function timeBatches(policy: Policy, mix: QueryMix, nowMs: number): BatchTimes {
  const timings = new Float64Array(Math.floor(mix.size / BATCH));
  const batch: TakenQuery[] = [];
  let allowed = 0;
  let total = 0;
  const startedAt = process.hrtime.bigint();
  for (let round = 0; round < timings.length; round++) {
    for (let place = 0; place < BATCH; place++) batch[place] = mix.take(round * BATCH + place);
    const before = process.hrtime.bigint();
    for (let place = 0; place < BATCH; place++) if (judge(policy, batch[place]!, nowMs).kind === 'allow') allowed++;
    const taken = Number(process.hrtime.bigint() - before);
    timings[round] = taken;
    total += taken;
  }
  const whole = Number(process.hrtime.bigint() - startedAt);
  if (allowed === 0) throw new Error('nothing was allowed');
  const asked = timings.length * BATCH;
  return {
    perSecond: (asked / total) * 1e9,
    withQueryPerSecond: (asked / whole) * 1e9,
    p50Us: percentile(timings, 0.5) / BATCH / 1000,
    p99Us: percentile(timings, 0.99) / BATCH / 1000,
  };
}

/** Verdicts in a second of the processor, which other programs on the machine take no part of. */
function perCpuSecond(policy: Policy, mix: QueryMix, nowMs: number): number {
  const cpuMicroseconds = (ask: (query: TakenQuery) => unknown) => {
    const before = process.cpuUsage();
    for (let index = 0; index < mix.size; index++) ask(mix.take(index));
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  let ports = 0;
  const taking = cpuMicroseconds(({ client }) => {
    ports += client.inPort ?? 0;
  });
  if (ports === 0) throw new Error('no query was taken');
  return (mix.size / (cpuMicroseconds((query) => judge(policy, query, nowMs)) - taking)) * 1e6;
}

/** Nanoseconds of each verdict, what reading the clock takes included. */
function timeSingles(policy: Policy, mix: QueryMix, nowMs: number): Float64Array {
  const timings = new Float64Array(mix.size);
  for (let index = 0; index < mix.size; index++) {
    const query = mix.take(index);
    const before = process.hrtime.bigint();
    judge(policy, query, nowMs);
    timings[index] = Number(process.hrtime.bigint() - before);
  }
  return timings;
}

/** Nanoseconds between two looks at the clock with nothing between them, the median. */
function timeClock(): number {
  const timings = new Float64Array(100_000);
  for (let index = 0; index < timings.length; index++) {
    const before = process.hrtime.bigint();
    timings[index] = Number(process.hrtime.bigint() - before);
  }
  return percentile(timings, 0.5);
}

/** Sorts the values. */
function percentile(values: Float64Array, share: number): number {
  values.sort();
  return values[Math.floor(values.length * share)]!;
}

function main(): void {
  const history = new NsHistory(systemClock, {
    ttlFloorSeconds: 60,
    ttlCapSeconds: 7 * 86_400,
    size: TRIPLES,
    keepMs: 7 * 86_400_000,
    staleMs: 0,
    isParentBound: true,
  });
  const served = fill(history);
  const nowMs = systemClock.nowMs();
  const policy = new Policy(ruleBook().all(), new ClientGroups(groups()), history, { get: () => undefined }, nowMs);
  const mix = new QueryMix({ queries: QUERIES, rules: RULES, allowed: ALLOWED, served });
  check(policy, mix, nowMs);
  const batches = timeBatches(policy, mix, nowMs);
  const clockNs = timeClock();
  const singles = timeSingles(policy, mix, nowMs);
  const run: PolicyRun = {
    verdictsPerSecond: batches.perSecond,
    withQueryPerSecond: batches.withQueryPerSecond,
    perCpuSecond: perCpuSecond(policy, mix, nowMs),
    batchP50Us: batches.p50Us,
    batchP99Us: batches.p99Us,
    p50Us: (percentile(singles, 0.5) - clockNs) / 1000,
    p99Us: (percentile(singles, 0.99) - clockNs) / 1000,
    clockNs,
  };
  process.stdout.write(`${JSON.stringify(run)}\n`);
}

main();
