/** Kinds of DUID that hold a link-layer address (RFC 8415 §11.2, §11.4), and Ethernet's hardware type. */
const DUID_LLT = 1;
const DUID_LL = 3;
const ETHERNET = 1;
const LLT_OCTETS = 14;
const LL_OCTETS = 10;
/** At most 130 (RFC 8415 §11.1: 128 octets behind the type). */
const HEX_OCTETS = /^[0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2}){0,129}$/;
const SHORT_OCTET = /\b[0-9A-Fa-f]\b/g;

/**
 * The Ethernet address in a DHCP unique identifier: that of one interface of the client, not always of the one that asked.
 * Undefined when it holds none.
 */
export function macOfDuid(duid: Buffer): number | undefined {
  if (duid.length < 4 || duid.readUInt16BE(2) !== ETHERNET) return undefined;
  const kind = duid.readUInt16BE(0);
  if (kind === DUID_LLT && duid.length === LLT_OCTETS) return duid.readUIntBE(8, 6);
  return kind === DUID_LL && duid.length === LL_OCTETS ? duid.readUIntBE(4, 6) : undefined;
}

/** Octets written as `00:01:0a`; undefined when they are not. */
export function hexOctets(text: string): Buffer | undefined {
  if (!HEX_OCTETS.test(text)) return undefined;
  return Buffer.from(text.replace(SHORT_OCTET, '0$&').replaceAll(':', ''), 'hex');
}
