import { expect, it } from 'vitest';
import { parseRequest } from '../../../src/control/protocol.ts';
import { addressOf } from '../../support/observations.ts';

const targetOf = (target: unknown) => parseRequest({ operation: 'clients', target });

it.each([
  ['192.0.2.1', { kind: 'address', address: addressOf('192.0.2.1') }],
  ['2001:DB8::1', { kind: 'address', address: addressOf('2001:db8::1') }],
  ['02:00:00:00:00:0A', { kind: 'mac', mac: 0x02000000000a }],
  ['printer', { kind: 'name', name: 'printer' }],
  ['Annas Laptop', { kind: 'name', name: 'Annas Laptop' }],
])('of %s', (text, target) => {
  expect(targetOf(text)).toEqual({ operation: 'clients', target });
});

it('of all', () => {
  expect(parseRequest({ operation: 'clients' })).toEqual({ operation: 'clients' });
});

it.each([[''], ['x'.repeat(254)], [7], [null]])('not of %j', (target) => {
  expect(targetOf(target)).toMatch(/^target: /);
});
