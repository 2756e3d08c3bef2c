/**
 * RFC 9497, appendix A.1.1: the library that oblivious confirmation stands on, by the vectors of OPRF(ristretto255, SHA-512) in
 * mode OPRF.
 */
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';

const oprf = ristretto255_oprf.oprf as typeof ristretto255_oprf.oprf & {
  evaluate(secretKey: Uint8Array, input: Uint8Array): Uint8Array;
};

const SEED = 'a3'.repeat(32);
const KEY_INFO = '74657374206b6579';
const SECRET_KEY = '5ebcea5ee37023ccb9fc2d2019f9d7737be85591ae8652ffa9ef0f4d37063b0e';
const BLIND = '64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706';
const VECTORS = [
  {
    input: '00',
    blinded: '609a0ae68c15a3cf6903766461307e5c8bb2f95e7e6550e1ffa2dc99e412803c',
    evaluated: '7ec6578ae5120958eb2db1745758ff379e77cb64fe77b0b2d8cc917ea0869c7e',
    output:
      '527759c3d9366f277d8c6020418d96bb393ba2afb20ff90df23fb7708264e2f3' +
      'ab9135e3bd69955851de4b1f9fe8a0973396719b7912ba9ee8aa7d0b5e24bcf6',
  },
  {
    input: '5a'.repeat(17),
    blinded: 'da27ef466870f5f15296299850aa088629945a17d1f5b7f5ff043f76b3c06418',
    evaluated: 'b4cbf5a4f1eeda5a63ce7b77c7d23f461db3fcab0dd28e4e17cecb5c90d02c25',
    output:
      'f4a74c9c592497375e796aa837e907b1a045d34306a749db9f34221f7e750cb4' +
      'f2a6413a6bf6fa5e19ba6348eb673934a722a7ede2e7621306d18951e7cf2c73',
  },
];

describe('the vectors of RFC 9497 A.1.1', () => {
  it('derives the key pair', () => {
    expect(hex(oprf.deriveKeyPair(octets(SEED), octets(KEY_INFO)).secretKey)).toBe(SECRET_KEY);
  });

  it.each(VECTORS)('blinds, evaluates and finalizes $input', ({ input, blinded, evaluated, output }) => {
    expect(hex(oprf.blind(octets(input), () => wide(BLIND)).blinded)).toBe(blinded);
    expect(hex(oprf.blindEvaluate(octets(SECRET_KEY), octets(blinded)))).toBe(evaluated);
    expect(hex(oprf.finalize(octets(input), octets(BLIND), octets(evaluated)))).toBe(output);
    expect(hex(oprf.evaluate(octets(SECRET_KEY), octets(input)))).toBe(output);
  });
});

/**
 * What a source of random octets gives so that the library makes this scalar of it: it takes a number of 48 octets, little-endian, modulo
 * the order less one, and adds one.
 */
function wide(scalar: string): Uint8Array {
  const number = Buffer.alloc(48);
  octets(scalar).copy(number);
  number[0]! -= 1;
  return number;
}

function octets(digits: string): Buffer {
  return Buffer.from(digits, 'hex');
}

function hex(of: Uint8Array): string {
  return Buffer.from(of).toString('hex');
}
