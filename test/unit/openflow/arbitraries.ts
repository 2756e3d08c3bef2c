/** Messages and their larger parts, for fast-check. */
import fc from 'fast-check';
import type { ExperimenterBody } from '../../../src/openflow/experimenter.ts';
import type { Message, MessageOf } from '../../../src/openflow/message.ts';
import type { Instruction } from '../../../src/openflow/schema/instructions.ts';
import type { MeterBand } from '../../../src/openflow/schema/meters.ts';
import type { MultipartReplyBody, MultipartRequestBody } from '../../../src/openflow/schema/multipart.ts';
import type { PortDescription } from '../../../src/openflow/schema/ports.ts';
import { actions, oxmId } from './arbitrary-actions.ts';
import {
  byte,
  experimenterElement,
  filling,
  long,
  macText,
  match,
  octets,
  short,
  text,
  typed,
  unknownElement,
  word,
} from './arbitrary-parts.ts';

export const instruction: fc.Arbitrary<Instruction> = fc.oneof(
  typed('gotoTable', { tableId: byte }),
  typed('writeMetadata', { metadata: long, metadataMask: long }),
  typed('applyActions', { actions }),
  typed('writeActions', { actions }),
  typed('clearActions', {}),
  typed('meter', { meterId: word }),
  experimenterElement,
  unknownElement,
);
const instructions = fc.array(instruction, { maxLength: 4 });

const band: fc.Arbitrary<MeterBand> = fc.oneof(
  typed('drop', { rate: word, burstSize: word }),
  typed('dscpRemark', { rate: word, burstSize: word, precLevel: byte }),
  typed('experimenter', { rate: word, burstSize: word, experimenter: word, data: filling(16) }),
);
const bands = fc.array(fc.oneof(band, unknownElement), { maxLength: 4 });

const message = <const T extends Message['type']>(
  type: T,
  fields: { [K in keyof Omit<MessageOf<T>, 'type' | 'xid'>]: fc.Arbitrary<MessageOf<T>[K & keyof MessageOf<T>]> },
) => typed(type, { xid: word, ...fields }) as unknown as fc.Arbitrary<MessageOf<T>>;

export const flowMod = message('flowMod', {
  cookie: long,
  cookieMask: long,
  tableId: byte,
  command: fc.constantFrom('add', 'modify', 'modifyStrict', 'delete', 'deleteStrict'),
  idleTimeout: short,
  hardTimeout: short,
  priority: short,
  bufferId: word,
  outPort: word,
  outGroup: word,
  flags: short,
  match,
  instructions,
});

const packetOut = message('packetOut', { bufferId: word, inPort: word, actions, data: octets(0, 100) });
const packetIn = message('packetIn', {
  bufferId: word,
  totalLen: short,
  reason: byte,
  tableId: byte,
  cookie: long,
  match,
  data: octets(0, 100),
});
const meterMod = message('meterMod', {
  command: fc.constantFrom('add', 'modify', 'delete'),
  flags: short.filter((flags) => (flags & 3) !== 3),
  meterId: word,
  bands: fc.array(band, { maxLength: 4 }),
});

const port: fc.Arbitrary<PortDescription> = fc.record({
  portNo: word,
  hwAddr: macText,
  name: text(16),
  config: word,
  state: word,
  curr: word,
  advertised: word,
  supported: word,
  peer: word,
  currSpeed: word,
  maxSpeed: word,
});

const flowFilter = { tableId: byte, outPort: word, outGroup: word, cookie: long, cookieMask: long, match };
const namedId = <const N extends string>(...names: readonly N[]) =>
  fc.oneof(
    fc.constantFrom(...names).map((type) => ({ type })),
    fc.record({ type: fc.constantFrom(...names), extra: octets(1, 8) }),
    typed('experimenter', { experimenter: word, data: octets(0, 8) }),
    typed('unknown', { typeCode: fc.integer({ min: 300, max: 0xfffe }), raw: octets(0, 8) }),
  );
const few = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 4 });
const someInstructions = { instructions: few(namedId('gotoTable', 'applyActions', 'meter')) };
const someActions = { actions: few(namedId('output', 'setField', 'group', 'popPbb')) };
const someFields = { fields: few(oxmId) };
const someTables = { tableIds: few(byte) };
const tableExperimenter = { experimenter: word, experimenterType: word, data: octets(0, 12) };
const tableFeatures = fc.record({
  tableId: byte,
  name: text(32),
  metadataMatch: long,
  metadataWrite: long,
  config: word,
  maxEntries: word,
  properties: few(
    fc.oneof(
      typed('instructions', someInstructions),
      typed('instructionsMiss', someInstructions),
      typed('nextTables', someTables),
      typed('nextTablesMiss', someTables),
      typed('writeActions', someActions),
      typed('writeActionsMiss', someActions),
      typed('applyActions', someActions),
      typed('applyActionsMiss', someActions),
      typed('match', someFields),
      typed('wildcards', someFields),
      typed('writeSetField', someFields),
      typed('writeSetFieldMiss', someFields),
      typed('applySetField', someFields),
      typed('applySetFieldMiss', someFields),
      typed('experimenter', tableExperimenter),
      typed('experimenterMiss', tableExperimenter),
      typed('unknown', { typeCode: fc.integer({ min: 300, max: 0xfffd }), raw: octets(0, 12) }),
    ),
  ),
});

const requestBody: fc.Arbitrary<MultipartRequestBody> = fc.oneof(
  typed('desc', {}),
  typed('flow', flowFilter),
  typed('aggregate', flowFilter),
  typed('table', {}),
  typed('portStats', { portNo: word }),
  typed('portDescription', {}),
  typed('meter', { meterId: word }),
  typed('meterConfig', { meterId: word }),
  typed('meterFeatures', {}),
  typed('queue', { portNo: word, queueId: word }),
  typed('group', { groupId: word }),
  typed('groupDesc', {}),
  typed('groupFeatures', {}),
  typed('tableFeatures', { entries: few(tableFeatures) }),
  typed('experimenter', { experimenter: word, experimenterType: word, data: octets(0, 20) }),
  typed('unknown', { typeCode: fc.integer({ min: 100, max: 0xfffe }), raw: octets(0, 20) }),
);

const flowStats = fc.record({
  tableId: byte,
  durationSec: word,
  durationNsec: word,
  priority: short,
  idleTimeout: short,
  hardTimeout: short,
  flags: short,
  cookie: long,
  packetCount: long,
  byteCount: long,
  match,
  instructions,
});
const meterStats = fc.record({
  meterId: word,
  flowCount: word,
  packetInCount: long,
  byteInCount: long,
  durationSec: word,
  durationNsec: word,
  bandStats: fc.array(fc.record({ packetBandCount: long, byteBandCount: long }), { maxLength: 3 }),
});
const bucket = fc.record({ weight: short, watchPort: word, watchGroup: word, actions });
const groupStats = fc.record({
  groupId: word,
  refCount: word,
  packetCount: long,
  byteCount: long,
  durationSec: word,
  durationNsec: word,
  bucketStats: few(fc.record({ packetCount: long, byteCount: long })),
});
const portStats = fc.record({
  ...{ portNo: word, rxPackets: long, txPackets: long, rxBytes: long, txBytes: long, rxDropped: long, txDropped: long },
  ...{ rxErrors: long, txErrors: long, rxFrameErr: long, rxOverErr: long, rxCrcErr: long, collisions: long },
  ...{ durationSec: word, durationNsec: word },
});
const queueStats = fc.record({
  ...{ portNo: word, queueId: word, txBytes: long, txPackets: long, txErrors: long },
  ...{ durationSec: word, durationNsec: word },
});
const replyBody: fc.Arbitrary<MultipartReplyBody> = fc.oneof(
  typed('desc', { mfrDesc: text(256), hwDesc: text(256), swDesc: text(256), serialNum: text(32), dpDesc: text(256) }),
  typed('flow', { entries: few(flowStats) }),
  typed('aggregate', { packetCount: long, byteCount: long, flowCount: word }),
  typed('table', {
    entries: few(fc.record({ tableId: byte, activeCount: word, lookupCount: long, matchedCount: long })),
  }),
  typed('portStats', { entries: few(portStats) }),
  typed('queue', { entries: few(queueStats) }),
  typed('group', { entries: few(groupStats) }),
  typed('groupDesc', { entries: few(fc.record({ groupType: byte, groupId: word, buckets: few(bucket) })) }),
  typed('groupFeatures', {
    ...{ types: word, capabilities: word, maxGroupsAll: word, maxGroupsSelect: word, maxGroupsIndirect: word },
    ...{ maxGroupsFastFailover: word, actionsAll: word, actionsSelect: word, actionsIndirect: word },
    actionsFastFailover: word,
  }),
  typed('tableFeatures', { entries: few(tableFeatures) }),
  typed('experimenter', { experimenter: word, experimenterType: word, data: octets(0, 20) }),
  typed('portDescription', { ports: few(port) }),
  typed('meter', { entries: few(meterStats) }),
  typed('meterConfig', { entries: few(fc.record({ flags: short, meterId: word, bands })) }),
  typed('meterFeatures', { maxMeter: word, bandTypes: word, capabilities: word, maxBands: byte, maxColor: byte }),
);

const queue = fc.record({
  queueId: word,
  port: word,
  properties: few(
    fc.oneof(
      typed('minRate', { rate: short }),
      typed('maxRate', { rate: short }),
      typed('experimenter', { experimenter: word, data: filling(16) }),
      unknownElement,
    ),
  ),
});
const switchConfig = { flags: short, missSendLen: short };
const role = { role: fc.constantFrom('noChange', 'equal', 'master', 'slave'), generationId: long } as const;
const asyncConfig = {
  ...{ packetInMask: word, packetInMaskSlave: word, portStatusMask: word, portStatusMaskSlave: word },
  ...{ flowRemovedMask: word, flowRemovedMaskSlave: word },
};

const plain = ['featuresRequest', 'getConfigRequest', 'barrierRequest', 'barrierReply', 'getAsyncRequest'] as const;

/** Messages of every type, and of none that is known. */
export const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  flowMod,
  packetOut,
  packetIn,
  meterMod,
  message('multipartRequest', { flags: short, body: requestBody }),
  message('multipartReply', { flags: short, body: replyBody }),
  message('portStatus', { reason: byte, port }),
  typed('error', { xid: word, errorType: fc.nat(13), code: short, data: octets(0, 64) }),
  typed('error', { xid: word, errorType: fc.constant(0xffff), code: short, experimenter: word, data: octets(0, 64) }),
  message('echoRequest', { data: octets(0, 64) }),
  message('echoReply', { data: octets(0, 64) }),
  ...plain.map((type) => message(type, {})),
  message('featuresReply', {
    ...{ datapathId: long, nBuffers: word, nTables: byte, auxiliaryId: byte, capabilities: word, reserved: word },
  }),
  message('getConfigReply', switchConfig),
  message('setConfig', switchConfig),
  message('flowRemoved', {
    ...{ cookie: long, priority: short, reason: byte, tableId: byte, durationSec: word, durationNsec: word },
    ...{ idleTimeout: short, hardTimeout: short, packetCount: long, byteCount: long, match },
  }),
  message('groupMod', {
    command: fc.constantFrom('add', 'modify', 'delete'),
    ...{ groupType: byte, groupId: word, buckets: few(bucket) },
  }),
  message('portMod', { portNo: word, hwAddr: macText, config: word, mask: word, advertise: word }),
  message('tableMod', { tableId: byte, config: word }),
  message('queueGetConfigRequest', { port: word }),
  message('queueGetConfigReply', { port: word, queues: few(queue) }),
  message('getAsyncReply', asyncConfig),
  message('setAsync', asyncConfig),
  message('roleReply', role),
  message('experimenter', { experimenter: word, experimenterType: word, data: octets(0, 64) }),
  message('roleRequest', role),
  message('hello', {
    elements: few(fc.oneof(typed('versionBitmap', { bitmaps: fc.array(word, { maxLength: 3 }) }), unknownElement)),
  }),
  message('unknown', { typeCode: fc.integer({ min: 30, max: 255 }), body: octets(0, 40) }),
);

const bundleProperties = fc.array(
  fc.oneof(
    typed('experimenter', { experimenter: word, experimenterType: word, data: octets(0, 12) }),
    typed('unknown', { typeCode: fc.integer({ min: 1, max: 0xfffe }), raw: octets(0, 12) }),
  ),
  { maxLength: 2 },
);
const controls = [
  ...(['openRequest', 'openReply', 'closeRequest', 'closeReply'] as const),
  ...(['commitRequest', 'commitReply', 'discardRequest', 'discardReply'] as const),
] as const;

/** What experimenter messages of the known types say; a message that is added to a bundle has this xid. */
export function experimenterBody(xid: number): fc.Arbitrary<ExperimenterBody> {
  const properties = bundleProperties;
  return fc.oneof(
    typed('nxRoleRequest', { role: fc.constantFrom('other', 'master', 'slave') }),
    typed('nxRoleReply', { role: fc.constantFrom('other', 'master', 'slave') }),
    typed('flowMonitorCancel', { id: word }),
    typed('flowMonitorPaused', {}),
    typed('flowMonitorResumed', {}),
    typed('roleStatus', { ...role, reason: byte }),
    typed('bundleControl', { bundleId: word, control: fc.constantFrom(...controls), flags: short, properties }),
    typed('bundleAdd', {
      ...{ bundleId: word, flags: short, properties },
      message: anyMessage.map((message): Message => ({ ...message, xid })),
    }),
  );
}
