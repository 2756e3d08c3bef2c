import type { AllowEntry } from '../../src/policy/allow-list.ts';
import { addressOf } from './observations.ts';

/** An entry added by a command that never expires, where `fields` does not say otherwise. */
export function allowEntry(address: string, fields: Partial<AllowEntry> = {}): AllowEntry {
  return {
    address: addressOf(address),
    origin: 'command',
    reason: 'test',
    owner: 'admin',
    createdAtMs: 0,
    expiresAtMs: Number.POSITIVE_INFINITY,
    ...fields,
  };
}
