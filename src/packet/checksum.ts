/** The sum of `octets[start, end)` in words of 16 bits, added to `sum`; an odd last octet is the upper half of a word. */
export function addWords(octets: Buffer, start: number, end: number, sum = 0): number {
  let total = sum;
  let at = start;
  for (; at + 2 <= end; at += 2) total += octets.readUInt16BE(at);
  return at < end ? total + octets[at]! * 256 : total;
}

/** The Internet checksum (RFC 1071) of what `addWords` has summed up: 16 bits. */
export function checksumOf(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}
