/** Values of every part of a message, for fast-check. */
import fc from 'fast-check';
import type { Ipv4Address, Ipv6Address } from '../../../src/core/address.ts';
import type { ExperimenterBody } from '../../../src/openflow/experimenter.ts';
import { ip4, ip6, type Kind, mac, u8, u16, u24, u32, u64, u128 } from '../../../src/openflow/kinds.ts';
import type { Message, MessageOf } from '../../../src/openflow/message.ts';
import type { Oxm, OxmId } from '../../../src/openflow/oxm.ts';
import type { Action, CtInnerAction } from '../../../src/openflow/schema/actions.ts';
import type { Instruction } from '../../../src/openflow/schema/instructions.ts';
import type { MeterBand } from '../../../src/openflow/schema/meters.ts';
import type { MultipartReplyBody, MultipartRequestBody } from '../../../src/openflow/schema/multipart.ts';
import { OXM_ROWS } from '../../../src/openflow/schema/oxm.ts';
import type { PortDescription } from '../../../src/openflow/schema/ports.ts';
import type { LearnSpec, Subfield } from '../../../src/openflow/subfield.ts';

export const byte = fc.integer({ min: 0, max: 0xff });
export const short = fc.integer({ min: 0, max: 0xffff });
export const word = fc.integer({ min: 0, max: 0xffffffff });
export const long = fc.bigInt({ min: 0n, max: 0xffffffffffffffffn });
export const octets = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => Buffer.from(bytes));
const macText = octets(6, 6).map((bytes) => bytes.toString('hex').replace(/..(?=.)/g, '$&:'));
const text = (maxLength: number) => octets(0, maxLength).map((bytes) => bytes.toString('latin1').replaceAll('\0', 'x'));
/** Octets that fill an element behind a header of `headerBytes` to a multiple of eight. */
const filling = (headerBytes: number) =>
  fc.nat(3).chain((eights) => octets((-headerBytes & 7) + eights * 8, (-headerBytes & 7) + eights * 8));

const valuesOfKind = new Map<Kind<unknown>, fc.Arbitrary<unknown>>([
  [u8, byte],
  [u16, short],
  [u24, fc.integer({ min: 0, max: 0xffffff })],
  [u32, word],
  [u64, long],
  [u128, fc.bigInt({ min: 0n, max: (1n << 128n) - 1n })],
  [mac, macText],
  [ip4, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map((bits) => bits as Ipv4Address)],
  [ip6, octets(16, 16).map((bytes) => bytes.toString('latin1') as Ipv6Address)],
]);

const knownOxm = fc.constantFrom(...OXM_ROWS).chain((row) => {
  const value = valuesOfKind.get(row.kind)!;
  const field = fc.constant(row.name);
  return fc.oneof(fc.record({ field, value }), fc.record({ field, value, mask: value })) as fc.Arbitrary<Oxm>;
});

const unknownOxm: fc.Arbitrary<Oxm> = fc.record({
  field: fc.constant('unknown' as const),
  oxmClass: fc.constantFrom(0x0002, 0x8001, 0xffff),
  oxmField: fc.integer({ min: 0, max: 127 }),
  hasMask: fc.boolean(),
  raw: octets(1, 20),
});

export const oxm = fc.oneof({ weight: 5, arbitrary: knownOxm }, { weight: 1, arbitrary: unknownOxm });
export const match = fc.array(oxm, { maxLength: 8 });

const typed = <const T extends string, F extends object>(type: T, fields: { [K in keyof F]: fc.Arbitrary<F[K]> }) =>
  fc.record<object>({ type: fc.constant(type), ...fields }) as unknown as fc.Arbitrary<{ type: T } & F>;

const unknownElement = fc
  .integer({ min: 300, max: 0xfffe })
  .chain((typeCode) => typed('unknown', { typeCode: fc.constant(typeCode), raw: filling(4) }));
const experimenterElement = typed('experimenter', { experimenter: word, data: filling(8) });

/** Where no experimenter's id stands, fields of the experimenter class are not known. */
const isShort = (name: string) => OXM_ROWS.find((row) => row.name === name)!.oxmClass !== 0xffff;
const fieldName = fc.constantFrom(...OXM_ROWS.map(({ name }) => name));
const shortFieldName = fieldName.filter(isShort);
const idOf = (field: typeof fieldName, experimenter: boolean): fc.Arbitrary<OxmId> => {
  const common = { hasMask: fc.boolean(), lengthBytes: byte };
  const unknown = { field: fc.constant('unknown' as const), oxmField: fc.integer({ min: 0, max: 127 }), ...common };
  const ofExperimenter = fc.record({ ...unknown, oxmClass: fc.constant(0xffff), experimenter: word.filter(isNotOnf) });
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ field, ...common }) },
    { weight: 1, arbitrary: fc.record({ ...unknown, oxmClass: fc.constantFrom(2, 0x8001) }) },
    ...(experimenter ? [{ weight: 1, arbitrary: ofExperimenter }] : []),
  );
};
const isNotOnf = (experimenter: number) => experimenter !== 0x4f4e4600;
const oxmId = idOf(fieldName, true);
const shortOxmId = idOf(shortFieldName, false);

const firstBit = fc.integer({ min: 0, max: 1023 });
const subfield: fc.Arbitrary<Subfield> = fc.record({
  field: shortOxmId,
  firstBit,
  nBits: fc.integer({ min: 1, max: 64 }),
});
const fieldBits = { field: shortOxmId, firstBit: short };
const learnSpec: fc.Arbitrary<LearnSpec> = fc.integer({ min: 1, max: 1023 }).chain((nBits) => {
  const immediateBytes = Math.ceil(nBits / 16) * 2;
  return fc.record({
    nBits: fc.constant(nBits),
    from: fc.oneof(octets(immediateBytes, immediateBytes), fc.record(fieldBits)),
    to: fc.oneof(typed('match', fieldBits), typed('load', fieldBits), typed('output', {})),
  });
});
const range = fc.record(
  {
    ipv4Min: valuesOfKind.get(ip4) as fc.Arbitrary<Ipv4Address>,
    ipv4Max: valuesOfKind.get(ip4) as fc.Arbitrary<Ipv4Address>,
    ipv6Min: valuesOfKind.get(ip6) as fc.Arbitrary<Ipv6Address>,
    ipv6Max: valuesOfKind.get(ip6) as fc.Arbitrary<Ipv6Address>,
    protoMin: short,
    protoMax: short,
  },
  { requiredKeys: [] },
);
const sample = { probability: short, collectorSetId: word, obsDomainId: word, obsPointId: word };

const controllerProperty = fc.oneof(
  typed('maxLength', { maxLength: short }),
  typed('controllerId', { controllerId: short }),
  typed('reason', { reason: byte }),
  typed('userdata', { data: octets(0, 12) }),
  typed('pause', {}),
  typed('meterId', { meterId: word }),
  typed('unknown', { typeCode: fc.integer({ min: 6, max: 0xffff }), raw: octets(0, 12) }),
);

const ctInner: fc.Arbitrary<CtInnerAction> = fc.oneof(
  typed('output', { port: word, maxLength: short }),
  typed('setField', { oxm }),
  typed('group', { groupId: word }),
  typed('setQueue', { queueId: word }),
  typed('pushVlan', { etherType: short }),
  typed('popVlan', {}),
  typed('setNwTtl', { nwTtl: byte }),
  typed('setMplsTtl', { mplsTtl: byte }),
  typed('popMpls', { etherType: short }),
  typed('decNwTtl', {}),
  typed('resubmit', { inPort: short }),
  typed('resubmitTable', { inPort: short, tableId: byte }),
  typed('resubmitTableCt', { inPort: short, tableId: byte }),
  typed('setTunnel', { tunnelId: word }),
  typed('setTunnel64', { tunnelId: long }),
  typed('regMove', { nBits: short, srcFirstBit: short, dstFirstBit: short, src: shortOxmId, dst: shortOxmId }),
  typed('regLoad', { dst: subfield, value: long }),
  typed('outputReg', { src: subfield, maxLength: short }),
  typed('note', { note: filling(10) }),
  typed('multipath', {
    fields: short,
    basis: short,
    algorithm: short,
    maxLink: short,
    arg: word,
    dst: subfield,
  }),
  typed('learn', {
    idleTimeout: short,
    hardTimeout: short,
    priority: short,
    cookie: long,
    flags: short,
    tableId: byte,
    finIdleTimeout: short,
    finHardTimeout: short,
    specs: fc.array(learnSpec, { maxLength: 4 }),
  }),
  typed('exit', {}),
  typed('decTtl', {}),
  typed('finTimeout', { finIdleTimeout: short, finHardTimeout: short }),
  typed('controller', { maxLength: short, controllerId: short, reason: byte }),
  typed('decTtlCntIds', { ids: fc.array(short, { maxLength: 6 }) }),
  typed('controller2', { properties: fc.array(controllerProperty, { maxLength: 4 }) }),
  typed('stackPush', { firstBit: short, field: oxmId, nBits: short }),
  typed('stackPop', { firstBit: short, field: oxmId, nBits: short }),
  typed('sample', sample),
  typed('sample2', { ...sample, samplingPort: short }),
  typed('conjunction', { clause: byte, nClauses: byte, id: word }),
  typed('nat', { flags: short, range }),
  typed('outputTrunc', { port: short, maxLength: word }),
  typed('ctClear', {}),
  experimenterElement,
  unknownElement,
);

export const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: ctInner },
  {
    weight: 1,
    arbitrary: typed('ct', {
      flags: short,
      zone: fc.oneof(
        short,
        subfield.filter(({ field }) => !isZeroHeader(field)),
      ),
      recircTable: byte,
      alg: short,
      actions: fc.array(ctInner, { maxLength: 3 }),
    }),
  },
);

/** A header of zeros stands for no field. */
function isZeroHeader(id: OxmId): boolean {
  return id.field === 'in_port_nxm' && !id.hasMask && id.lengthBytes === 0;
}
const actions = fc.array(action, { maxLength: 5 });

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
  unknownElement,
);
const bands = fc.array(band, { maxLength: 4 });

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
  bands,
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
