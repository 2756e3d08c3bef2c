/**
 * The state of a row in one number: origin (2 bits), trust (2), glue (2), and two marks: PAST, it has expired and is only
 * remembered; CHANGED, it is not in the store yet.
 */
import { GLUES, type Glue, type Origin, TRUSTS, type Trust } from './ns-triple.ts';

export const ORIGINS: readonly Origin[] = ['learned', 'rootHints', 'seed'];

/** Trust and glue as numbers: their places in TRUSTS and GLUES. */
export const TRUST = { UNVERIFIED: 0, INCIDENTAL: 1, REFERRAL: 2, AUTHORITATIVE: 3 } as const;
export const GLUE = { NONE: 0, IN_DOMAIN: 1, SIBLING: 2, UNRELATED: 3 } as const;
export const ORIGIN = { LEARNED: 0, ROOT_HINTS: 1, SEED: 2 } as const;
export const MARK = { PAST: 64, CHANGED: 128 } as const;

export function packState(origin: number, trust: number, glue: number): number {
  return origin | (trust << 2) | (glue << 4);
}

export function originOf(state: number): number {
  return state & 3;
}

export function trustOf(state: number): number {
  return (state >> 2) & 3;
}

export function glueOf(state: number): number {
  return (state >> 4) & 3;
}

export function trustWord(state: number): Trust {
  return TRUSTS[(state >> 2) & 3]!;
}

export function glueWord(state: number): Glue {
  return GLUES[(state >> 4) & 3]!;
}

export function originWord(state: number): Origin {
  return ORIGINS[state & 3]!;
}
