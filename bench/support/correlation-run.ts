/**
 * One part of the benchmark `correlation` in a process of its own; prints its figures as JSON. `events HOSTS`: events a second through
 * all detectors. `pairs HOSTS PAIRS`: memory, and how long the groups take.
 */

import { parseNetwork } from '../../src/core/address.ts';
import { DEFAULT_CORRELATION } from '../../src/correlation/correlation-options.ts';
import { Correlator } from '../../src/correlation/correlator.ts';
import { mixedEvents, pairEvents, RESOLVER } from './host-events.ts';

export interface EventsRun {
  readonly eventsPerSecond: number;
}

export interface PairsRun {
  readonly rssMb: number;
  readonly groupingSeconds: number;
  /** The longest time in which nothing else could be done. */
  readonly longestTurnMs: number;
  readonly hosts: number;
  readonly pairs: number;
  readonly groups: number;
}

const EVENTS = 1_000_000;
const ROUNDS = 3;
const BOT_EVERY = 50;
const SITE = { insideNetworks: [parseNetwork('198.18.0.0/15')!], trustedResolvers: [RESOLVER], mailServers: [] };

function timeEvents(hosts: number): EventsRun {
  const correlator = new Correlator(DEFAULT_CORRELATION, SITE);
  const events = mixedEvents(EVENTS, hosts, 1);
  const runs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedAtMs = performance.now();
    for (const event of events) correlator.observe(event);
    runs.push((events.length / (performance.now() - startedAtMs)) * 1000);
  }
  // The first round compiles the code and makes all hosts: it is what a start is like, and no steady state.
  return { eventsPerSecond: Math.min(...runs.slice(1)) };
}

function timePairs(hosts: number, pairs: number): PairsRun {
  const correlator = new Correlator({ ...DEFAULT_CORRELATION, hosts, pairs }, SITE);
  let nowMs = 0;
  for (const event of pairEvents(hosts, pairs, BOT_EVERY, 1)) {
    correlator.observe(event);
    nowMs = event.atMs;
  }
  const startedAtMs = performance.now();
  let longestTurnMs = 0;
  let groups = 0;
  for (const round = correlator.round(nowMs); ; ) {
    const turnAtMs = performance.now();
    const step = round.next();
    longestTurnMs = Math.max(longestTurnMs, performance.now() - turnAtMs);
    if (step.done !== true) continue;
    groups = step.value.groups.length;
    break;
  }
  const groupingSeconds = (performance.now() - startedAtMs) / 1000;
  const { hosts: heldHosts, pairs: heldPairs } = correlator.figures;
  if (groups === 0) throw new Error('no group was found');
  const rssMb = process.memoryUsage.rss() / 1e6;
  return { rssMb, groupingSeconds, longestTurnMs, hosts: heldHosts, pairs: heldPairs, groups };
}

const [what, hosts, pairs] = process.argv.slice(2);
const run = what === 'events' ? timeEvents(Number(hosts)) : timePairs(Number(hosts), Number(pairs));
process.stdout.write(`${JSON.stringify(run)}\n`);
