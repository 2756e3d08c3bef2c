import { type MailWindow, SLOTS_PER_WINDOW, type Slot, type UnresolvedBy, unresolvedOf } from './mail-server-slots.ts';
import { Regression } from './regression.ts';

/** A time in which a mail server was under backscatter. */
export interface BackscatterAlarm {
  readonly startMs: number;
  /** The end of the window that showed it. */
  readonly detectedMs: number;
  readonly peakMs: number;
  /** Undefined: it goes on. */
  readonly endMs: number | undefined;
  /** The end of the last window that belongs to it. */
  readonly lastMs: number;
  /** Queries for names that cannot be resolved, a second. */
  readonly peakPerSecond: number;
  /** The same in quiet windows before. */
  readonly usualPerSecond: number;
  /** Queries in its windows: all, and those that cannot be resolved. */
  readonly total: number;
  readonly unresolved: number;
  /** How well the one follows the other over the slots of these windows and the two before them, 0 to 1. */
  readonly r2: number;
  readonly by: UnresolvedBy;
}

/** A window, and what was said of it. */
export interface JudgedWindow {
  readonly window: MailWindow;
  /** Over its slots and those of the two windows before; undefined where nothing varies. */
  readonly r2: number | undefined;
  readonly isAlarm: boolean;
}

/** What is usual, of quiet windows, in queries a window. */
interface Usual {
  /** Medians of the last hour or so. */
  readonly total: number;
  readonly unresolved: number;
  /** More than this is unusual, by all that is known. */
  readonly limit: number;
}

/** Before so many windows nothing is usual. */
export const MIN_QUIET_WINDOWS = 6;
const RECENT_WINDOWS = 6;
/** A week of windows of ten minutes. */
const MAX_QUIET_WINDOWS = 1008;
const CONTEXT_WINDOWS = 3;
/** Fewer in a window are no attack, whatever is usual. */
const MIN_UNRESOLVED = 30;
const MIN_NAMES = 20;
const MIN_NAME_SHARE = 0.1;
const SPREADS = 6;
const MIN_R2 = 0.7;
/** How much of what came on top cannot be resolved: so much, and more than of quiet traffic, but more than a third is never asked for. */
const MIN_SHARE = 0.2;
const MORE_SHARE = 0.1;
const ENOUGH_SHARE = 0.33;
const MIN_GROWTH = 1.3;
/** So many slots that are not high lie before the start. */
const START_GAP = 4;
/** So many quiet windows end an alarm. */
const END_WINDOWS = 2;
/** What lasts longer is how it is now: half a week. */
const MAX_ALARM_WINDOWS = MAX_QUIET_WINDOWS / 2;
const MAX_ALARMS = 1000;
/** Of a normal distribution, the standard deviation is so many times the median absolute deviation. */
const MAD_TO_SIGMA = 1.4826;

/**
 * Judges the windows of one mail server in their order (paper 4, 3): backscatter is where the queries that cannot be resolved, for
 * many names, rise over what is usual, and all queries with them.
 */
export class WindowJudge {
  readonly #alarms: Current[] = [];
  readonly #quietTotals: number[] = [];
  readonly #quietUnresolved: number[] = [];
  #context: readonly MailWindow[] = [];
  #current: Current | undefined;
  #usual: Usual | undefined;

  /** The newest MAX_ALARMS. */
  get alarms(): readonly BackscatterAlarm[] {
    return this.#alarms.map((alarm) => alarm.view());
  }

  /** Whether there is enough to compare with. */
  get isReady(): boolean {
    return this.#quietTotals.length >= MIN_QUIET_WINDOWS;
  }

  take(window: MailWindow): JudgedWindow {
    this.#context = [...this.#context.slice(1 - CONTEXT_WINDOWS), window];
    const r2 = r2Of(this.#context, window.by);
    if (this.#current === undefined) this.#watch(window, r2 ?? 0);
    else this.#follow(window, this.#current);
    return { window, r2, isAlarm: this.#current?.lastMs === endOf(window) };
  }

  #watch(window: MailWindow, r2: number): void {
    // What is usual takes a while to reckon.
    const usual = window.unresolved > MIN_UNRESOLVED ? this.#usualNow() : undefined;
    if (usual === undefined || !isBackscatter(window, usual, r2)) {
      this.#keepQuiet(window);
      return;
    }
    this.#usual = usual;
    this.#current = new Current(this.#context, usual);
    this.#alarms.push(this.#current);
    if (this.#alarms.length > MAX_ALARMS) this.#alarms.shift();
  }

  #follow(window: MailWindow, current: Current): void {
    const isHigh = window.unresolved > this.#usual!.limit;
    if (isHigh && current.windows < MAX_ALARM_WINDOWS) current.extend(window);
    else if (!isHigh && ++current.quiet < END_WINDOWS) return;
    else {
      current.end();
      this.#current = undefined;
      this.#keepQuiet(window);
    }
  }

  #keepQuiet({ total, unresolved }: MailWindow): void {
    this.#quietTotals.push(total);
    this.#quietUnresolved.push(unresolved);
    if (this.#quietTotals.length <= MAX_QUIET_WINDOWS) return;
    this.#quietTotals.shift();
    this.#quietUnresolved.shift();
  }

  #usualNow(): Usual | undefined {
    if (!this.isReady) return undefined;
    const middle = median(this.#quietUnresolved);
    const deviation = median(this.#quietUnresolved.map((value) => Math.abs(value - middle)));
    const spread = Math.max(MAD_TO_SIGMA * deviation, Math.sqrt(middle), 1);
    return {
      total: median(this.#quietTotals.slice(-RECENT_WINDOWS)),
      unresolved: median(this.#quietUnresolved.slice(-RECENT_WINDOWS)),
      limit: Math.max(MIN_UNRESOLVED, middle + SPREADS * spread, 2 * middle),
    };
  }
}

function isBackscatter({ total, unresolved, names }: MailWindow, usual: Usual, r2: number): boolean {
  if (unresolved <= usual.limit || names < MIN_NAMES || names < unresolved * MIN_NAME_SHARE) return false;
  const more = unresolved - usual.unresolved;
  // Chance alone brings a few more.
  if (more < 5 * Math.sqrt(usual.unresolved + 1)) return false;
  const usualShare = usual.unresolved / Math.max(1, usual.total);
  const share = more / Math.max(more, total - usual.total);
  const wanted = Math.min(ENOUGH_SHARE, Math.max(MIN_SHARE, usualShare + MORE_SHARE));
  return share >= wanted && total >= usual.total * MIN_GROWTH && r2 >= MIN_R2;
}

/** An alarm as it goes on. */
class Current {
  readonly #usual: Usual;
  readonly #regression = new Regression();
  readonly #by: UnresolvedBy;
  readonly #startMs: number;
  readonly #detectedMs: number;
  #peak = 0;
  #peakMs = 0;
  #highMs = 0;
  #lastMs = 0;
  #slotMs = 1;
  #total = 0;
  #unresolved = 0;
  #isOver = false;
  windows = 0;
  /** Windows since the last that was high. */
  quiet = 0;

  /** `context`: the window that showed it, behind those before it. */
  constructor(context: readonly MailWindow[], usual: Usual) {
    const window = context.at(-1)!;
    this.#usual = usual;
    this.#by = window.by;
    this.#detectedMs = endOf(window);
    for (const before of context.slice(0, -1)) this.#regress(before);
    const slots = [...(context.at(-2)?.slots ?? []), ...window.slots];
    this.#startMs = startOf(slots, this.#by, this.#highLimit(window));
    this.extend(window);
  }

  get lastMs(): number {
    return this.#lastMs;
  }

  extend(window: MailWindow): void {
    this.#regress(window);
    this.windows++;
    this.quiet = 0;
    this.#lastMs = endOf(window);
    this.#slotMs = window.lengthMs / window.slots.length;
    this.#total += window.total;
    this.#unresolved += window.unresolved;
    const high = this.#highLimit(window);
    for (const slot of window.slots) this.#look(slot, high);
  }

  end(): void {
    this.#isOver = true;
  }

  view(): BackscatterAlarm {
    const perSecond = 1000 / this.#slotMs;
    return {
      startMs: this.#startMs,
      detectedMs: this.#detectedMs,
      peakMs: this.#peakMs,
      endMs: this.#isOver ? this.#highMs : undefined,
      lastMs: this.#lastMs,
      peakPerSecond: this.#peak * perSecond,
      usualPerSecond: (this.#usual.unresolved / SLOTS_PER_WINDOW) * perSecond,
      total: this.#total,
      unresolved: this.#unresolved,
      r2: this.#regression.line?.r2 ?? 0,
      by: this.#by,
    };
  }

  #look(slot: Slot, high: number): void {
    const unresolved = unresolvedOf(slot, this.#by);
    if (unresolved > this.#peak) {
      this.#peak = unresolved;
      this.#peakMs = slot.atMs;
    }
    if (unresolved > high) this.#highMs = slot.atMs + this.#slotMs;
  }

  #regress({ slots }: MailWindow): void {
    for (const slot of slots) this.#regression.add(unresolvedOf(slot, this.#by), slot.total);
  }

  /** From so many on a slot belongs to the attack: above what is usual, and not only the foot of it. */
  #highLimit({ slots }: MailWindow): number {
    const usual = this.#usual.unresolved / slots.length;
    const most = Math.max(...slots.map((slot) => unresolvedOf(slot, this.#by)));
    return Math.max(usual + 3 * Math.sqrt(usual) + 1, most / 10);
  }
}

/** When that began which leads to the highest slot: before it are some that are not high. */
function startOf(slots: readonly Slot[], by: UnresolvedBy, high: number): number {
  const values = slots.map((slot) => unresolvedOf(slot, by));
  let start = values.indexOf(Math.max(...values));
  for (let index = start; index >= 0 && start - index < START_GAP; index--) if (values[index]! > high) start = index;
  return slots[start]!.atMs;
}

function endOf({ atMs, lengthMs }: MailWindow): number {
  return atMs + lengthMs;
}

function r2Of(windows: readonly MailWindow[], by: UnresolvedBy): number | undefined {
  const regression = new Regression();
  for (const { slots } of windows) for (const slot of slots) regression.add(unresolvedOf(slot, by), slot.total);
  return regression.line?.r2;
}

/** Of one number at least. */
function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
