/** How it goes: what happened over some time, who is busiest, and how things stand now. */
import { formatAddress } from '../core/address.ts';
import { DAY_MS, type TimeSource } from '../core/clock.ts';
import type { MinuteFigures, MinuteStore } from '../events/minute-store.ts';
import type { Severity } from '../inbox/entry.ts';
import type { BusyAddress, InboxStore } from '../inbox/inbox-store.ts';
import { formatInstant } from './instant.ts';

/** What is counted of each minute. */
export const MINUTE_FIGURES = ['allow', 'block', 'wouldBlock', 'newAddresses', 'packetIns', 'lost'] as const;
export type MinuteFigure = (typeof MINUTE_FIGURES)[number];

export type OverviewStep = { readonly at: string } & Readonly<Record<MinuteFigure, number>>;

export interface BusyView {
  readonly address: string;
  readonly name: string | null;
  readonly events: number;
}

export interface NowView {
  /** As the clients of no group are to be treated: `enforce` or `monitor`. */
  readonly mode: string;
  /** Null when warm-up is over, or waits for a source of the history. */
  readonly warmupEnds: string | null;
  /** Whether verdicts on any clients are carried out now. */
  readonly enforced: boolean;
  /** Switches whose flows stand. */
  readonly switches: number;
  /** `off`: nothing is to be learned from; `lost`: some source of it is not there. */
  readonly capture: 'on' | 'off' | 'lost';
  readonly learnsNothing: boolean;
  readonly openHigh: number;
  readonly openMedium: number;
  readonly openLow: number;
  readonly escalated: number;
}

export interface OverviewView {
  readonly since: string;
  readonly until: string;
  /** Each step is so long. */
  readonly stepMs: number;
  /** Oldest first, MAX_STEPS at most; the last one may be half over. */
  readonly steps: readonly OverviewStep[];
  /** The busiest, by blocked and would-be-blocked events. */
  readonly clients: readonly BusyView[];
  readonly destinations: readonly BusyView[];
  /** Packet_ins a second that a switch may send; null where that is not known. */
  readonly budget: number | null;
  readonly now: NowView;
}

/** What only a gluewall that runs can say. */
export interface RunningFigures {
  /** Minutes that are not in the store yet, the one that goes on among them. */
  minutes(): readonly MinuteFigures[];
  now(): Omit<NowView, 'openHigh' | 'openMedium' | 'openLow' | 'escalated'>;
  packetInBudget(): number;
}

export interface OverviewParts {
  readonly clock: TimeSource;
  readonly store: Pick<InboxStore, 'busiest' | 'openEntries'> & Pick<MinuteStore, 'minutes'>;
  /** Left out where gluewall does not run. */
  readonly running?: RunningFigures | undefined;
}

export const MAX_STEPS = 200;
export const MAX_BUSY = 10;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Of the store's time, counting who is busiest for all who look at an overview takes one part in so many. */
const BUSY_SHARE = 20;
/** Beginnings of times that the busiest are kept of. */
const MAX_KEPT_BUSY = 32;
/** Steps that people can read. */
const STEP_MINUTES = [1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440];
const RESTING: Omit<NowView, 'openHigh' | 'openMedium' | 'openLow' | 'escalated'> = {
  mode: 'not running',
  warmupEnds: null,
  enforced: false,
  switches: 0,
  capture: 'off',
  learnsNothing: true,
};

/** `busiest`: how many clients and destinations; MAX_BUSY where it is left out. With 0 they are not looked for. */
export interface OverviewDemand {
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly busiest?: number | undefined;
}

/** Of the last day where no time is given. The time goes out to whole steps. */
export async function viewOverview(
  asked: OverviewDemand,
  { clock, store, running }: OverviewParts,
): Promise<OverviewView> {
  const wantedUntilMs = asked.untilMs ?? clock.nowMs();
  const wantedSinceMs = Math.min(asked.sinceMs ?? wantedUntilMs - DAY_MS, wantedUntilMs);
  const stepMs = stepFor(wantedUntilMs - wantedSinceMs);
  const sinceMs = Math.floor(wantedSinceMs / stepMs) * stepMs;
  const untilMs = Math.max(sinceMs + stepMs, Math.ceil(wantedUntilMs / stepMs) * stepMs);
  const { busiest: most = MAX_BUSY } = asked;
  const [kept, clients, destinations, open] = await Promise.all([
    store.minutes(sinceMs, untilMs),
    most === 0 ? [] : store.busiest('client', sinceMs, most),
    most === 0 ? [] : store.busiest('destination', sinceMs, most),
    store.openEntries(),
  ]);
  const minutes = [...kept, ...(running?.minutes() ?? [])];
  return {
    since: formatInstant(sinceMs)!,
    until: formatInstant(untilMs)!,
    stepMs,
    steps: stepsOf(minutes, sinceMs, untilMs, stepMs),
    clients: clients.map(viewBusy),
    destinations: destinations.map(viewBusy),
    budget: running?.packetInBudget() ?? null,
    now: { ...(running?.now() ?? RESTING), ...countOpen(open) },
  };
}

/** As the store counts them, but not again at once: the longer it took, the longer all are told the same. */
export function sharedBusiest(store: Pick<InboxStore, 'busiest'>, clock: TimeSource): InboxStore['busiest'] {
  const kept = new Map<string, { readonly found: Promise<readonly BusyAddress[]>; atMs: number; lifeMs: number }>();
  return (by, sinceMs, limit) => {
    const key = `${by} ${Math.floor(sinceMs / HOUR_MS)} ${limit}`;
    const startedAtMs = clock.nowMs();
    const held = kept.get(key);
    // A clock that was set back must not keep it.
    if (held !== undefined && Math.abs(startedAtMs - held.atMs) < held.lifeMs) return held.found;
    if (kept.size >= MAX_KEPT_BUSY) kept.clear();
    const one = { found: store.busiest(by, sinceMs, limit), atMs: startedAtMs, lifeMs: Number.POSITIVE_INFINITY };
    kept.set(key, one);
    const ended = () => {
      one.atMs = clock.nowMs();
      one.lifeMs = BUSY_SHARE * Math.abs(one.atMs - startedAtMs);
    };
    one.found.then(ended, () => kept.delete(key));
    return one.found;
  };
}

/** The shortest that makes no more than MAX_STEPS, with one more for the beginning within a step. */
function stepFor(spanMs: number): number {
  const enough = STEP_MINUTES.find((minutes) => spanMs / (minutes * MINUTE_MS) <= MAX_STEPS - 2);
  if (enough !== undefined) return enough * MINUTE_MS;
  return Math.ceil(spanMs / (MAX_STEPS - 2) / DAY_MS) * DAY_MS;
}

function stepsOf(minutes: readonly MinuteFigures[], sinceMs: number, untilMs: number, stepMs: number): OverviewStep[] {
  const steps = Array.from({ length: Math.round((untilMs - sinceMs) / stepMs) }, (_, index) => ({
    at: formatInstant(sinceMs + index * stepMs)!,
    ...{ allow: 0, block: 0, wouldBlock: 0, newAddresses: 0, packetIns: 0, lost: 0 },
  }));
  for (const { atMs, figures } of minutes) {
    const step = steps[Math.floor((atMs - sinceMs) / stepMs)];
    if (step !== undefined) for (const name of MINUTE_FIGURES) step[name] += figures[name] ?? 0;
  }
  return steps;
}

function viewBusy({ address, name, events }: BusyAddress): BusyView {
  return { address: formatAddress(address), name: name ?? null, events };
}

function countOpen(open: Awaited<ReturnType<InboxStore['openEntries']>>) {
  const count = (severity: Severity) =>
    open.filter((one) => one.state === 'open' && one.severity === severity).reduce((sum, one) => sum + one.count, 0);
  const escalated = open.filter(({ state }) => state === 'escalated').reduce((sum, one) => sum + one.count, 0);
  return { openHigh: count('high'), openMedium: count('medium'), openLow: count('low'), escalated };
}
