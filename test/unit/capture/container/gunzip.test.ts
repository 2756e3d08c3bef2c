import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gunzipped, gzipDamage, isGzip } from '../../../../src/capture/container/gunzip.ts';

describe('gunzipped', () => {
  it('is for files that begin as gzip does', () => {
    expect(isGzip(gzipSync('a'))).toBe(true);
    for (const octets of ['', '1f', '8b1f08', '1f8c08']) expect(isGzip(Buffer.from(octets, 'hex'))).toBe(false);
  });

  it('ends its chunks when nobody wants more', async () => {
    let isClosed = false;
    const chunks = async function* () {
      try {
        for (;;) yield gzipSync(Buffer.alloc(100_000));
      } finally {
        isClosed = true;
      }
    };
    for await (const octets of gunzipped(chunks())) {
      expect(octets.length).toBeGreaterThan(0);
      break;
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(isClosed).toBe(true);
  });

  it('tells damage from other errors', () => {
    const coded = (code: string) => Object.assign(new Error('it broke'), { code });
    expect(gzipDamage(coded('Z_BUF_ERROR'))).toBe('its gzip data are cut');
    expect(gzipDamage(coded('Z_DATA_ERROR'))).toBe('its gzip data are damaged (it broke)');
    expect([coded('EIO'), new Error('it broke'), 'text', undefined].map(gzipDamage)).toEqual(Array(4).fill(undefined));
  });
});
