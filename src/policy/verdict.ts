/** What is decided about a direct outbound query, and how it is said. */
import { type Address, formatAddress, isIpv4 } from '../core/address.ts';
import type { RuleState } from './rule-book.ts';

/** The fields that a verdict can read. The flow made from a verdict matches at least those that it read. */
export const SCOPE_FIELDS = [
  'destination',
  'group',
  'client',
  'mac',
  'port',
  'protocol',
  'queryName',
  'queryType',
  'recursionDesired',
] as const;
export type ScopeField = (typeof SCOPE_FIELDS)[number];

/** Fields as one number, a bit for each: what the hot path adds up. */
export const FIELD = {
  destination: 1,
  group: 2,
  client: 4,
  mac: 8,
  port: 16,
  protocol: 32,
  queryName: 64,
  queryType: 128,
  recursionDesired: 256,
} as const satisfies Record<ScopeField, number>;

/** What is in the message and not in the headers: no flow can match on it. */
export const MESSAGE_FIELDS = FIELD.queryName | FIELD.queryType | FIELD.recursionDesired;

export function scopeFields(reads: number): readonly ScopeField[] {
  return SCOPE_FIELDS.filter((field) => (reads & FIELD[field]) !== 0);
}

/** `stale`: the history's entry has expired, and the time of grace is not over (RFC 8767). */
export const ALLOW_REASONS = ['allowRule', 'history', 'stale', 'rootHints', 'seed'] as const;
export type AllowReason = (typeof ALLOW_REASONS)[number];

/**
 * `unknown`: not in the history. `notServed`: known, but for no zone that the query name lies in. `tooYoung`, `tooFewZones`,
 * `tooFewTeachers`: known, but not well enough for the client's group. `recursionDesired`: RD is set in a query to a server
 * that is known as an authoritative one. `unreadable`: what must be read of the message cannot be.
 */
export const BLOCK_REASONS = [
  'denyRule',
  'denyPack',
  'unknown',
  'notServed',
  'tooYoung',
  'tooFewZones',
  'tooFewTeachers',
  'recursionDesired',
  'unreadable',
] as const;
export type BlockReason = (typeof BLOCK_REASONS)[number];

export type VerdictReason = AllowReason | BlockReason;

/** `untilMs`: when the verdict stops holding, milliseconds; Infinity when nothing ends it. */
export interface Allow {
  readonly kind: 'allow';
  readonly reason: AllowReason;
  readonly untilMs: number;
  /** Bits of FIELD. */
  readonly reads: number;
  /** The rule that decided. */
  readonly by: RuleState | undefined;
  /** What to tell of it all the same. */
  readonly alarm: 'recursionDesired' | undefined;
}

export interface Block {
  readonly kind: 'block';
  readonly reason: BlockReason;
  /** Bits of FIELD. */
  readonly reads: number;
  readonly by: RuleState | undefined;
}

export type Verdict = Allow | Block;

/** Whether a later lesson may turn the verdict: such a query is worth holding for a moment. */
export function mayYetBeLearned({ kind, reason }: Verdict): boolean {
  return kind === 'block' && (reason === 'unknown' || reason === 'notServed');
}

/** The operator's sentence, in the wording of Ichise et al. (§V-B, table II). */
export function describeVerdict(destination: Address, verdict: Verdict, enforced: boolean): string {
  const address = formatAddress(destination);
  const rule = verdict.by?.rule;
  if (verdict.kind === 'block') {
    const what = rule === undefined ? BLOCKED[verdict.reason] : `denied by rule ${rule.id} (${rule.reason})`;
    return `${address} is ${what} and ${enforced ? 'block' : 'would block'}`;
  }
  const alarm = verdict.alarm === undefined ? '' : ', but is asked to recurse and is no known resolver';
  return `${address} is ${describeStanding(destination, verdict)} and pass${alarm}`;
}

const BLOCKED: Readonly<Record<BlockReason, string>> = {
  denyRule: 'denied by a rule',
  denyPack: 'on a list of what is denied',
  unknown: 'unknown',
  notServed: 'known, but not for this name,',
  tooYoung: 'known too short a time',
  tooFewZones: 'known for too few zones',
  tooFewTeachers: 'known from too few servers',
  recursionDesired: 'an authoritative server asked to recurse',
  unreadable: 'asked something that cannot be read',
};

function describeStanding(destination: Address, { reason, by }: Allow): string {
  switch (reason) {
    case 'history':
      return `registered ${isIpv4(destination) ? 'glueA' : 'glueAAAA'} record`;
    case 'stale':
      return `registered ${isIpv4(destination) ? 'glueA' : 'glueAAAA'} record that has expired`;
    case 'rootHints':
      return 'a root server';
    case 'seed':
      return 'a seeded address';
    case 'allowRule':
      return `allowed by rule ${by?.rule.id ?? ''} (${by?.rule.reason ?? ''})`;
  }
}
