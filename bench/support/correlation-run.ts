/**
 * One part of the benchmark `correlation` in a process of its own; prints its figures as JSON. `events HOSTS`: events a second through
 * all detectors. `pairs HOSTS PAIRS`: memory, and how long the groups take.
 */

import { parseNetwork } from '../../src/core/address.ts';
import { DEFAULT_CORRELATION } from '../../src/correlation/correlation-options.ts';
import { Correlator } from '../../src/correlation/correlator.ts';
import { HostEventMix, pairEvents, RESOLVER } from './host-events.ts';

export interface EventsRun {
  readonly eventsPerSecond: number;
  /** In a second of the processor, which other programs on the machine take no part of. */
  readonly eventsPerCpuSecond: number;
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

const EVENTS = 3_000_000;
/** As many come at once: what has been looked at is let go of, as in use. */
const BATCH = 1000;
/** The first events make the hosts and compile the code: a start, and no steady state. */
const WARM_UP = 1_000_000;
const BOT_EVERY = 50;
const SEED = 1;
const SITE = { insideNetworks: [parseNetwork('198.18.0.0/15')!], trustedResolvers: [RESOLVER], mailServers: [] };

function timeEvents(hosts: number): EventsRun {
  const correlator = new Correlator(DEFAULT_CORRELATION, SITE);
  const mix = new HostEventMix(hosts, SEED);
  const cpu = { user: 0, system: 0 };
  let wallMs = 0;
  for (let seen = 0; seen < EVENTS; seen += BATCH) {
    const events = mix.next(BATCH);
    const before = process.cpuUsage();
    const startedAtMs = performance.now();
    for (const event of events) correlator.observe(event);
    if (seen < WARM_UP) continue;
    wallMs += performance.now() - startedAtMs;
    const { user, system } = process.cpuUsage(before);
    cpu.user += user;
    cpu.system += system;
  }
  const timed = EVENTS - WARM_UP;
  return {
    eventsPerSecond: (timed / wallMs) * 1000,
    eventsPerCpuSecond: (timed / (cpu.user + cpu.system)) * 1e6,
  };
}

function timePairs(hosts: number, pairs: number): PairsRun {
  const correlator = new Correlator({ ...DEFAULT_CORRELATION, hosts, pairs }, SITE);
  let nowMs = 0;
  for (const event of pairEvents(hosts, pairs, BOT_EVERY, SEED)) {
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
