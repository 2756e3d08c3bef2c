import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hostnameFrom } from '../../../src/identity/hostname.ts';

const octets = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

it.each([
  ['printer', 'printer'],
  ['printer.example.org.', 'printer.example.org'],
  [' printer\t', 'printer'],
  ['bücher', 'bücher'],
  ['a b', 'a b'],
  ['\u001b[2J\n', '\\x1b[2J'],
  ['abc\u202egnp.exe', 'abc\\u{202e}gnp.exe'],
  ['', undefined],
  ['.', undefined],
])('of %j is %j', (text, expected) => {
  expect(hostnameFrom(octets(text))).toBe(expected);
});

it('of octets that are no UTF-8 is harmless, too', () => {
  expect(hostnameFrom('pc\xff\xc3')).toBe('pc\ufffd\ufffd');
});

it('is one harmless line of at most 253 characters, whatever it is made from', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
      expect(hostnameFrom(octets(text)) ?? 'x').toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,253}$/u);
    }),
    { numRuns: 1000 },
  );
  expect(hostnameFrom(octets('😀'.repeat(200)))).toBe('😀'.repeat(126));
  expect(hostnameFrom('x'.repeat(1_000_000))).toHaveLength(253);
});
