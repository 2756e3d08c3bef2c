import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { consoleUrl } from '../../../../src/cli/accounts/console-url.ts';
import { parseConfig } from '../../../../src/config/load.ts';

const TLS = 'tls: {key: k.pem, certificate: c.pem}';

describe('the address of the console for browsers', () => {
  it.each([
    ['listen: 127.0.0.1:8453', 'http://127.0.0.1:9'],
    ['listen: "[::1]:8453"', 'http://[::1]:9'],
    [`listen: 192.0.2.5:8453, ${TLS}`, 'https://192.0.2.5:9'],
    [`listen: 0.0.0.0:8453, ${TLS}`, `https://${hostname()}:9`],
    [`listen: 192.0.2.5:8453, public_url: "https://gluewall.example:8453", ${TLS}`, 'https://gluewall.example:8453'],
  ])('is for %s the one they reach', (keys, url) => {
    const { console } = parseConfig(`console: {${keys}}\n`, 'test.yaml');
    expect(consoleUrl(console, { ...console.listen!, port: 9 })).toBe(url);
  });
});
