import type { Name } from '../dns/name.ts';
import type { Span } from './inspect-log.ts';
import type { NodeRequest } from './messages.ts';
import type { TimeLimit } from './time-limit.ts';

/** One request that is worked on. */
export interface Task {
  readonly request: NodeRequest;
  /** Who sent it; ourselves, when it was made here. */
  readonly asker: string;
  readonly isOurs: boolean;
  /** Who asks about which attack of which case, and with which window: as GivenAnswers has them. */
  readonly attack: string;
  readonly window: string;
  readonly name: Name;
  readonly span: Span;
  /** The same for all requests of one case that want to know the same. */
  readonly question: string;
  readonly limit: TimeLimit;
}
