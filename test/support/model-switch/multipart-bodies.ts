import type { ErrorCodeName } from '../../../src/openflow/schema/errors.ts';
import type { FlowStats, MultipartReplyBody, MultipartRequestBody } from '../../../src/openflow/schema/multipart.ts';
import { type FlowEntry, leadsToGroup, usesMeter } from './flow-entry.ts';
import type { FlowTables } from './flow-tables.ts';
import type { ModelGroup } from './groups.ts';
import type { ModelMeter } from './meters.ts';
import { ModelGap } from './model-gap.ts';
import type { SwitchState } from './switch-state.ts';

/** Reply bodies, one for each part, or why there are none. */
export type MultipartAnswer = readonly MultipartReplyBody[] | ErrorCodeName;

/** What a model switch answers to a multipart request; lists come `perPart` to a part. */
export function multipartBodies(
  state: SwitchState,
  body: MultipartRequestBody,
  nowMs: number,
  perPart: number,
): MultipartAnswer {
  const { groups, flows, ports } = state;
  switch (body.type) {
    case 'desc':
      return [description()];
    case 'flow':
      return inParts(flows.find(body), perPart, (entries) => {
        return { type: 'flow', entries: entries.map((entry) => flowStats(entry, nowMs)) };
      });
    case 'aggregate':
      return [aggregateOf(flows.find(body))];
    case 'table':
      return [tableStats(state)];
    case 'portDescription':
      return [{ type: 'portDescription', ports: ports.all() }];
    case 'group':
      return inParts(groups.find(body.groupId), perPart, (found) => {
        return { type: 'group', entries: found.map((group) => groupStats(group, state, nowMs)) };
      });
    case 'groupDesc':
      return inParts([...groups.snapshot().values()], perPart, (found) => {
        const entries = found.map(({ groupId, groupType, buckets }) => ({ groupId, groupType, buckets }));
        return { type: 'groupDesc', entries };
      });
    case 'meter':
    case 'meterConfig':
    case 'meterFeatures':
      return meterBodies(state, body, nowMs, perPart);
    case 'unknown':
      return 'OFPBRC_BAD_MULTIPART';
    case 'experimenter':
      return 'OFPBRC_BAD_EXPERIMENTER';
    default:
      throw new ModelGap(`answer to a multipart request for ${body.type}`);
  }
}

/** Without meters a switch says that it knows no such request, as Open vSwitch without them in its datapath. */
function meterBodies(
  { meters, flows }: SwitchState,
  body: Extract<MultipartRequestBody, { readonly type: 'meter' | 'meterConfig' | 'meterFeatures' }>,
  nowMs: number,
  perPart: number,
): MultipartAnswer {
  if (meters.maxMeter === 0) return 'OFPBRC_BAD_MULTIPART';
  switch (body.type) {
    case 'meterFeatures':
      return [{ type: 'meterFeatures', maxMeter: meters.maxMeter, ...METER_FEATURES }];
    case 'meterConfig':
      return inParts(meters.find(body.meterId), perPart, (found) => {
        return { type: 'meterConfig', entries: found.map(({ config }) => config) };
      });
    case 'meter':
      return inParts(meters.find(body.meterId), perPart, (found) => {
        return { type: 'meter', entries: found.map((meter) => meterStats(meter, flows, nowMs)) };
      });
  }
}

/** Drop bands, one to a meter; packets or kilobits each second, bursts, statistics. */
const METER_FEATURES = { bandTypes: 2, capabilities: 15, maxBands: 1, maxColor: 0 } as const;

/** At least one part, so that an empty list is answered too. */
function inParts<T>(
  items: readonly T[],
  perPart: number,
  body: (items: readonly T[]) => MultipartReplyBody,
): readonly MultipartReplyBody[] {
  const count = Math.max(1, Math.ceil(items.length / perPart));
  return Array.from({ length: count }, (_, index) => body(items.slice(index * perPart, (index + 1) * perPart)));
}

function description(): MultipartReplyBody {
  const [hwDesc, swDesc, serialNum, dpDesc] = ['memory', '1', 'none', 'for tests'];
  return { type: 'desc', mfrDesc: 'model switch', hwDesc, swDesc, serialNum, dpDesc };
}

/** How long something has stood, as seconds and nanoseconds. */
export function durationSince(createdAtMs: number, nowMs: number) {
  const elapsedMs = nowMs - createdAtMs;
  const durationSec = Math.floor(elapsedMs / 1000);
  return { durationSec, durationNsec: Math.floor((elapsedMs - durationSec * 1000) * 1e6) };
}

function flowStats({ use, createdAtMs, fields: _fields, ...entry }: FlowEntry, nowMs: number): FlowStats {
  const { packetCount, byteCount } = use;
  return { ...entry, ...durationSince(createdAtMs, nowMs), packetCount, byteCount };
}

function aggregateOf(entries: readonly FlowEntry[]): MultipartReplyBody {
  const sum = (count: (entry: FlowEntry) => bigint) => entries.reduce((total, entry) => total + count(entry), 0n);
  const packetCount = sum(({ use }) => use.packetCount);
  const byteCount = sum(({ use }) => use.byteCount);
  return { type: 'aggregate', packetCount, byteCount, flowCount: entries.length };
}

function tableStats({ flows }: SwitchState): MultipartReplyBody {
  const entries = flows.counts.map(({ lookups, matched }, tableId) => {
    return { tableId, activeCount: flows.entriesOf(tableId).length, lookupCount: lookups, matchedCount: matched };
  });
  return { type: 'table', entries };
}

function groupStats(group: ModelGroup, { flows }: SwitchState, nowMs: number) {
  const { groupId, packetCount, byteCount, bucketCounts, createdAtMs } = group;
  const refCount = flows.all((entry) => leadsToGroup(entry, groupId)).length;
  const counts = { groupId, refCount, packetCount, byteCount };
  return { ...counts, ...durationSince(createdAtMs, nowMs), bucketStats: bucketCounts };
}

function meterStats(
  { config, createdAtMs, bands, packetCount, byteCount }: ModelMeter,
  flows: FlowTables,
  nowMs: number,
) {
  const { meterId } = config;
  const flowCount = flows.all((entry) => usesMeter(entry, meterId)).length;
  const bandStats = bands.map((band) => ({ packetBandCount: band.packetCount, byteBandCount: band.byteCount }));
  const counts = { meterId, flowCount, packetInCount: packetCount, byteInCount: byteCount };
  return { ...counts, ...durationSince(createdAtMs, nowMs), bandStats };
}
