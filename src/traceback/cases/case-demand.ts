import type { Address } from '../../core/address.ts';
import type { Name } from '../../dns/name.ts';
import type { ConfirmationMethod } from '../confirmation/confirmation-test.ts';

/** A case that is to be opened. What is undefined is as the node has it. */
export interface CaseDemand {
  /** What the victim is called. */
  readonly name: Name;
  /** When the attack began, milliseconds since the epoch. */
  readonly atMs: number;
  /** Where the packets say that they come from. */
  readonly source: Address;
  /** The window around that time in which queries are looked for. */
  readonly beforeMs?: number | undefined;
  readonly afterMs?: number | undefined;
  readonly method?: ConfirmationMethod | undefined;
  /** Why hosts may be named where the confirmation does not say `spoofed`. */
  readonly override?: string | undefined;
  /** Whether names that the hosts asked for before are looked for. */
  readonly commandAndControl: boolean;
  readonly timeLimitMs: number;
  /** Who asks, for people. */
  readonly by?: string | undefined;
}
