import { formatAddress } from '../../src/core/address.ts';
import type { HistoryOptions } from '../../src/nsdb/history-options.ts';
import { NsHistory } from '../../src/nsdb/ns-history.ts';
import { historyOptions, learnAt, type SightingFields } from './learning.ts';
import { addressOf } from './observations.ts';
import { VirtualClock } from './virtual-clock.ts';

/** The address that `learn` names by default. */
const ADDRESS = addressOf('203.0.113.53');

/** A history on virtual time, and what it tells. */
export function historyRig(options: Partial<HistoryOptions> = {}) {
  const clock = new VirtualClock();
  const history = new NsHistory(clock, historyOptions(options));
  const told: string[] = [];
  history.subscribe({
    learned: (address) => told.push(`learned ${formatAddress(address)}`),
    expired: (address) => told.push(`expired ${formatAddress(address)}`),
  });
  const learn = (fields: SightingFields = {}) => learnAt(history, clock.nowMs(), fields);
  const leftSeconds = () => ((history.standing(ADDRESS)?.untilMs ?? Number.NaN) - clock.nowMs()) / 1000;
  const rows = (address = ADDRESS) => [...history.ofAddress(address)];
  return { clock, history, told, learn, leftSeconds, rows };
}
