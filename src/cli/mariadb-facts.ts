import { statSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import { GluewallError } from '../core/errors.ts';
import type { MariadbFacts } from '../doctor/mariadb-findings.ts';
import { formatMariadbPlace, isLocalPlace } from '../storage/mariadb-place.ts';
import { journalFile, mariadbAccess } from './open-store.ts';

/** Asks the database of a configuration once, and changes nothing in it. Throws as `mariadbAccess` does. */
export async function mariadbFacts(config: Config): Promise<MariadbFacts> {
  const access = mariadbAccess(config.store);
  const journalBytes = statSync(journalFile(config), { throwIfNoEntry: false })?.size ?? 0;
  const shared = {
    place: formatMariadbPlace(access.place),
    isLocal: isLocalPlace(access.place),
    hasTls: access.tls,
    journalBytes,
  };
  // The driver takes long to load.
  const { probeMariadb } = await import('../storage/mariadb-connection.ts');
  try {
    return { ...shared, schemaVersion: await probeMariadb(access), problem: undefined };
  } catch (cause) {
    if (!(cause instanceof GluewallError)) throw cause;
    return { ...shared, schemaVersion: undefined, problem: cause.message };
  }
}
