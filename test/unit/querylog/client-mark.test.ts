import { describe, expect, it } from 'vitest';
import { type Address, parseAddress } from '../../../src/core/address.ts';
import { Anonymiser } from '../../../src/querylog/anonymiser.ts';
import { clientMark } from '../../../src/querylog/client-mark.ts';

const withKey = (octet: number) => {
  const anonymiser = new Anonymiser(new Uint8Array(32).fill(octet));
  return (address: Address) => anonymiser.pseudonym(address);
};

describe('clientMark', () => {
  it('is the same for the same way of writing clients, and another for another key or none', () => {
    const plain = (address: Address) => address;
    const marks = [plain, withKey(1), withKey(2)].map(clientMark);
    expect(marks).toEqual([plain, withKey(1), withKey(2)].map(clientMark));
    expect(new Set(marks).size).toBe(3);
    expect(marks.every((mark) => /^[\w-]{22}$/.test(mark))).toBe(true);
  });

  it('is short where all clients are one', () => {
    expect(clientMark(() => parseAddress('192.0.2.1')!)).toHaveLength(22);
  });
});
