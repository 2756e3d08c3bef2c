import type { Config } from '../../config/schema.ts';
import type { Address } from '../../core/address.ts';
import type { Log } from '../../core/log.ts';
import { Anonymiser, readAnonymiserKey } from '../../querylog/anonymiser.ts';

/** The key by which clients are anonymised, in memory of its own; undefined: they are not. Throws `querylog-key`. */
export function clientsKey({ querylog }: Config, log: Log): Uint8Array | undefined {
  const file = querylog.anonymise?.key_file;
  return file === undefined ? undefined : new Uint8Array(readAnonymiserKey(file, log));
}

/** What stands in the log for a client: itself, or with a key its pseudonym. */
export function logClients(key: Uint8Array | undefined): (client: Address) => Address {
  if (key === undefined) return (client) => client;
  const anonymiser = new Anonymiser(key);
  return (client) => anonymiser.pseudonym(client);
}
