import { type Address, type Ipv4Address, parseAddress } from '../core/address.ts';
import type { ReaderParts } from './log-reader.ts';

/** Longer than any address with its zone. */
const MAX_CHARACTERS = 128;
const MAX_PORT = 0xffff;
/** What a dot is from the digit 0. */
const DOT = 0x2e - 0x30;

/** What stands in the log for the client whose address is written so, maybe with a zone (RFC 4007 §11); undefined: no address. */
export function readClient(text: string, parts: Pick<ReaderParts, 'client'>): Address | undefined {
  const address = readServer(text);
  return address === undefined ? undefined : parts.client(address);
}

/** The address of a server, maybe with a zone; undefined when it is none. */
export function readServer(text: string): Address | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const dotted = readDotted(text);
  if (dotted !== undefined) return dotted;
  const zoneAt = text.indexOf('%');
  return parseAddress(zoneAt < 0 ? text : text.slice(0, zoneAt));
}

/** An IPv4 address as `parseAddress` reads it, without its detours: each line has one. */
function readDotted(text: string): Ipv4Address | undefined {
  let [address, octet, digits, dots] = [0, 0, 0, 0];
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit === DOT && digits > 0) {
      address = (address << 8) | octet;
      octet = 0;
      digits = 0;
      dots++;
    } else if (digit >= 0 && digit <= 9 && !(digits > 0 && octet === 0)) {
      octet = octet * 10 + digit;
      digits++;
    } else return undefined;
    if (octet > 255) return undefined;
  }
  return dots === 3 && digits > 0 ? (((address << 8) | octet) as Ipv4Address) : undefined;
}

/** Undefined when it is no port. */
export function readPort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= MAX_PORT ? port : undefined;
}

/** `192.0.2.1:53` or `[2001:db8::1]:53`; undefined when it is not so. */
export function readPeer(
  text: string,
  parts: Pick<ReaderParts, 'client'>,
): { readonly client: Address; readonly clientPort: number } | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const client = match === null ? undefined : readClient((match[1] ?? match[2])!, parts);
  const clientPort = readPort(match?.[3] ?? '');
  return client === undefined || clientPort === undefined ? undefined : { client, clientPort };
}
