import type { Address } from '../core/address.ts';
import type { Name } from '../dns/name.ts';

/**
 * What the server was to who asked it (RFC 9499 §6): a `recursive` one was asked to resolve, a `forwarded` query was passed on to
 * another that resolves, an `authoritative` server was asked about zones it serves.
 */
export const ROLES = ['recursive', 'forwarded', 'authoritative'] as const;
export type Role = (typeof ROLES)[number];

/** What the gate did with the query: `would block` where monitor mode let it pass. */
export const MARKS = ['blocked', 'would block'] as const;
export type Mark = (typeof MARKS)[number];

/** One query that somebody asked, and what is known of its response. What the source does not say is undefined. */
export interface LogEntry {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** As it was asked, octet by octet, in whatever case. */
  readonly name: Name;
  readonly type: number;
  readonly class: number;
  /** Who asked. */
  readonly client: Address | undefined;
  readonly clientPort: number | undefined;
  /** Who was asked. */
  readonly server: Address | undefined;
  readonly role: Role | undefined;
  /** Twelve bits (RFC 6891 §6.1.3); undefined when no response is known of. */
  readonly responseCode: number | undefined;
  /** The addresses of the answer section, in its order, MAX_ANSWERS at most. */
  readonly answers: readonly Address[];
  readonly mark: Mark | undefined;
}

/** Further addresses of one response are left out. */
export const MAX_ANSWERS = 64;
