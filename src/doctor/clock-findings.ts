import type { Finding } from './finding.ts';

/** No honest clock shows an earlier time: gluewall is younger. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);

export interface ClockFacts {
  readonly nowMs: number;
  /** Whether something keeps the clock right; why, where that is not known. */
  readonly synchronised: boolean | { readonly unknown: string };
}

/** Records expire by the clock: one that is set while gluewall runs lets history expire too early or too late. */
export function clockFindings({ nowMs, synchronised }: ClockFacts): readonly Finding[] {
  return [timeFinding(nowMs), synchronisedFinding(synchronised)];
}

const SET_CLOCK = 'timedatectl set-ntp true, or run chrony';

function timeFinding(nowMs: number): Finding {
  const check = 'time';
  const shown = Number.isFinite(nowMs) && Math.abs(nowMs) < 8.64e15 ? new Date(nowMs).toISOString() : String(nowMs);
  if (nowMs >= EARLIEST_MS && nowMs < LATEST_MS) return { check, ok: true, message: `it is ${shown}` };
  return { check, ok: false, message: `the clock shows ${shown}, which cannot be`, remedy: SET_CLOCK };
}

function synchronisedFinding(synchronised: ClockFacts['synchronised']): Finding {
  const check = 'synchronised';
  if (typeof synchronised === 'object') return { check, ok: null, message: `not known: ${synchronised.unknown}` };
  if (synchronised) return { check, ok: true, message: 'the clock is kept right by NTP' };
  const message = 'nothing keeps the clock right: times in events, and the expiry of the history, drift';
  return { check, ok: false, message, remedy: SET_CLOCK };
}
