import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isIpv4 } from '../../../src/core/address.ts';
import type { Oxm } from '../../../src/openflow/oxm.ts';
import type { Action } from '../../../src/openflow/schema/actions.ts';
import { FragmentBit, FragmentFlag, PacketInReason, Port } from '../../../src/openflow/schema/constants.ts';
import { FrameView } from '../../../src/packet/frame.ts';
import { composeFrame } from '../../support/frames.ts';
import { readFrameFields } from '../../support/model-switch/frame-fields.ts';
import { fieldNumber } from '../../support/model-switch/masked-field.ts';
import { ModelGap } from '../../support/model-switch/model-gap.ts';
import { randomArrival } from '../../support/model-switch/random-frames.ts';
import { apply, flow, goto, ModelRig, output, write } from './model-rig.ts';

const query = composeFrame(Buffer.from('a question'));
const dns: readonly Oxm[] = [
  { field: 'eth_type', value: 0x0800 },
  { field: 'ip_proto', value: 17 },
  { field: 'udp_dst', value: 53 },
];
const toController = (maxLength: number): Action => ({ type: 'output', port: Port.CONTROLLER, maxLength });

describe('a packet', () => {
  it('takes the entry of the highest priority in each table and names those that it passed', () => {
    const rig = new ModelRig();
    rig.take(
      flow({ priority: 1, cookie: 1n }),
      flow({ priority: 5, cookie: 2n, match: dns, instructions: [goto(2)] }),
      flow({ priority: 9, cookie: 3n, match: [{ field: 'in_port', value: 2 }] }),
      flow({ tableId: 2, cookie: 4n, instructions: [apply(output(3))] }),
    );
    expect(rig.model.forward(query, 1)).toEqual({
      happenings: [{ kind: 'output', port: 3, frame: query }],
      passed: [
        { tableId: 0, priority: 5, cookie: 2n },
        { tableId: 2, priority: 0, cookie: 4n },
      ],
      missedIn: undefined,
    });
    rig.take(flow({ command: 'delete', tableId: 2 }));
    expect(rig.model.forward(query, 1)).toMatchObject({ happenings: [], missedIn: 2 });
  });

  it('goes back out of its port by IN_PORT only; FLOOD and NORMAL leave that port out', () => {
    const rig = new ModelRig();
    rig.take(flow({ instructions: [apply(output(1), output(Port.IN_PORT), output(Port.FLOOD), output(9))] }));
    expect(rig.ports(query)).toEqual([1, 2, 3, Port.LOCAL]);
    rig.take(flow({ instructions: [apply(output(Port.NORMAL))] }));
    expect(rig.model.forward(query, 1).happenings).toEqual([{ kind: 'normal', frame: query }]);
  });

  it('shows metadata to later tables and to the controller', () => {
    const rig = new ModelRig();
    rig.take(
      flow({ instructions: [{ type: 'writeMetadata', metadata: 0x1ffn, metadataMask: 0xf0n }, goto(1)] }),
      flow({
        tableId: 1,
        cookie: 6n,
        match: [{ field: 'metadata', value: 0xf0n, mask: 0xffn }],
        instructions: [apply(toController(20))],
      }),
    );
    rig.sent.length = 0;
    rig.model.forward(query, 2);
    expect(rig.sent).toEqual([
      {
        type: 'packetIn',
        xid: 0,
        bufferId: 0xffffffff,
        totalLen: query.length,
        reason: PacketInReason.ACTION,
        tableId: 1,
        cookie: 6n,
        match: [
          { field: 'in_port', value: 2 },
          { field: 'metadata', value: 0xf0n },
        ],
        data: query.subarray(0, 20),
      },
    ]);
  });

  it('is sent to the controller as NO_MATCH by a table-miss entry, as INVALID_TTL when its time is over', () => {
    const rig = new ModelRig();
    const reasons = () =>
      rig.model.forward(query, 1).happenings.map((one) => (one.kind === 'controller' ? one.packetIn.reason : one.kind));
    rig.take(flow({ instructions: [apply(toController(0xffff))] }));
    expect(reasons()).toEqual([PacketInReason.NO_MATCH]);
    const actions: Action[] = [{ type: 'setNwTtl', nwTtl: 1 }, output(3), { type: 'decNwTtl' }, output(2)];
    rig.take(flow({ priority: 1, match: dns.slice(0, 1), instructions: [apply(...actions), write(output(2))] }));
    expect(reasons()).toEqual(['output', PacketInReason.INVALID_TTL]);
  });

  it('whose time is over in a later table has the action set of the earlier ones carried out all the same', () => {
    const rig = new ModelRig();
    const end: Action[] = [{ type: 'setNwTtl', nwTtl: 1 }, { type: 'decNwTtl' }, output(3)];
    rig.take(
      flow({ match: dns.slice(0, 1), instructions: [write(output(2)), goto(1)] }),
      flow({ tableId: 1, match: dns.slice(0, 1), instructions: [apply(...end), goto(2)] }),
      flow({ tableId: 2, instructions: [apply(output(3))] }),
    );
    expect(rig.ports(query)).toEqual([2]);
  });

  it('carries out its action set in the order of the set, the last of a kind, and what was cleared not at all', () => {
    const rig = new ModelRig();
    const mac = (last: string): Action => ({
      type: 'setField',
      oxm: { field: 'eth_dst', value: `02:00:00:00:00:${last}` },
    });
    rig.take(
      flow({ instructions: [write(output(2), mac('aa'), mac('bb')), goto(1)] }),
      flow({ tableId: 1, instructions: [write(output(3))] }),
    );
    const [only, ...others] = rig.model.forward(query, 1).happenings;
    expect(others).toEqual([]);
    expect(only).toMatchObject({ port: 3 });
    expect(only?.kind === 'output' && only.frame.toString('hex', 0, 6)).toBe('0200000000bb');
    rig.take(flow({ tableId: 1, instructions: [{ type: 'clearActions' }] }));
    expect(rig.ports(query)).toEqual([]);
  });

  it('gets a tag and loses it; a second tag the model does not have', () => {
    const rig = new ModelRig();
    const push: Action = { type: 'pushVlan', etherType: 0x8100 };
    const tag: Action = { type: 'setField', oxm: { field: 'vlan_vid', value: 0x1000 | 7 } };
    rig.take(flow({ instructions: [apply(push, tag, output(2), { type: 'popVlan' }, output(3))] }));
    const frames = rig.model.forward(query, 1).happenings.map((one) => ('frame' in one ? one.frame : undefined));
    expect(frames[0]?.toString('hex', 12, 18)).toBe('810000070800');
    expect(frames[1]).toEqual(query);
    expect(() => rig.model.forward(composeFrame(Buffer.alloc(4), { tags: [0x8100] }), 1)).toThrow(ModelGap);
  });
});

describe('fragments', () => {
  const first = composeFrame(Buffer.alloc(24), { fragmentField: 0x2000 });
  const later = composeFrame(Buffer.alloc(24), { fragmentField: 3 });
  const later6: Oxm = { field: 'nw_frag', value: FragmentBit.ANY | FragmentBit.LATER };
  const rules = [
    flow({ priority: 2, match: dns, instructions: [apply(output(2))] }),
    flow({ priority: 1, match: [dns[0]!, later6], instructions: [apply(output(3))] }),
  ];
  const inMode = (flags: number) => {
    const rig = new ModelRig();
    rig.take({ type: 'setConfig', xid: 0, flags, missSendLen: 0 }, ...rules);
    return [query, first, later].map((frame) => rig.ports(frame));
  };

  it('show no ports in mode normal, the first its own in nx-match, and nothing of them passes in drop', () => {
    expect(inMode(FragmentFlag.NORMAL)).toEqual([[2], [], [3]]);
    expect(inMode(FragmentFlag.NX_MATCH)).toEqual([[2], [2], [3]]);
    expect(inMode(FragmentFlag.DROP)).toEqual([[2], [], []]);
  });
});

describe('what the model reads in a frame', () => {
  const PORTS: Readonly<Record<number, 'udp' | 'tcp'>> = { 6: 'tcp', 17: 'udp' };

  it('is what src/packet reads in it', () => {
    const view = new FrameView();
    let read = 0;
    const property = fc.property(randomArrival, ({ frame }) => {
      const { numbers } = readFrameFields(frame);
      if (view.parse(frame, 0, frame.length) !== undefined) return;
      read++;
      const version = isIpv4(view.source) ? 'ipv4' : 'ipv6';
      const address = (side: 'src' | 'dst', value: unknown) =>
        fieldNumber({ field: `${version}_${side}`, value } as never);
      expect(numbers.get(`${version}_src`)).toBe(address('src', view.source));
      expect(numbers.get(`${version}_dst`)).toBe(address('dst', view.destination));
      expect(numbers.get('nw_frag')).toBe({ none: 0n, first: 1n, later: 3n }[view.fragment]);
      expect(numbers.has('vlan_vid')).toBe(view.vlanTags === 1);
      const name = view.fragment === 'later' ? undefined : PORTS[view.protocol];
      if (name === undefined) return;
      expect(numbers.get(`${name}_src`)).toBe(BigInt(view.sourcePort));
      expect(numbers.get(`${name}_dst`)).toBe(BigInt(view.destinationPort));
    });
    fc.assert(property, { numRuns: 2000 });
    expect(read).toBeGreaterThan(1000);
  });
});
