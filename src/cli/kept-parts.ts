import type { Journal } from '../storage/journal.ts';
import type { Store } from '../storage/store.ts';
import type { RunningConsole } from './console/create-console.ts';
import type { QueryLog } from './query-log/query-log.ts';

/** Where what is learned and seen outlives the process; the journal is for a store that may be away. */
export interface KeptParts {
  readonly store: Store;
  readonly journal: Journal | undefined;
  readonly queryLog?: QueryLog;
  readonly console?: RunningConsole | undefined;
}
