import { describe, expect, it } from 'vitest';
import { ERROR_TYPES, errorNames, errorNumbers } from '../../../../src/openflow/schema/errors.ts';

describe('the table of errors', () => {
  it.each([
    ['OFPHFC_INCOMPATIBLE', 0, 0],
    ['OFPBRC_BAD_LEN', 1, 6],
    ['OFPBRC_MULTIPART_BUFFER_OVERFLOW', 1, 13],
    ['OFPBAC_BAD_SET_ARGUMENT', 2, 15],
    ['OFPBIC_EPERM', 3, 8],
    ['OFPBMC_BAD_PREREQ', 4, 9],
    ['OFPBMC_EPERM', 4, 11],
    ['OFPFMFC_BAD_FLAGS', 5, 7],
    ['OFPGMFC_EPERM', 6, 14],
    ['OFPPMFC_EPERM', 7, 4],
    ['OFPTMFC_EPERM', 8, 2],
    ['OFPQOFC_EPERM', 9, 2],
    ['OFPSCFC_EPERM', 10, 2],
    ['OFPRRFC_BAD_ROLE', 11, 2],
    ['OFPMMFC_OUT_OF_BANDS', 12, 11],
    ['OFPTFFC_EPERM', 13, 5],
  ] as const)('gives %s the numbers of the specification', (codeName, errorType, errorCode) => {
    expect(errorNumbers(codeName)).toMatchObject({ errorType, errorCode });
    expect(errorNames(errorType, errorCode).code).toBe(codeName);
  });

  it.each([
    ['OFPBFC_UNKNOWN', 2300],
    ['OFPBFC_BAD_TYPE', 2306],
    ['OFPBFC_MSG_UNSUP', 2310],
    ['OFPBFC_TIMEOUT', 2314],
  ] as const)('gives %s the number of ONF extension 230', (codeName, errorCode) => {
    expect(errorNumbers(codeName)).toEqual({
      ...{ errorType: 0xffff, errorCode, typeName: 'OFPET_EXPERIMENTER', experimenter: 0x4f4e4600 },
    });
    expect(errorNames(0xffff, errorCode, 0x4f4e4600)).toEqual({ type: 'OFPET_EXPERIMENTER', code: codeName });
  });

  it('has as many codes of each type as the specification', () => {
    expect(ERROR_TYPES.map(({ codes }) => codes.length)).toEqual([2, 14, 16, 9, 12, 8, 15, 5, 3, 3, 3, 3, 12, 6, 0]);
  });

  it('names each code once', () => {
    const names = ERROR_TYPES.flatMap(({ codes }) => [...codes]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('shows numbers that it does not hold as numbers', () => {
    expect(errorNames(4, 77)).toEqual({ type: 'OFPET_BAD_MATCH', code: '77' });
    expect(errorNames(0xffff, 2310)).toEqual({ type: 'OFPET_EXPERIMENTER', code: '2310' });
    expect(errorNames(0xffff, 2310, 0x2320).code).toBe('2310');
    expect(errorNames(0xffff, 2299, 0x4f4e4600).code).toBe('2299');
    expect(errorNames(0xffff, 2315, 0x4f4e4600).code).toBe('2315');
    expect(errorNames(1, 6, 0x4f4e4600).code).toBe('OFPBRC_BAD_LEN');
    expect(errorNames(1000, 1)).toEqual({ type: '1000', code: '1' });
  });
});
