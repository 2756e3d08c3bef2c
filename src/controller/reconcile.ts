/** What differs between the flows and meters a switch has and those it should have: both are values, and so is the diff. */
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

/** The flow_mods that turn `present` (all ours, by cookie) into `desired`: additions first, in the order of `desired`. */
export function diffFlows(present: readonly FlowStats[], desired: readonly Flow[], generation: number): FlowMod[] {
  const held = new Map(present.map((stats) => [identityOf(stats), stats]));
  const wanted = new Map(desired.map((flow) => [identityOf(flow), flow]));
  const additions = [...wanted].filter(([identity, flow]) => !isSame(held.get(identity), flow, generation));
  const extra = [...held].filter(([identity]) => !wanted.has(identity));
  return [...additions.map(([, flow]) => addFlow(flow, generation)), ...extra.map(([, stats]) => deleteStats(stats))];
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
    fingerprint(held.instructions) === fingerprint(flow.instructions)
  );
}

/** While the switch was away a verdict may have been prolonged or cut short. */
function endsAlike({ hardTimeout, durationSec }: FlowStats, { hardTimeoutSeconds }: Flow): boolean {
  if (hardTimeout === 0 || hardTimeoutSeconds === 0) return hardTimeout === hardTimeoutSeconds;
  return Math.abs(hardTimeout - durationSec - hardTimeoutSeconds) <= TIMER_SLACK_SECONDS;
}

/** Table, priority and match make a flow entry what it is (OpenFlow 1.3.5 §5.2). Switches may reorder a match. */
function identityOf({ tableId, priority, match }: Pick<Flow, 'tableId' | 'priority' | 'match'>): string {
  return `${tableId} ${priority} ${match.map(withoutFullMask).map(fingerprint).sort().join(' ')}`;
}

/** A switch shows a mask of all ones as no mask. */
function withoutFullMask(oxm: Oxm): Oxm {
  if (oxm.field === 'unknown' || oxm.mask === undefined || !FULL_MASKS.includes(oxm.mask)) return oxm;
  return { field: oxm.field, value: oxm.value } as Oxm;
}

/** Of IPv4 and IPv6 addresses. */
const FULL_MASKS: readonly unknown[] = [4, 16].map((octets) => addressFromOctets(Buffer.alloc(octets, 0xff)));

function fingerprint(value: unknown): string {
  return JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? part.toString() : part));
}

/** The meter_mods that make the meters of `rates` (meter id → packets per second) stand; other meters are not ours. */
export function diffMeters(present: readonly MeterConfig[], rates: ReadonlyMap<number, number>): MeterMod[] {
  const held = new Map(present.map((config) => [config.meterId, config]));
  const mods: MeterMod[] = [];
  for (const [meterId, rate] of rates) {
    const config = held.get(meterId);
    const flags = MeterFlag.PKTPS | MeterFlag.BURST | MeterFlag.STATS;
    const bands: MeterBand[] = [{ type: 'drop', rate, burstSize: rate }];
    if (config?.flags === flags && fingerprint(config.bands) === fingerprint(bands)) continue;
    mods.push({ type: 'meterMod', xid: 0, command: config === undefined ? 'add' : 'modify', flags, meterId, bands });
  }
  return mods;
}
