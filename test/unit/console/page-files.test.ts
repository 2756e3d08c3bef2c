import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPageFiles } from '../../../src/console/page-files.ts';
import { type ConsoleRig, startConsole } from '../../support/console-rig.ts';

let rig: ConsoleRig;

beforeAll(async () => {
  rig = await startConsole();
});

afterAll(async () => {
  await rig.stop();
});

const ASSET = '/assets/main-1a2b3c4d.js';

describe('the page', () => {
  it.each(['/', '/inbox', '/inbox/17', '/hosts/192.0.2.1', '/sign-in', '/rules?x=1', '/index.html', '/no/such/page'])(
    'is at %s, to be looked at anew each time',
    async (path) => {
      const { status, headers, text } = await rig.ask('GET', path);
      expect({ status, cache: headers['cache-control'] }).toEqual({ status: 200, cache: 'no-cache' });
      expect(headers['content-type']).toBe('text/html; charset=utf-8');
      expect(text).toContain('<title>gluewall</title>');
    },
  );

  it('has files that never change under their names, packed for who can unpack', async () => {
    const plain = await rig.ask('GET', ASSET);
    expect(plain.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'Accept-Encoding',
    });
    expect(plain.headers['content-encoding']).toBeUndefined();
    const packed = await octetsOf(ASSET, 'br, gzip;q=0.8');
    expect(packed.encoding).toBe('gzip');
    expect(packed.octets.length).toBeLessThan(plain.text.length / 4);
    expect(gunzipSync(packed.octets).toString()).toBe(plain.text);
    expect((await octetsOf(ASSET, 'gzip;q=0, br')).encoding).toBeUndefined();
  });

  it('is not sent again to who has it', async () => {
    const { headers } = await rig.ask('GET', ASSET);
    const again = await rig.ask('GET', ASSET, { headers: { 'if-none-match': `"other", W/${headers.etag}` } });
    expect(again).toMatchObject({ status: 304, text: '' });
    expect((await rig.ask('GET', ASSET, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });

  it('is only read', async () => {
    expect((await rig.ask('POST', '/inbox')).status).toBe(404);
    const { status, text } = await rig.ask('HEAD', '/inbox');
    expect({ status, text }).toEqual({ status: 200, text: '' });
  });

  it('has no source maps, and nothing that is not there', async () => {
    for (const path of [`${ASSET}.map`, '/assets/none.js', '/assets/', '/api', '/api/v2/session']) {
      expect((await rig.ask('GET', path)).status, path).toBe(404);
    }
  });

  it.each([
    '/assets/../../control.sock',
    '/assets/..%2f..%2fcontrol.sock',
    '/assets/%2e%2e/%2e%2e/etc/passwd',
    '/..%5c..%5cetc%5cpasswd',
    '/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '//etc/passwd',
    '/....//....//etc/passwd',
    '/assets/%00',
    '/%c0%ae%c0%ae/etc/passwd',
    '/%',
    '/assets/%zz',
  ])('is all there is to be had, whatever the path: %s', async (path) => {
    const { status, text } = await rig.ask('GET', path);
    expect([200, 400, 404]).toContain(status);
    expect(text).not.toContain('root:');
    if (status === 200) expect(text).toContain('<title>gluewall</title>');
  });
});

describe('a folder of page files', () => {
  it('that is not there holds nothing', () => {
    expect(readPageFiles(join(tmpdir(), 'gluewall-no-such-folder')).size).toBe(0);
  });

  it('is read as a whole, by its paths in URLs', () => {
    expect([...readPageFiles(join(rig.folder, 'page')).keys()]).toEqual([ASSET, '/favicon.svg', '/index.html']);
  });
});

function octetsOf(path: string, encoding: string): Promise<{ encoding: string | undefined; octets: Buffer }> {
  return new Promise((resolve, reject) => {
    const headers = { 'accept-encoding': encoding };
    const asked = request({ host: '127.0.0.1', port: rig.port, path, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        resolve({ encoding: response.headers['content-encoding'], octets: Buffer.concat(parts) });
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}
