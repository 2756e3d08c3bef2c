import { describe, expect, it } from 'vitest';
import { type ExperimenterBody, experimenterMessage } from '../../../src/openflow/experimenter.ts';
import { encodeMessage, type Message } from '../../../src/openflow/message.ts';
import { FlowModFlag, PacketInReason, Port } from '../../../src/openflow/schema/constants.ts';
import { composeFrame } from '../../support/frames.ts';
import type { Forwarding } from '../../support/model-switch/forwarding.ts';
import { ModelGap } from '../../support/model-switch/model-gap.ts';
import { apply, flow, goto, ModelRig, output } from './model-rig.ts';

const query = composeFrame(Buffer.from('a question'));
const toController = apply(output(Port.CONTROLLER));

describe('a connection', () => {
  it('starts with HELLO for OpenFlow 1.3 and answers requests under their xid', () => {
    const rig = new ModelRig({ datapathId: 9n, tableCount: 20 });
    const sent: Message[] = [];
    rig.connect(sent);
    expect(sent).toEqual([{ type: 'hello', xid: 0, elements: [{ type: 'versionBitmap', bitmaps: [16] }] }]);
    expect(rig.tell({ type: 'echoRequest', xid: 5, data: Buffer.from('x') })).toEqual([
      { type: 'echoReply', xid: 5, data: Buffer.from('x') },
    ]);
    expect(rig.tell({ type: 'featuresRequest', xid: 6 })).toMatchObject([{ xid: 6, datapathId: 9n, nTables: 20 }]);
    expect(rig.tell({ type: 'barrierRequest', xid: 7 })).toEqual([{ type: 'barrierReply', xid: 7 }]);
    expect(rig.one({ type: 'portDescription' }).ports.map(({ portNo }) => portNo)).toEqual([1, 2, 3, Port.LOCAL]);
    expect(rig.one({ type: 'desc' }).mfrDesc).toBe('model switch');
  });

  it('keeps the fragment mode that it knows, and refuses the others', () => {
    const rig = new ModelRig({ fragmentModes: [0, 3] });
    const set = (flags: number): Message => ({ type: 'setConfig', xid: 0, flags, missSendLen: 0xffff });
    expect(rig.errors(set(3), set(1), set(2))).toEqual([undefined, 'OFPSCFC_BAD_FLAGS', undefined]);
    expect(rig.tell({ type: 'getConfigRequest', xid: 1 })).toMatchObject([{ flags: 3, missSendLen: 0xffff }]);
  });

  it('puts the first 64 octets of what it refuses into the ERROR', () => {
    const rig = new ModelRig();
    const refused = { ...flow({ tableId: 2, instructions: [goto(1)] }), xid: 77 };
    const [error] = rig.tell(refused);
    expect(error).toMatchObject({ type: 'error', xid: 77, data: encodeMessage(refused).subarray(0, 64) });
    expect(
      rig.errors({ type: 'experimenter', xid: 1, experimenter: 5, experimenterType: 1, data: Buffer.alloc(0) }),
    ).toEqual(['OFPBRC_BAD_EXPERIMENTER']);
  });

  it('configures ports, tells of it, and throws at what the model does not have', () => {
    const rig = new ModelRig();
    rig.take(flow({ instructions: [apply(output(2), output(3))] }));
    const { hwAddr } = rig.one({ type: 'portDescription' }).ports[1]!;
    const down: Message = { type: 'portMod', xid: 0, portNo: 2, hwAddr, config: 1, mask: 1, advertise: 0 };
    expect(rig.errors({ ...down, portNo: 9 }, { ...down, hwAddr: '02:00:00:00:00:99' })).toEqual([
      'OFPPMFC_BAD_PORT',
      'OFPPMFC_BAD_HW_ADDR',
    ]);
    expect(rig.tell(down)).toMatchObject([{ type: 'portStatus', port: { portNo: 2, config: 1 } }]);
    expect(rig.ports(query)).toEqual([3]);
    expect(rig.ports(query, 2)).toEqual([]);
    expect(() => rig.ask({ type: 'portStats', portNo: 1 })).toThrow(ModelGap);
    expect(() => rig.tell(flow({ instructions: [apply({ type: 'popMpls', etherType: 0x800 })] }))).toThrow(ModelGap);
  });

  it('carries out a packet_out, with the tables where it says so', () => {
    const out: Forwarding[] = [];
    const rig = new ModelRig({ packetOut: (forwarding) => out.push(forwarding) });
    rig.take(flow({ match: [{ field: 'in_port', value: 2 }], instructions: [apply(output(3))] }));
    const send = { type: 'packetOut', xid: 0, bufferId: 0xffffffff, inPort: 2, data: query } as const;
    rig.take({ ...send, actions: [output(1), output(Port.TABLE)] });
    expect(out.map(({ happenings }) => happenings)).toEqual([
      [
        { kind: 'output', port: 1, frame: query },
        { kind: 'output', port: 3, frame: query },
      ],
    ]);
    expect(rig.errors({ ...send, bufferId: 4, actions: [] })).toEqual(['OFPBRC_BUFFER_UNKNOWN']);
  });
});

describe('roles', () => {
  it('a new master demotes the old one; a slave changes nothing and hears little; a stale generation is refused', () => {
    const rig = new ModelRig();
    const otherSent: Message[] = [];
    const other = rig.connect(otherSent);
    const role = (wanted: 'master' | 'slave' | 'noChange', generationId: bigint): Message => {
      return { type: 'roleRequest', xid: 3, role: wanted, generationId };
    };
    expect(rig.tell(role('noChange', 0n))).toMatchObject([{ role: 'equal', generationId: 0xffffffffffffffffn }]);
    expect(rig.tell(role('master', 0xffffffffffffffffn))).toMatchObject([{ role: 'master' }]);
    rig.take(flow({ instructions: [toController], flags: FlowModFlag.SEND_FLOW_REM }));
    other.receive(role('master', 1n));
    expect([rig.connection.role, other.role]).toEqual(['slave', 'master']);
    expect(rig.errors(flow(), role('master', 0n))).toEqual(['OFPBRC_IS_SLAVE', 'OFPRRFC_STALE']);
    rig.sent.length = 0;
    otherSent.length = 0;
    rig.model.forward(query, 1);
    other.receive(flow({ command: 'delete' }));
    expect(otherSent.map(({ type }) => type)).toEqual(['packetIn', 'flowRemoved']);
    expect(rig.sent).toEqual([]);
  });

  it('each controller says what it wants to be told in each role', () => {
    const rig = new ModelRig();
    const masks = {
      packetInMask: 1 << PacketInReason.NO_MATCH,
      packetInMaskSlave: 1 << PacketInReason.ACTION,
      portStatusMask: 0,
      portStatusMaskSlave: 0,
      flowRemovedMask: 0,
      flowRemovedMaskSlave: 0,
    };
    rig.take({ type: 'setAsync', xid: 0, ...masks });
    expect(rig.tell({ type: 'getAsyncRequest', xid: 4 })).toEqual([{ type: 'getAsyncReply', xid: 4, ...masks }]);
    rig.take(flow({ priority: 1, instructions: [toController] }));
    rig.sent.length = 0;
    rig.model.forward(query, 1);
    expect(rig.sent).toEqual([]);
    rig.take({ type: 'roleRequest', xid: 0, role: 'slave', generationId: 1n });
    rig.sent.length = 0;
    rig.model.forward(query, 1);
    expect(rig.sent.map(({ type }) => type)).toEqual(['packetIn']);
  });
});

type Control = Extract<ExperimenterBody, { readonly type: 'bundleControl' }>['control'];

describe('bundles', () => {
  const control = (wanted: Control) =>
    experimenterMessage(1, { type: 'bundleControl', bundleId: 4, control: wanted, flags: 3, properties: [] });
  const add = (message: Message) =>
    experimenterMessage(message.xid, { type: 'bundleAdd', bundleId: 4, flags: 3, message, properties: [] });

  it('change nothing until they are committed, and then everything', () => {
    const rig = new ModelRig();
    rig.take(flow({ flags: FlowModFlag.SEND_FLOW_REM }));
    expect(rig.tell(control('openRequest'))).toEqual([control('openReply')]);
    rig.take(add(flow({ command: 'delete' })), add(flow({ priority: 2 })), add(flow({ priority: 3 })));
    expect(rig.tell(control('closeRequest'))).toEqual([control('closeReply')]);
    expect(rig.flows().map(({ priority }) => priority)).toEqual([0]);
    expect(rig.tell(control('commitRequest'))).toMatchObject([{ type: 'flowRemoved' }, control('commitReply')]);
    expect(rig.flows().map(({ priority }) => priority)).toEqual([2, 3]);
  });

  it('with one bad message change nothing: its error comes under its xid, then that of the commit', () => {
    const rig = new ModelRig({ tableCapacity: 2 });
    rig.take(flow({ flags: FlowModFlag.SEND_FLOW_REM, hardTimeout: 5 }));
    rig.take(control('openRequest'), add(flow({ command: 'delete' })));
    for (const priority of [1, 2, 3]) rig.take(add({ ...flow({ priority }), xid: 100 + priority }));
    const told = rig.tell(control('commitRequest'));
    expect(told.map(({ type, xid }) => [type, xid])).toEqual([
      ['error', 103],
      ['error', 1],
    ]);
    expect(told).toMatchObject([
      { errorType: 5, code: 1 },
      { experimenter: 0x4f4e4600, code: 2313 },
    ]);
    expect(rig.flows().map(({ priority }) => priority)).toEqual([0]);
    rig.clock.advance(5000);
    expect(rig.flows()).toEqual([]);
    expect(rig.errors(control('commitRequest'))).toEqual(['OFPBFC_BAD_ID']);
  });

  it('take no meters; a switch without bundles knows no such experimenter', () => {
    const meter: Message = { type: 'meterMod', xid: 0, command: 'delete', flags: 0, meterId: 1, bands: [] };
    expect(new ModelRig().errors(control('openRequest'), add(meter))).toEqual([undefined, 'OFPBFC_MSG_UNSUP']);
    expect(new ModelRig({ bundles: false }).errors(control('openRequest'))).toEqual(['OFPBRC_BAD_EXPERIMENTER']);
  });
});
