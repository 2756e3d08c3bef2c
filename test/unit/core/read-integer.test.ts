import { expect, it } from 'vitest';
import { readInt32, readUint16 } from '../../../src/core/read-integer.ts';

it('reads what Buffer reads', () => {
  const octets = Buffer.from('00ff80017fffffffc00002fedcba98', 'hex');
  for (let at = 0; at + 2 <= octets.length; at++) expect(readUint16(octets, at)).toBe(octets.readUInt16BE(at));
  for (let at = 0; at + 4 <= octets.length; at++) expect(readInt32(octets, at)).toBe(octets.readInt32BE(at));
});
