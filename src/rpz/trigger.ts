/** What a Response Policy Zone acts on (draft-vixie-dnsop-dns-rpz-00 §4), and how that is written as owner names. */
import { type Address, addressOctets, formatAddress, isIpv4 } from '../core/address.ts';
import { formatName, MAX_NAME_OCTETS, type Name } from '../dns/name.ts';

/**
 * - `name`: queries for the name and for all below it (QNAME)
 * - `server-name`: queries whose zone has a name server of this name (NSDNAME)
 * - `server-address`: queries whose zone has a name server at this address (NSIP)
 *
 * Names are canonical.
 */
export type Trigger =
  | { readonly kind: 'name'; readonly name: Name }
  | { readonly kind: 'server-name'; readonly name: Name }
  | { readonly kind: 'server-address'; readonly address: Address };

const SERVER_NAME_LABEL = '\u000brpz-nsdname';
const SERVER_ADDRESS_LABEL = '\u0008rpz-nsip';
const WILDCARD_LABEL = '\u0001*';
const IPV6_WORDS = 8;

/** Such as `name c2.example`, one for each trigger; people read it, and it sorts. */
export function formatTrigger(trigger: Trigger): string {
  return trigger.kind === 'server-address'
    ? `${trigger.kind} ${formatAddress(trigger.address)}`
    : `${trigger.kind} ${formatName(trigger.name)}`;
}

/** The owner names within `zone` that stand for a trigger; undefined when one would be too long to be a name. */
export function triggerOwners(trigger: Trigger, zone: Name): readonly Name[] | undefined {
  const owners = prefixesOf(trigger).map((prefix) => `${prefix}${zone}` as Name);
  return owners.some((owner) => owner.length > MAX_NAME_OCTETS) ? undefined : owners;
}

/** The owner names without the zone: labels in wire form, and no root behind them. */
function prefixesOf(trigger: Trigger): readonly string[] {
  switch (trigger.kind) {
    case 'name': {
      const labels = trigger.name.slice(0, -1);
      return [labels, `${WILDCARD_LABEL}${labels}`];
    }
    case 'server-name':
      return [`${trigger.name.slice(0, -1)}${SERVER_NAME_LABEL}`];
    case 'server-address':
      return [`${addressLabels(trigger.address)}${SERVER_ADDRESS_LABEL}`];
  }
}

/** The prefix length, then the octets or 16-bit words from the last to the first (§4.1.1); `zz` for the longest run of zeros. */
function addressLabels(address: Address): string {
  const octets = addressOctets(address);
  if (isIpv4(address)) return wireLabels(['32', ...Array.from(octets, String).reverse()]);
  const words = Array.from({ length: IPV6_WORDS }, (_, index) => octets.readUInt16BE((IPV6_WORDS - 1 - index) * 2));
  const { start, length } = longestZeros(words);
  const texts = words.map((word) => word.toString(16));
  if (length > 1) texts.splice(start, length, 'zz');
  return wireLabels(['128', ...texts]);
}

/** The last of the longest runs, which is the first in the address, as RFC 5952 §4.2.3 shortens it. */
function longestZeros(words: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < words.length; start++) {
    let end = start;
    while (end < words.length && words[end] === 0) end++;
    if (end - start >= best.length) best = { start, length: end - start };
  }
  return best;
}

function wireLabels(labels: readonly string[]): string {
  return labels.map((label) => String.fromCharCode(label.length) + label).join('');
}
