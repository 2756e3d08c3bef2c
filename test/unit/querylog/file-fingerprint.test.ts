import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  EMPTY_FINGERPRINT,
  FINGERPRINT_OCTETS,
  fingerprintOf,
  hasFingerprint,
} from '../../../src/querylog/file-fingerprint.ts';

let folder = '';
let handle: FileHandle;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-fingerprint-'));
  writeFileSync(join(folder, 'file'), '');
  handle = await open(join(folder, 'file'));
});
afterEach(async () => {
  await handle.close();
  rmSync(folder, { recursive: true });
});

describe('the fingerprint of a file', () => {
  it('stays that of a file that grows', async () => {
    const prints: string[] = [];
    for (const octets of [0, 10, 1000, 100, 5000]) {
      appendFileSync(join(folder, 'file'), 'x'.repeat(octets));
      prints.push(await fingerprintOf(handle));
      for (const print of prints) expect(await hasFingerprint(handle, print)).toBe(true);
    }
    expect(prints[0]).toBe(EMPTY_FINGERPRINT);
    expect(prints.map((print) => Number(print.split(':')[0]))).toEqual([
      0,
      10,
      1010,
      FINGERPRINT_OCTETS,
      FINGERPRINT_OCTETS,
    ]);
  });

  it('is not that of a file that is shorter, or begins otherwise', async () => {
    writeFileSync(join(folder, 'file'), 'x'.repeat(2000));
    const print = await fingerprintOf(handle);
    writeFileSync(join(folder, 'file'), 'x'.repeat(FINGERPRINT_OCTETS - 1));
    expect(await hasFingerprint(handle, print)).toBe(false);
    writeFileSync(join(folder, 'file'), `${'x'.repeat(FINGERPRINT_OCTETS - 1)}y`);
    expect(await hasFingerprint(handle, print)).toBe(false);
    writeFileSync(join(folder, 'file'), `${'x'.repeat(FINGERPRINT_OCTETS)}y`);
    expect(await hasFingerprint(handle, print)).toBe(true);
  });

  it('is nothing else', async () => {
    for (const print of ['', 'x', ':', '99999:', '1025:abc', '-1:', '10'])
      expect(await hasFingerprint(handle, print)).toBe(false);
  });
});
