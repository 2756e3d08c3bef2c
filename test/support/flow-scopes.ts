import fc from 'fast-check';
import type { ClientScope, DropScope, FlowScope } from '../../src/controller/flow-scope.ts';
import { addressFromOctets } from '../../src/core/address.ts';

const octets = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => addressFromOctets(Buffer.from(bytes))!);
const pair = fc.oneof(fc.tuple(octets(4), octets(4)), fc.tuple(octets(16), octets(16)));

const transport = fc.oneof(
  fc.record({ ipProtocol: fc.integer({ min: 0, max: 0xff }) }),
  fc.record({ ipProtocol: fc.constantFrom(6, 17), clientPort: fc.integer({ min: 0, max: 0xffff }) }),
  fc.constant({}),
);
const group = fc.integer({ min: 1, max: 0xffff });
const narrowing = fc.record(
  { group, inPort: fc.integer({ min: 1, max: 0xfffffeff }), mac: fc.integer({ min: 0, max: 2 ** 48 - 1 }) },
  { requiredKeys: [] },
);

/** Scopes of drop flows, of every shape. */
export const dropScope: fc.Arbitrary<DropScope> = fc
  .tuple(pair, narrowing, transport)
  .map(([[client, destination], narrow, protocol]) => ({ destination, client, ...narrow, ...protocol }));

/** Scopes of allow flows, of every shape. */
export const allowScope: fc.Arbitrary<FlowScope> = fc.tuple(dropScope, fc.boolean()).map(([scope, isOfClient]) => {
  const { client, ...rest } = scope;
  return isOfClient ? scope : rest;
});

export const clientScope: fc.Arbitrary<ClientScope> = fc
  .tuple(pair, fc.option(group, { nil: undefined }))
  .map(([[client], id]) => (id === undefined ? { client } : { client, group: id }));
