import type { Entry } from './entry.ts';

/** What reading a threat list comes upon. */
export type Finding =
  /** `at`: where, such as `line 7`. `passes`: the list takes this out of what else it lists. */
  | { readonly kind: 'entry'; readonly entry: Entry; readonly passes: boolean; readonly at: string }
  /** What the list says and gluewall has no use for; counted by `what`, of which a format has few. */
  | { readonly kind: 'unused'; readonly what: string }
  | { readonly kind: 'bad'; readonly at: string; readonly problem: string }
  /** It is no list of this format: nothing of it counts. */
  | { readonly kind: 'refused'; readonly problem: string };

/** Reads a list; never throws, and ends for any octets. `nowMs`: for what holds only for a time. */
export type ListFormatReader = (octets: Buffer, nowMs: number) => Generator<Finding, ListTimes>;

/** When a list says something else without having changed. */
export interface ListTimes {
  /** The next time at which an entry begins or ends to hold, milliseconds; Infinity when none does. */
  readonly nextChangeMs: number;
}

export const TIMELESS: ListTimes = { nextChangeMs: Number.POSITIVE_INFINITY };
