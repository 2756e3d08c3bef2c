import type { GluewallStatus } from './gluewall-peer.ts';

/** What became of the events of the verdicts given under load. */
export interface EventAccount {
  /** Events that the pace of the log had room for, and that are nowhere; or that the store lost. */
  readonly lost: number;
  /** Events that the pace of the log had no room for: counted, as configured, and neither logged nor kept. */
  readonly beyondPace: number;
}

/** Events that wait for the log, beside those that its rate lets go on (`log.rate`). */
const BACKLOG = 8192;

/**
 * The log takes `logRate` events a second and 8,192 wait for it: that is its pace. Under load there are far more verdicts,
 * and the rest is only counted. `seconds` is how long the load lasted at least.
 */
export function accountOfEvents(status: GluewallStatus, logRate: number, seconds: number): EventAccount {
  const { allowed = 0, blocked = 0, 'would block': wouldBlock = 0 } = status.verdicts;
  const verdicts = allowed + blocked + wouldBlock;
  const hadRoom = Math.min(verdicts, BACKLOG + Math.floor(logRate * seconds));
  const taken = verdicts - status.eventsLost;
  const lost = Math.max(0, hadRoom - taken) + status.store.lostEvents;
  return { lost, beyondPace: Math.max(0, verdicts - hadRoom) };
}
