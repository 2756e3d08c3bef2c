import type { Address } from '../../core/address.ts';
import { Anonymiser, readAnonymiserKey } from '../../querylog/anonymiser.ts';

/** What stands in the log for a client: itself, or with a key its pseudonym. Throws `querylog-key`. */
export function logClients(keyFile: string | undefined): (client: Address) => Address {
  if (keyFile === undefined) return (client) => client;
  const anonymiser = new Anonymiser(readAnonymiserKey(keyFile));
  return (client) => anonymiser.pseudonym(client);
}
