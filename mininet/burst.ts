/** Orders for burst.py, which sends queries faster than `dig` can, and its report. */
import { repositoryPath } from './repository-path.ts';

export interface BurstQuery {
  /** The address asked. */
  readonly server: string;
  readonly name: string;
  readonly type?: 'A' | 'AAAA' | 'NS' | 'SOA' | 'TXT';
}

export interface Burst {
  /** At most 64. */
  readonly queries: readonly BurstQuery[];
  /** `together`: whether answered or not; `afterAnswer`: each the moment the one before it is answered. */
  readonly pace: 'together' | 'afterAnswer';
  /** Under `together`: the time between one query and the next; 0 when left out. */
  readonly gapMs?: number;
  /** The RD bit, as a client sets it and a resolver on its way down does not. */
  readonly recursionDesired: boolean;
  /** How long an answer is waited for; 1 when left out. */
  readonly waitSeconds?: number;
}

/** What came of one query. Under `afterAnswer`, a query behind an unanswered one is not sent. */
export interface BurstAnswer {
  readonly sent: boolean;
  readonly answered: boolean;
  /** The response code (RFC 1035 §4.1.1), null without an answer. */
  readonly rcode: number | null;
  /** From sending to the answer, null without one. */
  readonly afterMs: number | null;
}

/** The command line that carries out a burst; its queries have the IDs 0x1001, 0x1002, … */
export function burstArguments(burst: Burst): string[] {
  const queries = burst.queries.map((query, index) => ({ type: 'A', ...query, id: 0x1001 + index }));
  const order = { ...burst, waitSeconds: burst.waitSeconds ?? 1, queries };
  return ['/usr/bin/python3', repositoryPath('mininet', 'burst.py'), JSON.stringify(order)];
}
