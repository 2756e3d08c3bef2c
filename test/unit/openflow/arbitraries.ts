/** Values of every part of a message, for fast-check. */
import fc from 'fast-check';
import type { Ipv4Address, Ipv6Address } from '../../../src/core/address.ts';
import { ip4, ip6, type Kind, mac, u8, u16, u24, u32, u64 } from '../../../src/openflow/kinds.ts';
import type { Message, MessageOf } from '../../../src/openflow/message.ts';
import type { Oxm } from '../../../src/openflow/oxm.ts';
import type { Action } from '../../../src/openflow/schema/actions.ts';
import type { Instruction } from '../../../src/openflow/schema/instructions.ts';
import type { MeterBand } from '../../../src/openflow/schema/meters.ts';
import type { MultipartReplyBody, MultipartRequestBody } from '../../../src/openflow/schema/multipart.ts';
import { OXM_ROWS } from '../../../src/openflow/schema/oxm.ts';
import type { PortDescription } from '../../../src/openflow/schema/ports.ts';

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
  oxmClass: fc.constantFrom(0x0000, 0x8001, 0xffff),
  oxmField: fc.integer({ min: 0, max: 127 }),
  hasMask: fc.boolean(),
  raw: octets(0, 20),
});

export const oxm = fc.oneof({ weight: 5, arbitrary: knownOxm }, { weight: 1, arbitrary: unknownOxm });
export const match = fc.array(oxm, { maxLength: 8 });

const typed = <const T extends string, F extends object>(type: T, fields: { [K in keyof F]: fc.Arbitrary<F[K]> }) =>
  fc.record<object>({ type: fc.constant(type), ...fields }) as unknown as fc.Arbitrary<{ type: T } & F>;

const unknownElement = fc
  .integer({ min: 300, max: 0xfffe })
  .chain((typeCode) => typed('unknown', { typeCode: fc.constant(typeCode), raw: filling(4) }));
const experimenterElement = typed('experimenter', { experimenter: word, data: filling(8) });

export const action: fc.Arbitrary<Action> = fc.oneof(
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
  experimenterElement,
  unknownElement,
);
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
  flags: short,
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
const few = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 4 });
const replyBody: fc.Arbitrary<MultipartReplyBody> = fc.oneof(
  typed('desc', { mfrDesc: text(256), hwDesc: text(256), swDesc: text(256), serialNum: text(32), dpDesc: text(256) }),
  typed('flow', { entries: few(flowStats) }),
  typed('aggregate', { packetCount: long, byteCount: long, flowCount: word }),
  typed('table', {
    entries: few(fc.record({ tableId: byte, activeCount: word, lookupCount: long, matchedCount: long })),
  }),
  typed('portDescription', { ports: few(port) }),
  typed('meter', { entries: few(meterStats) }),
  typed('meterConfig', { entries: few(fc.record({ flags: short, meterId: word, bands })) }),
  typed('meterFeatures', { maxMeter: word, bandTypes: word, capabilities: word, maxBands: byte, maxColor: byte }),
);

/** Messages of every type that has parts worth varying. */
export const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  flowMod,
  packetOut,
  packetIn,
  meterMod,
  message('multipartRequest', { flags: short, body: requestBody }),
  message('multipartReply', { flags: short, body: replyBody }),
  message('portStatus', { reason: byte, port }),
  message('error', { errorType: short, code: short, data: octets(0, 64) }),
  message('experimenter', { experimenter: word, experimenterType: word, data: octets(0, 64) }),
  message('roleRequest', { role: fc.constantFrom('noChange', 'equal', 'master', 'slave'), generationId: long }),
  message('hello', {
    elements: few(fc.oneof(typed('versionBitmap', { bitmaps: fc.array(word, { maxLength: 3 }) }), unknownElement)),
  }),
  message('unknown', { typeCode: fc.integer({ min: 30, max: 255 }), body: octets(0, 40) }),
);
