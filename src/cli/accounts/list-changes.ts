import { MAX_CHANGE_ROWS } from '../../control/account-requests.ts';
import { resultOf } from '../../control/answer.ts';
import { OPERATION_RULES, type Operation } from '../../control/operation-roles.ts';
import type { ControlRequest } from '../../control/protocol.ts';
import { GluewallError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import type { ChangePage } from '../../services/account-views.ts';
import { earlierArgument } from '../arguments.ts';
import { type Door, openDoor, printItems } from '../ask.ts';
import type { ChangesOptions } from '../commands/changes.ts';
import { printChange } from './print-accounts.ts';

/** Prints the record of changes, page by page, the newest first. Throws GluewallError `usage` for what is not recorded. */
export async function listChanges({
  since,
  until,
  by,
  operation,
  subject,
  limit,
  ...options
}: ChangesOptions): Promise<void> {
  const nowMs = Date.now();
  const wanted = {
    ...(since === undefined ? {} : { since: earlierArgument(since, nowMs) }),
    ...(until === undefined ? {} : { until: earlierArgument(until, nowMs) }),
    ...(by === undefined ? {} : { by }),
    ...(operation === undefined ? {} : { of: operationArgument(operation) }),
    ...(subject === undefined ? {} : { subject }),
  };
  const door = await openDoor(options);
  try {
    await printItems(options, changesOf(door, wanted, limit), printChange, 'nothing of that kind was changed');
  } finally {
    await door.close();
  }
}

type WantedChanges = Omit<Extract<ControlRequest, { readonly operation: 'changes' }>, 'operation' | 'limit' | 'after'>;

async function* changesOf(door: Door, wanted: WantedChanges, limit: number): AsyncGenerator<unknown, void> {
  let left = limit;
  let after: string | null = null;
  while (left > 0) {
    const request: ControlRequest = {
      operation: 'changes',
      ...wanted,
      limit: Math.min(left, MAX_CHANGE_ROWS),
      ...(after === null ? {} : { after }),
    };
    const { items, next } = (await resultOf(door.ask(request))) as ChangePage;
    yield* items;
    left -= items.length;
    after = next;
    if (after === null || items.length === 0) return;
  }
}

function operationArgument(text: string): Operation {
  const recorded = (Object.keys(OPERATION_RULES) as Operation[]).filter((one) => OPERATION_RULES[one].changes);
  const exact = recorded.find((one) => one === text);
  if (exact !== undefined) return exact;
  const near = nearest(text, recorded);
  const meant = near === undefined ? `there are ${recorded.join(', ')}` : `did you mean "${near}"?`;
  throw new GluewallError('usage', `--operation: "${text}" changes nothing, or is none; ${meant}`);
}
