import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { EventFeed } from '../events/event-feed.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import type { FrameView } from '../packet/frame.ts';
import type { ClientGroup } from '../policy/client-group.ts';
import type { Mode } from '../policy/mode.ts';
import type { PolicyBook } from '../policy/policy-book.ts';
import type { AllowedSampler } from './allowed-sampler.ts';
import type { HoldOptions } from './hold-book.ts';
import type { TcpOpeningsOptions } from './tcp-opening-book.ts';

/** Takes note of who sent the frame in view; called for each, so it must be quick. */
export type TakeSeen = (frame: FrameView, datapathId: string, inPort: number, portName: string | undefined) => void;

/** Takes the frame `octets[start, end)` of a direct query that has left; to be read at once. */
export type TakeLeft = (octets: Buffer, start: number, end: number) => void;

/** What the firewall is made of. */
export interface FirewallParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly history: NsHistory;
  readonly policies: PolicyBook;
  /** The mode in force for the clients of a group. */
  readonly modeOf: (group: ClientGroup) => Mode;
  readonly feed: EventFeed<VerdictEvent>;
  readonly sampler: AllowedSampler;
  readonly hold: HoldOptions;
  readonly openings: TcpOpeningsOptions;
  readonly onLeft: TakeLeft;
  readonly onSeen: TakeSeen;
}
