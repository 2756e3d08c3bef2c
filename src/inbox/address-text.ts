/** Addresses as people type them, for what must run in a browser, too: there, WHATWG URLs know how IPv6 is written. */
import type { AddressValue } from './search.ts';

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** In the form of `formatAddress` (RFC 5952); undefined when it is neither an IPv4 nor an IPv6 address. */
export function addressText(text: string): string | undefined {
  if (IPV4.test(text)) return text;
  return text.length <= 45 && /^[0-9a-f.]*:[0-9a-f:.]*$/i.test(text) ? ipv6Text(text) : undefined;
}

/** Reads an address, or `ADDRESS/LENGTH`; bits beyond the prefix are cut off. Undefined when it is neither. */
export function addressValue(text: string): AddressValue | undefined {
  const [, written = '', digits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = addressText(written);
  if (address === undefined || digits === undefined) {
    return address === undefined ? undefined : { address, prefixLength: undefined };
  }
  const isLong = address.includes(':');
  const prefixLength = Number(digits);
  if (prefixLength > (isLong ? 128 : 32)) return undefined;
  const base = isLong ? ipv6Base(address, prefixLength) : ipv4Base(address, prefixLength);
  return base === undefined ? undefined : { address: base, prefixLength };
}

function ipv6Text(text: string): string | undefined {
  try {
    return new URL(`http://[${text}]/`).hostname.slice(1, -1);
  } catch {
    return undefined;
  }
}

function ipv4Base(address: string, prefixLength: number): string {
  return masked(address.split('.').map(Number), 8, prefixLength).join('.');
}

function ipv6Base(address: string, prefixLength: number): string | undefined {
  const [front = [], back = []] = address
    .split('::')
    .map((half) => (half === '' ? [] : half.split(':').map((group) => Number.parseInt(group, 16))));
  const zeros = new Array<number>(8 - front.length - back.length).fill(0);
  const groups = masked([...front, ...zeros, ...back], 16, prefixLength);
  return ipv6Text(groups.map((group) => group.toString(16)).join(':'));
}

/** Parts of so many bits, of which the first `prefixLength` bits stay. */
function masked(parts: readonly number[], bits: number, prefixLength: number): number[] {
  return parts.map((part, index) => {
    const kept = Math.max(0, Math.min(bits, prefixLength - index * bits));
    return part & ~(2 ** (bits - kept) - 1);
  });
}
