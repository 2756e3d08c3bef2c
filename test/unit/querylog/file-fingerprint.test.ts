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
  isAt,
  octetsFingerprint,
  octetsHaveFingerprint,
} from '../../../src/querylog/file-fingerprint.ts';

const PLACE = { dev: 7, ino: 8 };

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
      prints.push(await fingerprintOf(handle, PLACE));
      for (const print of prints) expect(await hasFingerprint(handle, print)).toBe(true);
    }
    expect(prints[0]).toBe(`${EMPTY_FINGERPRINT}:7-8`);
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
    const print = await fingerprintOf(handle, PLACE);
    writeFileSync(join(folder, 'file'), 'x'.repeat(FINGERPRINT_OCTETS - 1));
    expect(await hasFingerprint(handle, print)).toBe(false);
    writeFileSync(join(folder, 'file'), `${'x'.repeat(FINGERPRINT_OCTETS - 1)}y`);
    expect(await hasFingerprint(handle, print)).toBe(false);
    writeFileSync(join(folder, 'file'), `${'x'.repeat(FINGERPRINT_OCTETS)}y`);
    expect(await hasFingerprint(handle, print)).toBe(true);
  });

  it('says where the file lay, wherever it is compared', async () => {
    writeFileSync(join(folder, 'file'), 'x'.repeat(20));
    const print = await fingerprintOf(handle, PLACE);
    const octets = Buffer.from('x'.repeat(30));
    // As positions were kept before fingerprints said so, and as an import keeps them.
    const short = octetsFingerprint(octets.subarray(0, 20));
    expect(print).toBe(`${short}:7-8`);
    expect([octetsHaveFingerprint(octets, print), octetsHaveFingerprint(octets, short)]).toEqual([true, true]);
    expect(await hasFingerprint(handle, short)).toBe(true);
    expect([isAt(print, PLACE), isAt(print, { dev: 7, ino: 9 }), isAt(short, PLACE)]).toEqual([true, false, true]);
  });

  it('is nothing else', async () => {
    for (const print of ['', 'x', ':', '99999:', '1025:abc', '-1:', '10'])
      expect(await hasFingerprint(handle, print)).toBe(false);
  });
});
