import { dirname, join } from 'node:path';
import type { Config } from '../../config/schema.ts';
import type { Address } from '../../core/address.ts';
import type { Log } from '../../core/log.ts';
import type { SyslogPlace } from '../../querylog/syslog-place.ts';
import type { MariadbAccess } from '../../storage/mariadb-connection.ts';
import { formatMariadbPlace } from '../../storage/mariadb-place.ts';
import { mariadbAccess, storeFile } from '../open-store.ts';
import { clientsKey } from './log-clients.ts';

/** Where the query log is kept. */
export type LogStorePlace =
  | { readonly kind: 'memory' }
  | { readonly kind: 'sqlite'; readonly folder: string }
  | { readonly kind: 'mariadb'; readonly access: MariadbAccess };

/** A source that is read: a file that is followed, or syslog. */
export interface LogSourceOrder {
  readonly name: string;
  readonly place: { readonly file: string } | { readonly syslog: SyslogPlace };
  /** Undefined: whatever it turns out to be. */
  readonly format: string | undefined;
  /** As IANA names it. */
  readonly zone: string;
  readonly server: Address | undefined;
}

/** What can change while the log is kept. */
export interface LogSettings {
  /** Milliseconds; Infinity: for ever. */
  readonly keepMs: number;
  /** By the name of the source, of those that keep less. */
  readonly keepMsOf: ReadonlyMap<string, number>;
  readonly sizeBytes: number;
  readonly sources: readonly LogSourceOrder[];
}

/** What the thread that keeps the query log is told; can be cloned. */
export interface LogOrder extends LogSettings {
  readonly store: LogStorePlace;
  /** The key by which clients are anonymised; undefined: they are not. */
  readonly key: Uint8Array | undefined;
  readonly trustedResolvers: readonly Address[];
}

/** Throws as `logStorePlace` does, and `querylog-key`. */
export function logOrder(config: Config, log: Log): LogOrder {
  return {
    ...logSettings(config),
    store: logStorePlace(config),
    key: clientsKey(config, log),
    trustedResolvers: config.trusted_resolvers,
  };
}

export function logSettings({ querylog }: Config): LogSettings {
  const { keep, size, sources } = querylog;
  return {
    keepMs: keep ?? Number.POSITIVE_INFINITY,
    keepMsOf: new Map(sources.flatMap((source) => (source.keep === undefined ? [] : [[source.name, source.keep]]))),
    sizeBytes: size,
    sources: sources.map(({ name, file, syslog, access, format, zone, server }) => ({
      name,
      // One of the two is there: `contradictions` sees to it.
      place: file === undefined ? { syslog: accessedPlace(syslog!, access) } : { file },
      format: format === 'detect' ? undefined : format,
      zone: zone ?? machineZone(),
      server,
    })),
  };
}

function accessedPlace(place: SyslogPlace, access: 'owner' | 'group'): SyslogPlace {
  return place.transport === 'unix' ? { ...place, isForGroup: access === 'group' } : place;
}

/** The time zone of this machine. */
export function machineZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Where the query log of a configuration is kept. Throws as `mariadbAccess` does. */
export function logStorePlace(config: Config): LogStorePlace {
  const { kind } = config.store;
  if (kind === 'memory') return { kind };
  if (kind === 'mariadb') return { kind, access: mariadbAccess(config.store) };
  return { kind, folder: config.querylog.folder ?? join(dirname(storeFile(config)), 'querylog') };
}

/** How the place is named for a person. */
export function formatLogStorePlace(place: LogStorePlace): string {
  if (place.kind === 'memory') return 'memory';
  return place.kind === 'sqlite' ? place.folder : formatMariadbPlace(place.access.place);
}
