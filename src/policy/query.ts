import type { Address } from '../core/address.ts';
import type { Name } from '../dns/name.ts';
import type { Transport } from '../dns/observation.ts';
import type { ClientGroup } from './client-group.ts';

/** The question of a query, as verdicts read it. */
export interface QueryQuestion {
  /** Canonical. */
  readonly name: Name;
  readonly type: number;
  /** RD. */
  readonly recursionDesired: boolean;
}

/**
 * What is known of the message of a query. `unreadable`: there is none that can be read. `unseen`: it is still to come, as
 * at a TCP SYN: the verdict is then whether it is worth waiting for.
 */
export type QueryMessage = QueryQuestion | 'unreadable' | 'unseen';

/** Who sends a query: what is undefined is left open, and a verdict that would read it says so in `reads`. */
export interface QueryClient {
  readonly address: Address | undefined;
  /** 48 bits. */
  readonly mac: number | undefined;
  /** The OpenFlow number of the switch port by which it came, and its name where that is known. */
  readonly inPort: number | undefined;
  readonly portName: string | undefined;
}

/** A direct outbound query. */
export interface PolicyQuery {
  readonly client: QueryClient;
  readonly group: ClientGroup;
  readonly destination: Address;
  /** Undefined: left open. */
  readonly transport: Transport | undefined;
  readonly message: QueryMessage;
}
