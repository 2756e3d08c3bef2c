import { Resolver } from 'node:dns/promises';
import { type Address, addressOctets, isIpv4 } from '../core/address.ts';
import { formatHostPort } from '../core/host-port.ts';

/** Asks for the names that an address has in the reverse zone; resolves with none when there is none, rejects when nobody answers. */
export type AskPtr = (address: Address) => Promise<readonly string[]>;

export interface PtrResolver {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** What says that there is no such name, or that it has no PTR record. */
const NO_NAME = ['ENOTFOUND', 'ENODATA'];

/** Asks a resolver of the site, and never the files of this machine. `stop` ends what is under way. */
export function createAskPtr({ host, port, timeoutMs }: PtrResolver): {
  readonly ask: AskPtr;
  readonly stop: () => void;
} {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
  resolver.setServers([formatHostPort(host, port)]);
  const ask = async (address: Address) => {
    try {
      return await resolver.resolvePtr(reverseName(address));
    } catch (cause) {
      if (NO_NAME.includes((cause as NodeJS.ErrnoException).code ?? '')) return [];
      throw cause;
    }
  };
  return { ask, stop: () => resolver.cancel() };
}

/** The name in the reverse zone (RFC 1035 §3.5, RFC 3596 §2.5). */
export function reverseName(address: Address): string {
  const octets = [...addressOctets(address)].reverse();
  if (isIpv4(address)) return `${octets.join('.')}.in-addr.arpa`;
  return `${octets.map((octet) => `${(octet & 15).toString(16)}.${(octet >> 4).toString(16)}`).join('.')}.ip6.arpa`;
}
