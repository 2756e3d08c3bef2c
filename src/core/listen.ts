import type { AddressInfo, Server } from 'node:net';
import { formatHostPort } from './host-port.ts';

/** Where a server listens; port 0 for any that is free. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Listens where the `key` of the configuration says; resolves with the port. Rejects with an Error whose message names the key,
 * the address and what to do, when it cannot be had.
 */
export async function listenAt(server: Server, { host, port }: ListenAddress, key: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  }).catch((cause: Error) => {
    const problem = `${key}: ${formatHostPort(host, port)} cannot be listened on (${cause.message})`;
    throw new Error(`${problem}; choose another, or end what has it`, { cause });
  });
  return (server.address() as AddressInfo).port;
}
