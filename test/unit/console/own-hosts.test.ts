import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOwnOrigin, originAt, ownAuthority, placeOf } from '../../../src/console/own-hosts.ts';

const plain = placeOf('127.0.0.1', false, undefined);
const behind = placeOf('127.0.0.1', false, 'https://gluewall.example');
const seed = Math.trunc(Math.random() * 2 ** 31);

describe('the host of a request', () => {
  it('may be the name of the public URL, where there is one', () => {
    expect(ownAuthority('Gluewall.Example:443', behind)).toBe('gluewall.example:443');
    expect(ownAuthority('gluewall.example', plain)).toBeUndefined();
    expect(ownAuthority('x.gluewall.example', behind)).toBeUndefined();
  });

  it(`is never a name that is not ours, whatever stands there (seed ${seed})`, () => {
    const part = fc.constantFrom(
      '127.0.0.1',
      'localhost',
      'evil.example',
      '@',
      ':',
      '8453',
      '[',
      ']',
      '::1',
      '.',
      '/',
      '%',
      ' ',
      '\0',
      'é',
      '#',
      '?',
      '\\',
    );
    const field = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.array(part, { maxLength: 6 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(field, (text) => {
        const authority = ownAuthority(text, plain);
        if (authority === undefined) return;
        const { hostname } = new URL(originAt(authority, plain));
        const isAddress = /^(?:[\d.]+|\[[0-9a-f:.]+\])$/.test(hostname);
        expect(isAddress || plain.names.includes(hostname), text).toBe(true);
      }),
      { seed, numRuns: 5000 },
    );
  });
});

describe('the origin of a page', () => {
  it('is ours as the browser has reached us, or as the public URL says', () => {
    expect(isOwnOrigin('http://127.0.0.1:8453', '127.0.0.1:8453', plain)).toBe(true);
    expect(isOwnOrigin('http://127.0.0.1', '127.0.0.1:80', plain)).toBe(true);
    expect(isOwnOrigin('https://gluewall.example', '127.0.0.1:8453', behind)).toBe(true);
    expect(isOwnOrigin('https://gluewall.example', '127.0.0.1:8453', plain)).toBe(false);
    expect(isOwnOrigin('http://gluewall.example', 'gluewall.example', behind)).toBe(true);
  });

  it.each([
    '',
    'null',
    'http://127.0.0.1:8454',
    'https://127.0.0.1:8453',
    'http://127.0.0.1:8453.evil.example',
    'http://127.0.0.1:8453/',
  ])('is none of ours: %j', (origin) => {
    expect(isOwnOrigin(origin, '127.0.0.1:8453', plain)).toBe(false);
  });
});
