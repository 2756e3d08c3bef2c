import type { FlowMod } from '../../../src/openflow/flow-mod.ts';
import type { Match } from '../../../src/openflow/match.ts';
import type { Action } from '../../../src/openflow/schema/actions.ts';
import type { Instruction } from '../../../src/openflow/schema/instructions.ts';
import { type MaskedField, maskedFields } from './masked-field.ts';

/** What has passed an entry: shared by an entry and the one that MODIFY makes of it. */
export interface FlowUse {
  packetCount: bigint;
  byteCount: bigint;
  lastAtMs: number;
}

/** One flow entry. It does not change but for `use`: who modifies it puts another in its place. */
export interface FlowEntry {
  readonly tableId: number;
  readonly priority: number;
  readonly cookie: bigint;
  readonly flags: number;
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  readonly match: Match;
  readonly fields: readonly MaskedField[];
  readonly instructions: readonly Instruction[];
  readonly createdAtMs: number;
  readonly use: FlowUse;
}

/** An entry that went, and the OFPRR_* reason. */
export interface RemovedFlow {
  readonly entry: FlowEntry;
  readonly reason: number;
}

export function flowEntry(mod: FlowMod, nowMs: number): FlowEntry {
  const { tableId, priority, cookie, flags, idleTimeout, hardTimeout, match, instructions } = mod;
  const use = { packetCount: 0n, byteCount: 0n, lastAtMs: nowMs };
  const fields = maskedFields(match);
  const parts = { tableId, priority, cookie, flags, idleTimeout, hardTimeout, match, instructions };
  return { ...parts, fields, createdAtMs: nowMs, use };
}

/** What two entries of one table cannot have in common. */
export function identityOf({ priority, fields }: Pick<FlowEntry, 'priority' | 'fields'>): string {
  return [priority, ...fields.map(({ field, value, mask }) => `${field}=${value}/${mask}`)].join(',');
}

/** When it goes by itself, unless a packet uses it before; undefined when it stays. */
export function expiryOf({ idleTimeout, hardTimeout, createdAtMs, use }: FlowEntry) {
  const idleAtMs = idleTimeout === 0 ? Number.POSITIVE_INFINITY : use.lastAtMs + idleTimeout * 1000;
  const hardAtMs = hardTimeout === 0 ? Number.POSITIVE_INFINITY : createdAtMs + hardTimeout * 1000;
  return hardAtMs <= idleAtMs ? { atMs: hardAtMs, isHard: true } : { atMs: idleAtMs, isHard: false };
}

/** The actions that stand in an entry, applied and written. */
export function actionsOf({ instructions }: Pick<FlowEntry, 'instructions'>): readonly Action[] {
  return instructions.flatMap((step) =>
    step.type === 'applyActions' || step.type === 'writeActions' ? step.actions : [],
  );
}

export function outputsTo(entry: FlowEntry, port: number): boolean {
  return actionsOf(entry).some((action) => action.type === 'output' && action.port === port);
}

export function leadsToGroup(entry: FlowEntry, groupId: number): boolean {
  return actionsOf(entry).some((action) => action.type === 'group' && action.groupId === groupId);
}

export function usesMeter(entry: FlowEntry, meterId: number): boolean {
  return entry.instructions.some((step) => step.type === 'meter' && step.meterId === meterId);
}
