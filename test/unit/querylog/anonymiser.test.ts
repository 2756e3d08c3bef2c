import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Address,
  addressFromOctets,
  addressOctets,
  formatAddress,
  parseAddress,
} from '../../../src/core/address.ts';
import { silentLog } from '../../../src/core/log.ts';
import { ANONYMISER_KEY_OCTETS, Anonymiser, readAnonymiserKey } from '../../../src/querylog/anonymiser.ts';
import { RecordingLog } from '../../support/recording-log.ts';

/** Of the sample that its authors publish with Crypto-PAn 1.0. */
const KEY = Buffer.from([
  ...[21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16],
  ...[216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2],
]);

const anyAddress = (octets: number) =>
  fc.uint8Array({ minLength: octets, maxLength: octets }).map((address) => addressFromOctets(Buffer.from(address))!);

/** How many bits from the first on two addresses share. */
function sharedBits(one: Address, other: Address): number {
  const bits = (address: Address) =>
    [...addressOctets(address)].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  const [first, second] = [bits(one), bits(other)];
  const at = [...first].findIndex((bit, index) => bit !== second[index]);
  return at < 0 ? first.length : at;
}

describe('Anonymiser', () => {
  it.each([
    ['128.11.68.132', '135.242.180.132'],
    ['129.118.74.4', '134.136.186.123'],
    ['130.132.252.244', '133.68.164.234'],
  ])('gives %s the pseudonym of the published sample', (address, pseudonym) => {
    expect(formatAddress(new Anonymiser(KEY).pseudonym(parseAddress(address)!))).toBe(pseudonym);
  });

  it.each([
    ['IPv4', 4],
    ['IPv6', 16],
  ])('keeps prefixes of %s, and no more than those', (_, octets) => {
    const anonymiser = new Anonymiser(KEY);
    const bit = fc.nat(8 * octets - 1);
    fc.assert(
      fc.property(anyAddress(octets), anyAddress(octets), bit, (address, any, flipped) => {
        const turned = addressOctets(address);
        turned[flipped >> 3]! ^= 0x80 >> (flipped & 7);
        for (const other of [any, addressFromOctets(turned)!]) {
          const [one, two] = [anonymiser.pseudonym(address), anonymiser.pseudonym(other)];
          expect(sharedBits(one, two)).toBe(sharedBits(address, other));
        }
      }),
    );
  });

  it('gives an address of IPv4 one of IPv4, and the same each time, whoever asks', () => {
    fc.assert(
      fc.property(fc.oneof(anyAddress(4), anyAddress(16)), (address) => {
        const pseudonym = new Anonymiser(KEY).pseudonym(address);
        expect(typeof pseudonym).toBe(typeof address);
        const other = new Anonymiser(KEY);
        expect([other.pseudonym(address), other.pseudonym(address)]).toEqual([pseudonym, pseudonym]);
      }),
    );
  });

  it('gives others with another key', () => {
    for (const at of [0, 15, 16, 31]) {
      const key = Buffer.from(KEY);
      key[at]! ^= 1;
      const address = parseAddress('2001:db8::1')!;
      expect(new Anonymiser(key).pseudonym(address)).not.toBe(new Anonymiser(KEY).pseudonym(address));
    }
  });

  it('keeps a bounded number of pseudonyms, and gives the same ones all the same', () => {
    const anonymiser = new Anonymiser(KEY);
    const first = anonymiser.pseudonym(0 as Address);
    for (let address = 1; address <= 70_000; address++) anonymiser.pseudonym(address as Address);
    expect(anonymiser.size).toBe(65_536);
    expect(anonymiser.pseudonym(0 as Address)).toBe(first);
    expect(anonymiser.size).toBe(65_536);
  });
});

describe('readAnonymiserKey', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gluewall-key-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function fileOf(content: Buffer | string): string {
    const path = join(folder, 'key');
    writeFileSync(path, content);
    return path;
  }

  it.each([
    ['32 octets', KEY],
    ['32 octets that end a line', Buffer.concat([KEY.subarray(0, 31), Buffer.from('\n')])],
    ['64 digits', KEY.toString('hex')],
    ['64 digits on a line', `${KEY.toString('hex').toUpperCase()}\n`],
    ['64 digits on a line of Windows', `${KEY.toString('hex')}\r\n`],
  ])('reads %s', (_, content) => {
    const key = readAnonymiserKey(fileOf(content), silentLog);
    expect(key).toHaveLength(ANONYMISER_KEY_OCTETS);
    expect(key.subarray(0, 31)).toEqual(KEY.subarray(0, 31));
  });

  it.each([
    ['nothing', ''],
    ['31 octets', KEY.subarray(1)],
    ['33 octets', Buffer.concat([KEY, Buffer.from([1])])],
    ['63 digits', KEY.toString('hex').slice(1)],
    ['65 digits', `${KEY.toString('hex')}0`],
    ['64 letters', 'secretsecretsecr'.repeat(4)],
    ['much', 'secret'.repeat(100_000)],
  ])('refuses %s without telling what it is', (_, content) => {
    const path = fileOf(content);
    expect(() => readAnonymiserKey(path, silentLog)).toThrow(expect.objectContaining({ code: 'querylog-key' }));
    expect(() => readAnonymiserKey(path, silentLog)).toThrow(`${path} is no key: it must hold 32 random octets`);
    expect(() => readAnonymiserKey(path, silentLog)).not.toThrow(/secret|22178d/);
  });

  it('warns of a key that others may read, and of none that its owner alone can', () => {
    const path = fileOf(KEY);
    const log = new RecordingLog();
    for (const mode of [0o600, 0o400, 0o640, 0o644]) {
      chmodSync(path, mode);
      readAnonymiserKey(path, log);
    }
    const said = (mode: string) =>
      `warn: ${path} may be read by others than its owner (mode ${mode}), who can tell clients by it: chmod 600 ${path}`;
    expect(log.lines).toEqual([said('0640'), said('0644')]);
  });

  it('says how to make a key that is not there', () => {
    const path = join(folder, 'missing');
    expect(() => readAnonymiserKey(path, silentLog)).toThrow(`openssl rand -hex 32 > ${path}`);
  });

  it.each(['', 'missing'])('says why it cannot read %j', (name) => {
    const path = join(folder, name);
    expect(() => readAnonymiserKey(path, silentLog)).toThrow(expect.objectContaining({ code: 'querylog-key' }));
    expect(() => readAnonymiserKey(path, silentLog)).toThrow(/cannot be read: (ENOENT|EISDIR)/);
  });
});
