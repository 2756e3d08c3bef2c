/** The store of a configuration: where it is, and what it holds at start. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { AccountBook } from '../accounts/account-book.ts';
import type { Config } from '../config/schema.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { FindingBook } from '../findings/finding-book.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import { readTriples } from '../nsdb/triple-batch.ts';
import type { Enforcement } from '../policy/enforcement.ts';
import type { RuleBook } from '../policy/rule-book.ts';
import { Journal } from '../storage/journal.ts';
import type { MariadbAccess } from '../storage/mariadb-connection.ts';
import { formatMariadbPlace, isLocalPlace, isMariadbUrl, parseMariadbUrl } from '../storage/mariadb-place.ts';
import { openMariadbStore } from '../storage/mariadb-store.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import { openSqliteStore } from '../storage/sqlite-store.ts';
import type { Store } from '../storage/store.ts';

type StoreConfig = Config['store'];

const JOURNAL_NAME = 'gluewall.journal';

/** Where the store's file is: the configuration's, else in the folder that the service manager or the system has for it. */
export function storeFile(config: Config): string {
  return config.store.file ?? join(stateFolder(), 'gluewall.db');
}

function stateFolder(): string {
  const { STATE_DIRECTORY, XDG_STATE_HOME } = process.env;
  if (STATE_DIRECTORY !== undefined) return STATE_DIRECTORY;
  if (process.getuid?.() === 0) return '/var/lib/gluewall';
  return join(XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'gluewall');
}

/** Where saves wait while the database is away. */
export function journalFile(config: Config): string {
  return config.store.journal ?? join(stateFolder(), JOURNAL_NAME);
}

/** The configuration with another store: the URL of a MariaDB database, `memory`, or the file of a SQLite store. */
export function withStore(config: Config, text: string | undefined): Config {
  if (text === undefined) return config;
  const { file: _, url: __, ...rest } = config.store;
  const store: StoreConfig =
    text === 'memory'
      ? { ...rest, kind: 'memory' }
      : isMariadbUrl(text)
        ? { ...rest, kind: 'mariadb', url: text }
        : { ...rest, kind: 'sqlite', file: resolve(text) };
  return { ...config, store };
}

/** How the store is named for a person. Throws as `mariadbAccess` does. */
export function storePlace(config: Config): string {
  switch (config.store.kind) {
    case 'memory':
      return 'memory';
    case 'sqlite':
      return storeFile(config);
    case 'mariadb':
      return formatMariadbPlace(mariadbAccess(config.store).place);
  }
}

/** Throws GluewallError `store-url`, or `store-password` when the file of the password cannot be read. */
export function mariadbAccess(store: StoreConfig): MariadbAccess {
  const place = parseMariadbUrl(store.url ?? '');
  const tls = store.tls === 'auto' ? !isLocalPlace(place) : store.tls === 'on';
  return { place, password: passwordOf(store.password_file), tls, caFile: store.ca_file };
}

function passwordOf(file: string | undefined): string | undefined {
  if (file === undefined) return process.env.GLUEWALL_STORE_PASSWORD;
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/, 1)[0];
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const remedy = 'give this user the right to it, or name another with store.password_file';
    throw new GluewallError('store-password', `the password file ${file} cannot be read (${code}): ${remedy}`, {
      cause,
    });
  }
}

/**
 * Opens the store. Throws a GluewallError whose code begins with `store-` when it cannot be had; a database that is away is
 * only found out when it is asked. Where that is strict, a damaged file is refused and not set aside.
 */
export async function openStore(config: Config, log: Log, isStrict: boolean = false): Promise<Store> {
  const { kind, events } = config.store;
  if (kind === 'memory') return new MemoryStore({ events });
  if (kind === 'mariadb') return openMariadbStore(mariadbAccess(config.store), { events });
  const file = storeFile(config);
  const { store, setAside } = await openSqliteStore(file, { events, isStrict });
  if (setAside !== undefined) {
    const what = `the store ${file} was damaged and is set aside as ${setAside}`;
    log.error({ file, setAside }, `${what}; the history starts anew, and so does warm-up`);
  }
  return store;
}

/** Opens the journal of a store that may be away; undefined for others, and where it cannot be had. */
export async function openJournal(config: Config, log: Log): Promise<Journal | undefined> {
  if (config.store.kind !== 'mariadb') return undefined;
  const file = journalFile(config);
  try {
    return await Journal.open(file, config.store.journal_size);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const rest = 'while the database is away what is new waits in memory only';
    log.error(
      { file },
      `the journal ${file} cannot be opened: ${reason}; ${rest}: see store.journal and ${dirname(file)}`,
    );
    return undefined;
  }
}

/** Where what a store holds is wanted. */
export interface LoadedParts {
  readonly history: NsHistory;
  readonly rules: RuleBook;
  readonly enforcement: Enforcement;
  /** Left out where nobody asks for them. */
  readonly findings?: FindingBook;
  readonly accounts?: AccountBook;
}

/** Puts what the store holds into memory; of what has expired what the history still remembers. */
export async function loadStore(
  store: Store,
  { history, rules, enforcement, findings, accounts }: LoadedParts,
  nowMs: number,
): Promise<void> {
  for await (const batch of store.loadTriples(nowMs - history.keepMs)) {
    for (const triple of readTriples(batch)) history.restore(triple, true);
  }
  for (const rule of await store.loadRules(nowMs)) rules.restore(rule);
  await findings?.load();
  await accounts?.load();
  const progress = await store.loadWarmup();
  if (progress !== undefined) enforcement.resume(progress);
}

/** Says what a store has brought. */
export function tellLoaded(store: Pick<Store, 'unreadableRows'>, history: NsHistory, log: Log): void {
  const rows = store.unreadableRows;
  if (rows > 0) log.warn({ rows }, `${rows} rows of the store make no sense and are left out`);
  const { size, addressCount } = history;
  log.info({ triples: size, addresses: addressCount }, `the history begins with ${addressCount} addresses`);
}
