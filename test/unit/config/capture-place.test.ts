import { describe, expect, it } from 'vitest';
import { parseCapturePlace } from '../../../src/config/fields.ts';
import { parseConfig } from '../../../src/config/load.ts';

const TLS = 'tls: {key: k, certificate: c, ca: a}';

describe('capture.listen', () => {
  it.each([
    ['/run/gluewall/capture.sock', { path: '/run/gluewall/capture.sock' }],
    ['192.0.2.1:6654', { host: '192.0.2.1', port: 6654 }],
    ['[2001:db8::1]:6654', { host: '2001:db8::1', port: 6654 }],
    ['capture.sock', undefined],
    ['192.0.2.1', undefined],
    ['192.0.2.1:65536', undefined],
    ['', undefined],
    [`/${'x'.repeat(107)}`, undefined],
    ['/a\0b', undefined],
  ])('reads %j', (text, place) => {
    expect(parseCapturePlace(text)).toEqual(place);
  });

  it('is a unix socket, or an address with TLS', () => {
    expect(parseConfig('capture: {listen: /run/x}', 'f').capture.listen).toEqual({ path: '/run/x' });
    expect(parseConfig(`capture: {listen: "127.0.0.1:6654", ${TLS}}`, 'f').capture.tls?.key).toBe('k');
    expect(() => parseConfig('capture: {listen: "127.0.0.1:6654"}', 'f')).toThrow(/set capture\.tls/);
    expect(() => parseConfig('capture: {listen: here}', 'f')).toThrow(/"here" is no place to listen/);
  });
});
