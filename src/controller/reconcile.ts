/** What differs between the flows and meters a switch has and those it should have: both are values, and so is the diff. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { addressFromOctets } from '../core/address.ts';
import { FLOW_MOD_DEFAULTS, type FlowMod } from '../openflow/flow-mod.ts';
import type { MessageOf } from '../openflow/message.ts';
import type { Oxm } from '../openflow/oxm.ts';
import { MeterFlag } from '../openflow/schema/constants.ts';
import type { MeterBand } from '../openflow/schema/meters.ts';
import type { FlowStats, MeterConfig } from '../openflow/schema/multipart.ts';
import { cookieOf, type Flow } from './pipeline.ts';

export type MeterMod = MessageOf<'meterMod'>;

/** How far apart a timer and what is left of a verdict may be: both are cut to whole seconds, and messages take time. */
const TIMER_SLACK_SECONDS = 2;

/** Flows that are looked at in one turn of the event loop. */
const PER_TURN = 2048;

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
  const held = new Map<string, FlowStats>();
  for (const stats of present) {
    held.set(identityOf(stats), stats);
    if (++seen % PER_TURN === 0) yield;
  }
  const wanted = new Map<string, Flow>();
  for (const flow of desired) {
    wanted.set(identityOf(flow), flow);
    if (++seen % PER_TURN === 0) yield;
  }
  const mods: FlowMod[] = [];
  for (const [identity, flow] of wanted) {
    if (!isSame(held.get(identity), flow, generation)) mods.push(addFlow(flow, generation));
    if (++seen % PER_TURN === 0) yield;
  }
  for (const [identity, stats] of held) {
    if (!wanted.has(identity)) mods.push(deleteStats(stats));
    if (++seen % PER_TURN === 0) yield;
  }
  return mods;
}

export function addFlow(flow: Flow, generation: number): FlowMod {
  return { ...flowModOf(flow), cookie: cookieOf(generation, flow.rule), hardTimeout: flow.hardTimeoutSeconds };
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

function isSame(held: FlowStats | undefined, flow: Flow, generation: number): boolean {
  return (
    held !== undefined &&
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
  const fields = match.map(textOf);
  if (fields.length > 1) fields.sort();
  return `${tableId} ${priority} ${fields.join(' ')}`;
}

/** Says a field so that no two are said alike, whatever stands behind them. A mask of all ones is shown by switches as none. */
function textOf(oxm: Oxm): string {
  if (oxm.field === 'unknown') {
    return `${oxm.oxmClass}.${oxm.oxmField}.${oxm.hasMask ? 'masked' : 'whole'}.${oxm.raw.toString('hex')}`;
  }
  const { field, value, mask } = oxm;
  if (mask === undefined || FULL_MASKS.includes(mask)) return `${field}=${valueText(value)}`;
  return `${field}=${valueText(value)}/${valueText(mask)}`;
}

/** Octets of an address may be any, and so their number is said before them. */
function valueText(value: number | bigint | string): string {
  return typeof value === 'string' ? `${value.length}:${value}` : value.toString();
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
  const parts = other as Readonly<Record<string, unknown>>;
  return Object.entries(one).every(([key, part]) => isAlike(part, parts[key]));
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
