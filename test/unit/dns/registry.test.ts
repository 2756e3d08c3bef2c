import { describe, expect, it } from 'vitest';
import { formatRecordType, RECORD_TYPE } from '../../../src/dns/registry.ts';

describe('formatRecordType', () => {
  it('gives the mnemonic, or the form of RFC 3597', () => {
    expect(formatRecordType(RECORD_TYPE.AAAA)).toBe('AAAA');
    expect(formatRecordType(65)).toBe('HTTPS');
    expect(formatRecordType(65280)).toBe('TYPE65280');
  });
});
