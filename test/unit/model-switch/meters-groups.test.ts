import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/openflow/message.ts';
import type { Action } from '../../../src/openflow/schema/actions.ts';
import {
  FlowModFlag,
  FlowRemovedReason,
  Group,
  Meter,
  MeterFlag,
  Port,
} from '../../../src/openflow/schema/constants.ts';
import { composeFrame } from '../../support/frames.ts';
import { GroupType } from '../../support/model-switch/groups.ts';
import { apply, flow, goto, ModelRig, output } from './model-rig.ts';

const query = composeFrame(Buffer.from('a question'));

function meter(meterId: number, rate: number, burstSize = 0, flags: number = MeterFlag.PKTPS): Message {
  const bands = [{ type: 'drop', rate, burstSize } as const];
  return { type: 'meterMod', xid: 0, command: 'add', flags, meterId, bands };
}

describe('meters', () => {
  const through = (rig: ModelRig, count: number) =>
    Array.from({ length: count }, () => rig.ports(query)).filter((ports) => ports.length > 0).length;
  const metered = (meterId: number) => flow({ instructions: [{ type: 'meter', meterId }, apply(output(2))] });

  it('let a burst through, then their rate; what they drop they count', () => {
    const rig = new ModelRig();
    rig.take(meter(1, 10, 5, MeterFlag.PKTPS | MeterFlag.BURST), metered(1));
    expect(through(rig, 8)).toBe(5);
    rig.clock.advance(200);
    expect(through(rig, 8)).toBe(2);
    rig.clock.advance(60_000);
    expect(through(rig, 8)).toBe(5);
    expect(rig.model.forward(query, 1).happenings).toEqual([{ kind: 'meterDrop', meterId: 1 }]);
    expect(rig.one({ type: 'meter', meterId: 1 }).entries).toMatchObject([
      { flowCount: 1, packetInCount: 25n, bandStats: [{ packetBandCount: 13n }], durationSec: 60 },
    ]);
  });

  it('in kilobits each second count octets; the band of the highest rate that is exceeded drops', () => {
    const rig = new ModelRig();
    const bits = query.length * 8;
    rig.take(meter(1, 1, 0, MeterFlag.KBPS), metered(1));
    expect(through(rig, 9)).toBe(Math.floor(1000 / bits));
    const bands = [5, 2].map((rate) => ({ type: 'drop', rate, burstSize: 0 }) as const);
    rig.take({ type: 'meterMod', xid: 0, command: 'modify', flags: MeterFlag.PKTPS, meterId: 1, bands });
    expect(through(rig, 9)).toBe(2);
    expect(rig.one({ type: 'meter', meterId: Meter.ALL }).entries[0]!.bandStats).toMatchObject([
      { packetBandCount: 4n },
      { packetBandCount: 3n },
    ]);
  });

  it('called OFPM_CONTROLLER drop copies and nothing else', () => {
    const rig = new ModelRig();
    rig.take(meter(Meter.CONTROLLER, 1), flow({ instructions: [apply(output(Port.CONTROLLER), output(2))] }));
    const kinds = () => rig.model.forward(query, 1).happenings.map(({ kind }) => kind);
    expect([kinds(), kinds()]).toEqual([
      ['controller', 'output'],
      ['meterDrop', 'output'],
    ]);
    expect(rig.ofType('packetIn')).toHaveLength(1);
  });

  it('take their flows with them when they go', () => {
    const rig = new ModelRig();
    rig.take(meter(1, 10), { ...metered(1), flags: FlowModFlag.SEND_FLOW_REM }, flow({ priority: 1 }));
    const gone = rig.tell({ type: 'meterMod', xid: 0, command: 'delete', flags: 0, meterId: 1, bands: [] });
    expect(gone).toMatchObject([{ type: 'flowRemoved', reason: FlowRemovedReason.DELETE }]);
    expect(rig.flows()).toMatchObject([{ priority: 1 }]);
  });

  it('are described as they were made; a switch without meters knows nothing of them', () => {
    const rig = new ModelRig({ maxMeter: 7 });
    rig.take(meter(7, 10));
    expect(rig.one({ type: 'meterConfig', meterId: Meter.ALL }).entries).toMatchObject([{ meterId: 7, flags: 2 }]);
    expect(rig.one({ type: 'meterFeatures' })).toMatchObject({ maxMeter: 7 });
    expect(rig.errors(meter(8, 1))).toEqual(['OFPMMFC_INVALID_METER']);
    const without = new ModelRig({ maxMeter: 0 });
    const ask: Message = { type: 'multipartRequest', xid: 0, flags: 0, body: { type: 'meterFeatures' } };
    expect(without.errors(meter(1, 1), meter(Meter.CONTROLLER, 1), ask)).toEqual([
      'OFPMMFC_INVALID_METER',
      'OFPMMFC_INVALID_METER',
      'OFPBRC_BAD_MULTIPART',
    ]);
  });
});

function group(groupType: number, groupId: number, ...lists: readonly (readonly Action[])[]): Message {
  const buckets = lists.map((actions, index) => {
    return { weight: index, watchPort: index + 1, watchGroup: Group.ANY, actions };
  });
  return { type: 'groupMod', xid: 0, command: 'add', groupType, groupId, buckets };
}

describe('groups', () => {
  const toGroup = (groupId: number): Action => ({ type: 'group', groupId });
  const grouped = (groupId: number) => flow({ instructions: [apply(toGroup(groupId), output(3))] });
  const down = (portNo: number): Message => {
    const hwAddr = `02:00:00:00:00:0${portNo}`;
    return { type: 'portMod', xid: 0, portNo, hwAddr, config: 1, mask: 1, advertise: 0 };
  };

  it('of type all give each bucket a copy, whose changes stay its own', () => {
    const rig = new ModelRig();
    const rewrite: Action = { type: 'setField', oxm: { field: 'eth_dst', value: '02:00:00:00:00:09' } };
    rig.take(group(GroupType.ALL, 1, [output(2), rewrite], [output(Port.LOCAL)]), grouped(1));
    const frames = rig.model
      .forward(query, 1)
      .happenings.map((one) => ('frame' in one ? one.frame.toString('hex', 0, 6) : ''));
    expect(frames).toEqual(['020000000009', '020000000001', '020000000001']);
    expect(rig.one({ type: 'group', groupId: 1 }).entries).toMatchObject([
      { refCount: 1, packetCount: 1n, bucketStats: [{ packetCount: 1n }, { packetCount: 1n }] },
    ]);
    expect(rig.one({ type: 'groupDesc' }).entries).toMatchObject([{ groupId: 1, groupType: 0 }]);
  });

  it('of type select take the first bucket with a weight, fast failover the first that lives', () => {
    const rig = new ModelRig();
    rig.take(group(GroupType.SELECT, 1, [output(2)], [output(Port.LOCAL)]), grouped(1));
    expect(rig.ports(query)).toEqual([Port.LOCAL, 3]);
    rig.take(group(GroupType.FAST_FAILOVER, 2, [output(Port.IN_PORT)], [output(2)]), grouped(2));
    expect(rig.ports(query)).toEqual([1, 3]);
    rig.take(down(1));
    expect(rig.ports(query, 3)).toEqual([2]);
  });

  it('never lead round to themselves', () => {
    const rig = new ModelRig();
    rig.take(group(GroupType.ALL, 1, [toGroup(2)]), group(GroupType.INDIRECT, 2, [toGroup(3)]));
    const loop = group(GroupType.ALL, 3, [output(1)], [toGroup(1)]);
    expect(rig.errors(loop, group(GroupType.ALL, 4, [toGroup(4)]))).toEqual(['OFPGMFC_LOOP', 'OFPGMFC_LOOP']);
    rig.take(group(GroupType.ALL, 3, [output(2)]), grouped(1));
    expect(rig.ports(query)).toEqual([2, 3]);
  });

  it('take the flows that lead to them along, and tell why', () => {
    const rig = new ModelRig();
    rig.take(
      group(GroupType.ALL, 1),
      { ...grouped(1), flags: FlowModFlag.SEND_FLOW_REM },
      flow({ priority: 1, instructions: [goto(2)] }),
    );
    const gone = rig.tell({
      type: 'groupMod',
      xid: 0,
      command: 'delete',
      groupType: 0,
      groupId: Group.ALL,
      buckets: [],
    });
    expect(gone).toMatchObject([{ type: 'flowRemoved', reason: FlowRemovedReason.GROUP_DELETE }]);
    expect(rig.flows()).toHaveLength(1);
    expect(rig.errors(grouped(1))).toEqual(['OFPBAC_BAD_OUT_GROUP']);
  });
});
