/** The store of a configuration: where it is, and what it holds at start. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { Log } from '../core/log.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import type { AllowList } from '../policy/allow-list.ts';
import { resumedProgressMs } from '../policy/mode.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import { openSqliteStore } from '../storage/sqlite-store.ts';
import type { Store } from '../storage/store.ts';

/** Where the store's file is: the configuration's, else in the folder that the service manager or the system has for it. */
export function storeFile(config: Config): string {
  if (config.store.file !== undefined) return config.store.file;
  const { STATE_DIRECTORY, XDG_STATE_HOME } = process.env;
  if (STATE_DIRECTORY !== undefined) return join(STATE_DIRECTORY, 'gluewall.db');
  if (process.getuid?.() === 0) return '/var/lib/gluewall/gluewall.db';
  return join(XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'gluewall', 'gluewall.db');
}

/** Throws a GluewallError whose code begins with `store-` when the store cannot be had. */
export async function openStore(config: Config, log: Log): Promise<Store> {
  const { kind, events } = config.store;
  if (kind === 'memory') return new MemoryStore({ events });
  const file = storeFile(config);
  const { store, setAside } = await openSqliteStore(file, { events });
  if (setAside !== undefined) {
    const what = `the store ${file} was damaged and is set aside as ${setAside}`;
    log.error({ file, setAside }, `${what}; the history starts anew, and so does warm-up`);
  }
  return store;
}

/** How long the history has learned, as far as that still counts, milliseconds. */
export async function loadLearnedForMs(store: Store, warmupMs: number, nowMs: number): Promise<number> {
  const progress = await store.loadWarmup();
  return progress === undefined ? 0 : resumedProgressMs(progress, warmupMs, nowMs);
}

/** Puts what the store holds into memory: history and allow-list, without what has expired. */
export async function loadStore(store: Store, history: NsHistory, allowList: AllowList, nowMs: number): Promise<void> {
  for await (const triples of store.loadTriples(nowMs)) {
    for (const triple of triples) history.restore(triple);
  }
  for (const entry of await store.loadAllowEntries(nowMs)) allowList.add(entry);
}
