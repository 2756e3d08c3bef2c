/** What people ask about the Response Policy Zone. */
import { formatAddress } from '../core/address.ts';
import { GluewallError } from '../core/errors.ts';
import { formatName } from '../dns/name.ts';
import type { Trigger } from '../rpz/trigger.ts';
import type { ZoneState } from '../rpz/zone.ts';
import { zoneLines } from '../rpz/zone-text.ts';
import { formatInstant } from './instant.ts';

interface TriggerView {
  readonly trigger: Trigger['kind'];
  /** The name or address. */
  readonly value: string;
  /** Ids of findings. */
  readonly why: readonly string[];
}

export interface RpzEntryView extends TriggerView {
  readonly until: string | null;
  /** The owner names of its records. */
  readonly records: readonly string[];
}

export interface LeftOutView extends TriggerView {
  /** Behind `value`, a sentence. */
  readonly problem: string;
}

/** An entry of the zone, or what is wanted and not in it. */
export type RpzItem = { readonly entry: RpzEntryView } | { readonly leftOut: LeftOutView };

export interface RpzSummary {
  readonly zone: string;
  readonly serial: number;
  readonly entries: number;
  readonly leftOut: number;
  /** What keeps resolvers from having it; null: nothing is known. */
  readonly problem: string | null;
}

export interface RpzServices {
  rpzShow(): AsyncGenerator<RpzItem, RpzSummary, void>;
  /** The zone as a master file, in parts. */
  rpzText(): AsyncGenerator<{ readonly text: string }, RpzSummary, void>;
}

export interface RpzParts {
  /** Left out where there is none, because none is configured or gluewall does not run. */
  readonly rpz?: { readonly state: ZoneState; readonly figures: { readonly problem: string | undefined } } | undefined;
  readonly isRunning: boolean;
}

const LINES_PER_PART = 200;

export function rpzServices({ rpz, isRunning }: RpzParts): RpzServices {
  const here = () => {
    if (rpz !== undefined) return rpz;
    throw isRunning
      ? new GluewallError('no-rpz', 'no Response Policy Zone is configured: set response.rpz, and restart gluewall')
      : new GluewallError('not-running', 'the zone is only made while gluewall runs: start it with `gluewall run`');
  };
  const summary = ({ apex, serial, entries, leftOut }: ZoneState): RpzSummary => ({
    zone: formatName(apex),
    serial,
    entries: entries.length,
    leftOut: leftOut.length,
    problem: here().figures.problem ?? null,
  });
  return {
    async *rpzShow() {
      const { state } = here();
      for (const { trigger, owners, why, expiresAtMs } of state.entries) {
        const records = owners.map(formatName);
        yield { entry: { ...viewTrigger(trigger), why, until: formatInstant(expiresAtMs) ?? null, records } };
      }
      for (const { trigger, why, problem } of state.leftOut) {
        yield { leftOut: { ...viewTrigger(trigger), why, problem } };
      }
      return summary(state);
    },
    async *rpzText() {
      const { state } = here();
      let lines: string[] = [];
      for (const line of zoneLines(state)) {
        lines.push(line);
        if (lines.length < LINES_PER_PART) continue;
        yield { text: lines.join('') };
        lines = [];
      }
      yield { text: lines.join('') };
      return summary(state);
    },
  };
}

function viewTrigger(trigger: Trigger): { readonly trigger: Trigger['kind']; readonly value: string } {
  const value = trigger.kind === 'server-address' ? formatAddress(trigger.address) : formatName(trigger.name);
  return { trigger: trigger.kind, value };
}
