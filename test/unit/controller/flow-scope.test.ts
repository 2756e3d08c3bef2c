import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clientKey, dropKey, scopeKey } from '../../../src/controller/flow-scope.ts';
import { allowScope, clientScope, dropScope } from '../../support/flow-scopes.ts';
import { addressOf } from '../../support/observations.ts';

/** Few values, so that scopes are often nearly the same; the octets of addresses may look like numbers. */
const addresses = ['192.0.2.1', '192.0.2.2', '3132:2c33:2c34:2c35:2c36:2c37:382c:2c2c', '::'].map(addressOf);
const few = fc.record(
  {
    destination: fc.constantFrom(...addresses),
    client: fc.constantFrom(...addresses),
    group: fc.constantFrom(1, 11),
    inPort: fc.constantFrom(1, 11),
    mac: fc.constantFrom(1, 11),
    ipProtocol: fc.constantFrom(1, 11),
    clientPort: fc.constantFrom(1, 11),
  },
  { requiredKeys: ['destination'] },
);
const textOf = (scope: object) => JSON.stringify(Object.entries(scope).sort());

it('keys are equal exactly for scopes that match the same packets', () => {
  fc.assert(
    fc.property(fc.oneof(few, allowScope), fc.oneof(few, allowScope), (one, other) => {
      expect(scopeKey({ ...one })).toBe(scopeKey(one));
      expect(scopeKey(one) === scopeKey(other)).toBe(textOf(one) === textOf(other));
    }),
    { numRuns: 5000 },
  );
});

it('of drop flows and of drops of a client, too', () => {
  fc.assert(
    fc.property(dropScope, dropScope, clientScope, clientScope, (one, another, all, other) => {
      const sameDestination = { ...another, destination: one.destination };
      expect(dropKey(one) === dropKey(sameDestination)).toBe(textOf(one) === textOf(sameDestination));
      expect(clientKey(all) === clientKey(other)).toBe(textOf(all) === textOf(other));
    }),
  );
});

it('what is plain needs no text', () => {
  const [client, destination] = [addresses[0]!, addresses[1]!];
  expect(scopeKey({ destination })).toBe(destination);
  expect(dropKey({ client, destination })).toBe(client);
  expect(clientKey({ client })).toBe(client);
});
