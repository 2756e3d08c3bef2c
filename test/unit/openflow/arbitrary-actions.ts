/** Actions of OpenFlow and of Nicira, for fast-check. */
import fc from 'fast-check';
import { ip4, ip6, type Kind } from '../../../src/openflow/kinds.ts';
import type { OxmId } from '../../../src/openflow/oxm.ts';
import type { Action, CtInnerAction } from '../../../src/openflow/schema/actions.ts';
import { OXM_ROWS } from '../../../src/openflow/schema/oxm.ts';
import type { LearnSpec, Subfield } from '../../../src/openflow/subfield.ts';
import {
  byte,
  experimenterElement,
  filling,
  long,
  octets,
  oxm,
  short,
  typed,
  unknownElement,
  valuesOfKind,
  word,
} from './arbitrary-parts.ts';

const anyOf = <T>(kind: Kind<T>) => valuesOfKind.get(kind) as fc.Arbitrary<T>;

const isNotOnf = (experimenter: number) => experimenter !== 0x4f4e4600;
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
export const oxmId = idOf(fieldName, true);
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
    ipv4Min: anyOf(ip4),
    ipv4Max: anyOf(ip4),
    ipv6Min: anyOf(ip6),
    ipv6Max: anyOf(ip6),
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
export const actions = fc.array(action, { maxLength: 5 });
