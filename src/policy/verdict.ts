/**
 * The verdict on a direct outbound query: a pure function of destination, history entry, rules and time.
 */
import { type Address, formatAddress, isIpv4 } from '../core/address.ts';
import type { Standing } from '../nsdb/ns-history.ts';
import type { AllowEntry } from './allow-list.ts';

/** The fields a verdict read; the flow made from it matches at least those. */
export type VerdictScope = 'destination';

/** `stale`: the history's entry has expired, and the time of grace is not over (RFC 8767). */
export type AllowReason = 'allowList' | 'history' | 'stale' | 'rootHints' | 'seed';

/** `untilMs`: when the verdict stops holding, milliseconds; Infinity when nothing ends it. */
export interface Allow {
  readonly kind: 'allow';
  readonly reason: AllowReason;
  readonly untilMs: number;
  readonly scope: VerdictScope;
}

export interface Block {
  readonly kind: 'block';
  readonly reason: 'unknown';
  readonly scope: VerdictScope;
}

export type Verdict = Allow | Block;

/**
 * `entry` is what the allow-list has for the destination, `standing` what the history says of it now. A Block may first
 * be held: its referral may be coming.
 */
export function decide(entry: AllowEntry | undefined, standing: Standing | undefined): Verdict {
  if (entry !== undefined)
    return { kind: 'allow', reason: 'allowList', untilMs: entry.expiresAtMs, scope: 'destination' };
  if (standing !== undefined) {
    const { origin, isStale, untilMs } = standing;
    const reason = isStale ? 'stale' : origin === 'learned' ? 'history' : origin;
    return { kind: 'allow', reason, untilMs, scope: 'destination' };
  }
  return BLOCK;
}

const BLOCK: Block = { kind: 'block', reason: 'unknown', scope: 'destination' };

/** The operator's sentence, in the wording of Ichise et al. (§V-B, table II). */
export function describeVerdict(destination: Address, verdict: Verdict, enforced: boolean): string {
  const address = formatAddress(destination);
  if (verdict.kind === 'block') return `${address} is unknown and ${enforced ? 'block' : 'would block'}`;
  return `${address} is ${describeStanding(destination, verdict.reason)} and pass`;
}

function describeStanding(destination: Address, reason: AllowReason): string {
  switch (reason) {
    case 'history':
      return `registered ${isIpv4(destination) ? 'glueA' : 'glueAAAA'} record`;
    case 'stale':
      return `registered ${isIpv4(destination) ? 'glueA' : 'glueAAAA'} record that has expired`;
    case 'rootHints':
      return 'a root server';
    case 'seed':
      return 'a seeded address';
    case 'allowList':
      return 'on the allow-list';
  }
}
