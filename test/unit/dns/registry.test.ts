import { describe, expect, it } from 'vitest';
import {
  formatRecordType,
  parseRecordClass,
  parseRecordType,
  parseResponseCode,
  RECORD_TYPE,
} from '../../../src/dns/registry.ts';

describe('record types', () => {
  it('are written as the mnemonic, or in the form of RFC 3597', () => {
    expect(formatRecordType(RECORD_TYPE.AAAA)).toBe('AAAA');
    expect(formatRecordType(65)).toBe('HTTPS');
    expect(formatRecordType(65280)).toBe('TYPE65280');
  });

  it.each([
    ['A', 1],
    ['null', 10],
    ['NSAP-PTR', 23],
    ['TYPE65', 65],
    ['TYPE65535', 65_535],
    ['TYPE65536', undefined],
    ['TYPE', undefined],
    ['', undefined],
    ['constructor', undefined],
  ])('%s is read as %s', (text, type) => {
    expect(parseRecordType(text)).toBe(type);
  });

  it('are read as they are written, each of them', () => {
    for (let type = 0; type < 0x10000; type++) {
      if (parseRecordType(formatRecordType(type)) !== type) expect.fail(String(type));
    }
  });
});

describe('classes and response codes', () => {
  it.each([
    ['IN', 1],
    ['ch', 3],
    ['CLASS7', 7],
    ['CLASS65536', undefined],
    ['XX', undefined],
  ])('the class %s is read as %s', (text, dnsClass) => {
    expect(parseRecordClass(text)).toBe(dnsClass);
  });

  it.each([
    ['NOERROR', 0],
    ['refused', 5],
    ['BADCOOKIE', 23],
    ['RESERVED12', 12],
    ['RCODE15', 15],
    ['4095', 4095],
    ['4096', undefined],
    ['-', undefined],
    ['', undefined],
  ])('the response code %s is read as %s', (text, code) => {
    expect(parseResponseCode(text)).toBe(code);
  });
});
