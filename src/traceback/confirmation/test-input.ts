import { type Address, addressOctets } from '../../core/address.ts';
import { canonicalName, type Name } from '../../dns/name.ts';

/** What a confirmation asks about: whether this address asked for this name. */
export interface TestQuestion {
  readonly caseId: string;
  readonly name: Name;
  readonly address: Address;
}

const LABEL = { hash: 'gluewall confirmation hash 1', oblivious: 'gluewall confirmation oblivious 1' } as const;

/**
 * What both sides compute on, as octets: the use that it is made for, the case, the address and the canonical name, each behind its
 * length of 16 bits, so that no two questions are written the same.
 */
export function testInput(use: keyof typeof LABEL, { caseId, name, address }: TestQuestion): Buffer {
  const parts = [
    Buffer.from(LABEL[use], 'latin1'),
    Buffer.from(caseId.toLowerCase(), 'latin1'),
    addressOctets(address),
    Buffer.from(canonicalName(name), 'latin1'),
  ];
  return Buffer.concat(parts.flatMap((part) => [lengthOf(part), part]));
}

function lengthOf(part: Buffer): Buffer {
  const length = Buffer.allocUnsafe(2);
  length.writeUInt16BE(part.length);
  return length;
}
