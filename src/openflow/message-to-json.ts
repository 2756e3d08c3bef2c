/** Messages as values that JSON can hold. */
import { type Address, formatAddress } from '../core/address.ts';
import { isAddress, isAddressField } from './address-fields.ts';
import { decodeExperimenter } from './experimenter.ts';
import type { Message } from './message.ts';
import { errorNames } from './schema/errors.ts';

/**
 * A message as JSON has it: numbers of 64 bits and more as decimal text, octets as hexadecimal text, addresses as people
 * write them. A message of an experimenter that is known has what it says in `body` beside its `data`, an ERROR has the
 * `names` of its type and code.
 */
export function messageToJson(message: Message): object {
  const { type, xid, ...fields } = message;
  return { type, xid, ...plainObject(fields), ...withinOctets(message) };
}

function withinOctets(message: Message): object {
  if (message.type === 'error') {
    return { names: errorNames(message.errorType, message.code, message.experimenter) };
  }
  const decoded = message.type === 'experimenter' ? decodeExperimenter(message) : undefined;
  return decoded?.ok === true ? { body: plainValue(decoded.body) } : {};
}

function plainObject(value: object): object {
  const isMatched = 'field' in value && typeof value.field === 'string' && isAddressField(value.field);
  const holdsAddress = (name: string, part: unknown) =>
    isMatched ? name === 'value' || name === 'mask' : isAddress(name, part);
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name,
      holdsAddress(name, part) ? formatAddress(part as Address) : plainValue(part),
    ]),
  );
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== 'object' || value === null) return value;
  return 'type' in value && 'xid' in value ? messageToJson(value as Message) : plainObject(value);
}
