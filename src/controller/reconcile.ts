/** What differs between the flows and meters a switch has and those it should have: both are values, and so is the diff. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { addressFromOctets } from '../core/address.ts';
import { FLOW_MOD_DEFAULTS, type FlowMod } from '../openflow/flow-mod.ts';
import type { MessageOf } from '../openflow/message.ts';
import type { Oxm } from '../openflow/oxm.ts';
import { FlowModFlag, MeterFlag } from '../openflow/schema/constants.ts';
import type { MeterBand } from '../openflow/schema/meters.ts';
import type { FlowStats, MeterConfig } from '../openflow/schema/multipart.ts';
import { cookieOf, type Flow, PIPELINE } from './pipeline.ts';

export type MeterMod = MessageOf<'meterMod'>;

/** How far apart a timer and what is left of a verdict may be: both are cut to whole seconds, and messages take time. */
const TIMER_SLACK_SECONDS = 2;

/** Flows that are looked at in one turn of the event loop. */
const PER_TURN = 1024;

/** The end of these is told, with what they have counted: what was dropped is to be known afterwards, too. */
const TOLD_RULES: readonly number[] = [PIPELINE.verdict.entries.drop.rule, PIPELINE.verdict.entries.dropClient.rule];

/** The flow_mods that turn `present` (all ours, by cookie) into `desired`: additions first, in the order of `desired`. */
export function diffFlows(present: readonly FlowStats[], desired: readonly Flow[], generation: number): FlowMod[] {
  const steps = diffInSteps(present, desired, generation);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** What `diffFlows` says, and how many turns of the event loop passed meanwhile: none where there are few flows. */
export interface DiffInTurns {
  readonly mods: readonly FlowMod[];
  readonly turns: number;
}

/** As `diffFlows`, a portion in each turn of the event loop. Neither list may change meanwhile. */
export async function diffFlowsInTurns(
  present: readonly FlowStats[],
  desired: readonly Flow[],
  generation: number,
): Promise<DiffInTurns> {
  const steps = diffInSteps(present, desired, generation);
  for (let turns = 0; ; turns++) {
    const step = steps.next();
    if (step.done === true) return { mods: step.value, turns };
    await nextTurn();
  }
}

/** Yields after each portion. */
function* diffInSteps(
  present: readonly FlowStats[],
  desired: readonly Flow[],
  generation: number,
): Generator<undefined, FlowMod[], undefined> {
  let seen = 0;
  const held = new Map<string, number>();
  for (const [index, stats] of present.entries()) {
    held.set(identityOf(stats), index);
    if (++seen % PER_TURN === 0) yield;
  }
  const isWanted = new Uint8Array(present.length);
  const additions = new Map<string, Flow>();
  for (const flow of desired) {
    const identity = identityOf(flow);
    const index = held.get(identity);
    if (index !== undefined) isWanted[index] = 1;
    // A flow may be named twice: the last counts.
    if (index === undefined || !isSame(present[index]!, flow, generation)) additions.set(identity, flow);
    else if (additions.size > 0) additions.delete(identity);
    if (++seen % PER_TURN === 0) yield;
  }
  const mods: FlowMod[] = [];
  for (const flow of additions.values()) {
    mods.push(addFlow(flow, generation));
    if (++seen % PER_TURN === 0) yield;
  }
  for (const index of held.values()) {
    if (isWanted[index] === 0) mods.push(deleteStats(present[index]!));
    if (++seen % PER_TURN === 0) yield;
  }
  return mods;
}

export function addFlow(flow: Flow, generation: number): FlowMod {
  const flags = TOLD_RULES.includes(flow.rule) ? FlowModFlag.SEND_FLOW_REM : 0;
  return { ...flowModOf(flow), cookie: cookieOf(generation, flow.rule), hardTimeout: flow.hardTimeoutSeconds, flags };
}

export function deleteFlow(flow: Flow): FlowMod {
  return { ...flowModOf(flow), command: 'deleteStrict', instructions: [] };
}

function flowModOf({ tableId, priority, match, instructions }: Flow): FlowMod {
  return { ...FLOW_MOD_DEFAULTS, tableId, priority, match, instructions };
}

function deleteStats({ tableId, priority, match }: FlowStats): FlowMod {
  return { ...FLOW_MOD_DEFAULTS, command: 'deleteStrict', tableId, priority, match };
}

function isSame(held: FlowStats, flow: Flow, generation: number): boolean {
  return (
    held.cookie === cookieOf(generation, flow.rule) &&
    endsAlike(held, flow) &&
    isAlike(held.instructions, flow.instructions)
  );
}

/** While the switch was away a verdict may have been prolonged or cut short. */
function endsAlike({ hardTimeout, durationSec }: FlowStats, { hardTimeoutSeconds }: Flow): boolean {
  if (hardTimeout === 0 || hardTimeoutSeconds === 0) return hardTimeout === hardTimeoutSeconds;
  return Math.abs(hardTimeout - durationSec - hardTimeoutSeconds) <= TIMER_SLACK_SECONDS;
}

/** Table, priority and match make a flow entry what it is (OpenFlow 1.3.5 §5.2). Switches may reorder a match. */
function identityOf({ tableId, priority, match }: Pick<Flow, 'tableId' | 'priority' | 'match'>): string {
  const fields: string[] = [];
  for (const oxm of match) insert(fields, textOf(oxm));
  let text = `${tableId} ${priority}`;
  for (const field of fields) text += field;
  return text;
}

/** Into a short list in order, most often at its end: a general sort takes many times as long. */
function insert(sorted: string[], text: string): void {
  let at = sorted.push(text) - 1;
  for (; at > 0 && sorted[at - 1]! > text; at--) sorted[at] = sorted[at - 1]!;
  sorted[at] = text;
}

/**
 * Says a field so that no two are said alike, whatever stands behind them: the octets of an address may be any, and are
 * always as many. A mask of all ones is shown by switches as none.
 */
function textOf(oxm: Oxm): string {
  if (oxm.field === 'unknown') {
    return ` ${oxm.oxmClass}.${oxm.oxmField}.${oxm.hasMask ? 'masked' : 'whole'}.${oxm.raw.toString('hex')}`;
  }
  const { field, value, mask } = oxm;
  return mask === undefined || FULL_MASKS.includes(mask) ? ` ${field}=${value}` : ` ${field}=${value}/${mask}`;
}

/** Of IPv4 and IPv6 addresses. */
const FULL_MASKS: readonly unknown[] = [4, 16].map((octets) => addressFromOctets(Buffer.alloc(octets, 0xff)));

/** Whether two values are made of equal parts; what is undefined counts as not there. */
function isAlike(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one)) {
    return (
      Array.isArray(other) && one.length === other.length && one.every((part, index) => isAlike(part, other[index]))
    );
  }
  if (Buffer.isBuffer(one)) return Buffer.isBuffer(other) && one.equals(other);
  return hasAllOf(one, other) && hasAllOf(other, one);
}

function hasAllOf(one: object, other: object): boolean {
  const parts = one as Readonly<Record<string, unknown>>;
  const others = other as Readonly<Record<string, unknown>>;
  for (const key in parts) if (!isAlike(parts[key], others[key])) return false;
  return true;
}

/** The meter_mods that make the meters of `rates` (meter id → packets per second) stand; other meters are not ours. */
export function diffMeters(present: readonly MeterConfig[], rates: ReadonlyMap<number, number>): MeterMod[] {
  const held = new Map(present.map((config) => [config.meterId, config]));
  const mods: MeterMod[] = [];
  for (const [meterId, rate] of rates) {
    const config = held.get(meterId);
    const flags = MeterFlag.PKTPS | MeterFlag.BURST | MeterFlag.STATS;
    const bands: MeterBand[] = [{ type: 'drop', rate, burstSize: rate }];
    if (config?.flags === flags && isAlike(config.bands, bands)) continue;
    mods.push({ type: 'meterMod', xid: 0, command: config === undefined ? 'add' : 'modify', flags, meterId, bands });
  }
  return mods;
}
