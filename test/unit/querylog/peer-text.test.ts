import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/core/address.ts';
import { readClient, readPeer, readPort, readServer } from '../../../src/querylog/peer-text.ts';
import { addressOf } from '../../support/observations.ts';

const PARTS = { client: () => addressOf('10.0.0.1') };

describe('readServer', () => {
  it('reads what parseAddress reads, and nothing else', () => {
    const anyText = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ maxLength: 20 }),
      fc
        .array(fc.constantFrom('0', '1', '00', '255', '256', '.', '..', '1000', ' ', '-'), { maxLength: 9 })
        .map((all) => all.join('')),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        expect(readServer(text)).toBe(parseAddress(text));
      }),
    );
    for (const text of [
      '1.2.3',
      '1.2.3.',
      '.1.2.3',
      '1.2.3.4.',
      '01.2.3.4',
      '1.2.3.4.5',
      '0.0.0.0',
      '255.255.255.255',
    ]) {
      expect(readServer(text), text).toBe(parseAddress(text));
    }
  });

  it('leaves out the zone of an address', () => {
    expect(readServer('fe80::1%eth0')).toBe(addressOf('fe80::1'));
    expect(readServer(`fe80::1%${'e'.repeat(200)}`)).toBeUndefined();
  });
});

describe('readClient and readPeer', () => {
  it('give the pseudonym of a client', () => {
    expect(readClient('192.0.2.1', PARTS)).toBe(addressOf('10.0.0.1'));
    expect(readClient('192.0.2', PARTS)).toBeUndefined();
    expect(readPeer('192.0.2.1:53', PARTS)).toEqual({ client: addressOf('10.0.0.1'), clientPort: 53 });
    expect(readPeer('[2001:db8::1]:65535', PARTS)).toEqual({ client: addressOf('10.0.0.1'), clientPort: 65_535 });
  });

  it.each(['192.0.2.1', '192.0.2.1:', '192.0.2.1:65536', '2001:db8::1:53', '[192.0.2.1:53', '[]:53', ':53', 'a:53'])(
    'finds none in %j',
    (text) => expect(readPeer(text, PARTS)).toBeUndefined(),
  );
});

describe('readPort', () => {
  it('reads 0 to 65535', () => {
    expect(['0', '53', '65535'].map(readPort)).toEqual([0, 53, 65_535]);
    expect(['', '65536', '-1', '1e3', ' 1', '000053'].map(readPort)).toEqual(Array(6).fill(undefined));
  });
});
