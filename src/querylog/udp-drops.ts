import { addressOctets, parseAddress } from '../core/address.ts';

const WORD_OCTETS = 4;

/**
 * How many datagrams Linux has lost of the UDP sockets bound to an address and port, for want of room; `table` is
 * /proc/net/udp or /proc/net/udp6. Undefined: no such socket stands there.
 */
export function readUdpDrops(table: string, host: string, port: number): number | undefined {
  const address = parseAddress(host);
  if (address === undefined) return undefined;
  const local = `${tableAddress(addressOctets(address))}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let drops: number | undefined;
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/ +/);
    if (columns[1] === local) drops = (drops ?? 0) + (Number(columns.at(-1)) || 0);
  }
  return drops;
}

/** Linux writes an address as numbers of 32 bits of the machine, which are little-endian wherever gluewall runs. */
function tableAddress(octets: Uint8Array): string {
  let text = '';
  for (let at = 0; at < octets.length; at += WORD_OCTETS) {
    text += Buffer.from(octets.subarray(at, at + WORD_OCTETS))
      .reverse()
      .toString('hex');
  }
  return text.toUpperCase();
}
