/** Hardware addresses of Ethernet (IEEE 802, EUI-48) as numbers of 48 bits. */

const MAC_TEXT = /^[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}$/;

/** Reads `02:00:00:00:00:01`; undefined when it is no such address. */
export function parseMac(text: string): number | undefined {
  return MAC_TEXT.test(text) ? Number.parseInt(text.replaceAll(':', ''), 16) : undefined;
}

/** `02:00:00:00:00:01`, in lower case. */
export function formatMac(mac: number): string {
  const digits = mac.toString(16).padStart(12, '0');
  return `${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4, 6)}:${digits.slice(6, 8)}:${digits.slice(8, 10)}:${digits.slice(10)}`;
}
