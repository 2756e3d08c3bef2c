/** What differs between the flows and meters a switch has and those it should have: both are values, and so is the diff. */
import { addressFromOctets, networkMask } from '../core/address.ts';
import { FLOW_MOD_DEFAULTS, type FlowMod } from '../openflow/flow-mod.ts';
import type { MessageOf } from '../openflow/message.ts';
import type { Oxm } from '../openflow/oxm.ts';
import { MeterFlag } from '../openflow/schema/constants.ts';
import type { MeterBand } from '../openflow/schema/meters.ts';
import type { FlowStats, MeterConfig } from '../openflow/schema/multipart.ts';
import { cookieOf, type Flow } from './pipeline.ts';

export type MeterMod = MessageOf<'meterMod'>;

/** The flow_mods that turn `present` (all ours, by cookie) into `desired`: additions first, in the order of `desired`. */
export function diffFlows(present: readonly FlowStats[], desired: readonly Flow[], generation: number): FlowMod[] {
  const extra = new Map(present.map((stats) => [identityOf(stats), stats]));
  const additions: FlowMod[] = [];
  for (const flow of desired) {
    const identity = identityOf(flow);
    const held = extra.get(identity);
    if (held === undefined || !isSame(held, flow, generation)) additions.push(addFlow(flow, generation));
    extra.delete(identity);
  }
  return [...additions, ...[...extra.values()].map(deleteStats)];
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

/** Timers are left alone: a switch counts them down whether or not we are connected. */
function isSame(held: FlowStats, flow: Flow, generation: number): boolean {
  return (
    held.cookie === cookieOf(generation, flow.rule) &&
    (held.hardTimeout === 0) === (flow.hardTimeoutSeconds === 0) &&
    fingerprint(held.instructions) === fingerprint(flow.instructions)
  );
}

/** Table, priority and match make a flow entry what it is (OpenFlow 1.3.5 §5.2). Switches may reorder a match. */
function identityOf({ tableId, priority, match }: Pick<Flow, 'tableId' | 'priority' | 'match'>): string {
  return `${tableId} ${priority} ${match.map(withoutFullMask).map(fingerprint).sort().join(' ')}`;
}

/** A switch shows a mask of all ones as no mask. */
function withoutFullMask(oxm: Oxm): Oxm {
  if (oxm.field === 'unknown' || oxm.mask === undefined) return oxm;
  const isFull = [32, 128].some((length) => oxm.mask === addressFromOctets(fullMask(length)));
  return isFull ? ({ field: oxm.field, value: oxm.value } as Oxm) : oxm;
}

function fullMask(length: number): Buffer {
  return networkMask(addressFromOctets(Buffer.alloc(length / 8))!, length);
}

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
