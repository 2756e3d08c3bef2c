import { describe, expect, it } from 'vitest';
import { FlowModFlag, FlowRemovedReason, MULTIPART_MORE, Port, Table } from '../../../src/openflow/schema/constants.ts';
import { composeFrame } from '../../support/frames.ts';
import { apply, flow, flowRequest, goto, ModelRig, output, write } from './model-rig.ts';

const query = composeFrame(Buffer.from('a question'));
const fromPort = (value: number) => [{ field: 'in_port', value }] as const;
const { SEND_FLOW_REM, RESET_COUNTS, NO_PKT_COUNTS, NO_BYT_COUNTS } = FlowModFlag;

describe('ADD', () => {
  it('of a match and priority that stand replaces instructions, cookie and timers, and keeps the counts', () => {
    const rig = new ModelRig();
    rig.take(flow({ cookie: 1n, hardTimeout: 10, flags: SEND_FLOW_REM, instructions: [apply(output(2))] }));
    rig.model.forward(query, 1);
    rig.clock.advance(9000);
    expect(rig.tell(flow({ cookie: 2n, hardTimeout: 10, instructions: [apply(output(3))] }))).toEqual([]);
    const [only, ...others] = rig.flows();
    expect(others).toEqual([]);
    expect(only).toMatchObject({ cookie: 2n, packetCount: 1n, durationSec: 0 });
    expect(rig.ports(query)).toEqual([3]);
    rig.clock.advance(9999);
    expect(rig.flows()).toHaveLength(1);
    rig.clock.advance(1);
    expect(rig.flows()).toEqual([]);
  });

  it('with RESET_COUNTS sets them to 0; others do not count at all', () => {
    const rig = new ModelRig();
    rig.take(flow());
    rig.model.forward(query, 1);
    rig.take(flow({ flags: RESET_COUNTS }));
    expect(rig.flows()).toMatchObject([{ packetCount: 0n, byteCount: 0n }]);
    rig.model.forward(query, 1);
    expect(rig.flows()).toMatchObject([{ packetCount: 1n, byteCount: BigInt(query.length) }]);
    rig.take(flow({ priority: 9, flags: NO_PKT_COUNTS | NO_BYT_COUNTS }));
    rig.model.forward(query, 1);
    expect(rig.flows().find(({ priority }) => priority === 9)).toMatchObject({ packetCount: 0n, byteCount: 0n });
  });

  it('finds a full table full, but for what it replaces', () => {
    const rig = new ModelRig({ tableCapacity: 2 });
    const refused = rig.errors(
      flow(),
      flow({ priority: 1 }),
      flow({ priority: 2 }),
      flow({ cookie: 5n }),
      flow({ tableId: 1 }),
    );
    expect(refused).toEqual([undefined, undefined, 'OFPFMFC_TABLE_FULL', undefined, undefined]);
  });
});

describe('MODIFY', () => {
  it('changes instructions alone, of every narrower match, and adds nothing', () => {
    const rig = new ModelRig();
    rig.take(flow({ priority: 3, cookie: 1n, hardTimeout: 10, match: fromPort(1) }), flow({ priority: 4, cookie: 3n }));
    rig.clock.advance(4000);
    rig.take(
      flow({ command: 'modify', cookie: 9n, hardTimeout: 99, match: fromPort(1), instructions: [apply(output(2))] }),
    );
    rig.take(flow({ command: 'modify', match: fromPort(2), instructions: [apply(output(2))] }));
    expect(rig.flows()).toMatchObject([
      { priority: 3, cookie: 1n, hardTimeout: 10, durationSec: 4, instructions: [apply(output(2))] },
      { priority: 4, cookie: 3n, instructions: [] },
    ]);
  });

  it('strictly means one match and priority; a cookie mask leaves out entries of other cookies', () => {
    const rig = new ModelRig();
    rig.take(flow({ cookie: 1n }), flow({ priority: 1, cookie: 2n }), flow({ priority: 2, cookie: 3n }));
    const changed = () => rig.flows().filter(({ instructions }) => instructions.length > 0);
    rig.take(flow({ command: 'modifyStrict', priority: 1, cookie: 1n, cookieMask: 3n, instructions: [goto(1)] }));
    expect(changed()).toEqual([]);
    rig.take(flow({ command: 'modifyStrict', priority: 1, instructions: [goto(1)] }));
    expect(changed().map(({ priority }) => priority)).toEqual([1]);
    rig.take(flow({ command: 'modify', cookie: 1n, cookieMask: 1n, instructions: [goto(1)] }));
    expect(changed().map(({ priority }) => priority)).toEqual([0, 1, 2]);
  });
});

describe('DELETE', () => {
  const entries = [
    flow({ cookie: 0x10n, match: fromPort(1), instructions: [apply(output(2))] }),
    flow({ cookie: 0x11n, match: fromPort(2), instructions: [write(output(3))] }),
    flow({ cookie: 0x20n, tableId: 4, flags: SEND_FLOW_REM }),
  ];
  const left = (fields: object) => {
    const rig = new ModelRig();
    rig.take(...entries, flow({ command: 'delete', tableId: Table.ALL, ...fields }));
    return rig.flows().map(({ cookie }) => cookie);
  };

  it('means entries of a table, match, port or cookie, or all there are', () => {
    expect(left({})).toEqual([]);
    expect(left({ tableId: 0 })).toEqual([0x20n]);
    expect(left({ match: fromPort(1) })).toEqual([0x11n, 0x20n]);
    expect(left({ outPort: 3 })).toEqual([0x10n, 0x20n]);
    expect(left({ cookie: 0x10n, cookieMask: 0xf0n })).toEqual([0x20n]);
    expect(left({ command: 'deleteStrict', match: fromPort(1) })).toEqual([0x11n, 0x20n]);
    expect(left({ command: 'deleteStrict', priority: 1 })).toEqual([0x10n, 0x11n, 0x20n]);
  });

  it('tells those who asked, ahead of its barrier', () => {
    const rig = new ModelRig();
    rig.take(...entries);
    rig.clock.advance(1500);
    const told = rig.tell(flow({ command: 'delete', tableId: Table.ALL }));
    expect(told).toMatchObject([
      {
        type: 'flowRemoved',
        reason: FlowRemovedReason.DELETE,
        tableId: 4,
        cookie: 0x20n,
        durationSec: 1,
        durationNsec: 5e8,
      },
    ]);
  });
});

describe('timeouts', () => {
  it('hard ones end an entry whatever it carries, idle ones one that nothing uses', () => {
    const rig = new ModelRig();
    rig.take(flow({ priority: 1, flags: SEND_FLOW_REM, hardTimeout: 5, match: fromPort(2) }));
    rig.take(flow({ priority: 2, flags: SEND_FLOW_REM, idleTimeout: 3, match: fromPort(1) }));
    rig.sent.length = 0;
    for (let seconds = 2; seconds <= 6; seconds += 2) {
      rig.clock.advance(2000);
      rig.model.forward(query, 1);
    }
    expect(rig.ofType('flowRemoved')).toMatchObject([
      { reason: FlowRemovedReason.HARD_TIMEOUT, priority: 1, durationSec: 5 },
    ]);
    rig.clock.advance(2999);
    expect(rig.ofType('flowRemoved')).toHaveLength(1);
    rig.clock.advance(1);
    expect(rig.ofType('flowRemoved')).toMatchObject([
      { priority: 1 },
      { reason: FlowRemovedReason.IDLE_TIMEOUT, priority: 2, packetCount: 3n, durationSec: 9 },
    ]);
  });

  it('leave no timer behind when the last entry has gone', () => {
    const rig = new ModelRig();
    rig.take(flow({ hardTimeout: 5 }), flow({ priority: 1, hardTimeout: 9 }), flow({ priority: 2, idleTimeout: 1 }));
    rig.clock.advance(10_000);
    expect(rig.clock.pendingTimers).toBe(0);
  });
});

describe('flow replies', () => {
  it('come in parts, all but the last with MORE, and are empty in one', () => {
    const rig = new ModelRig({ entriesPerPart: 2 });
    expect(rig.ask(flowRequest())).toMatchObject([{ flags: 0, xid: 7, body: { type: 'flow', entries: [] } }]);
    rig.take(...[0, 1, 2, 3, 4].map((priority) => flow({ priority })));
    const parts = rig.ask(flowRequest());
    expect(parts.map(({ flags }) => flags)).toEqual([MULTIPART_MORE, MULTIPART_MORE, 0]);
    const priorities = parts.map(({ body }) =>
      body.type === 'flow' ? body.entries.map((entry) => entry.priority) : [],
    );
    expect(priorities).toEqual([[0, 1], [2, 3], [4]]);
  });

  it('are filtered by what the request names; the aggregate sums it up', () => {
    const rig = new ModelRig();
    rig.take(
      flow({ cookie: 1n, match: fromPort(1), instructions: [goto(3)] }),
      flow({ cookie: 2n, tableId: 3, instructions: [apply(output(Port.IN_PORT))] }),
    );
    rig.model.forward(query, 1);
    expect(rig.one(flowRequest({ tableId: 3 })).entries).toMatchObject([{ cookie: 2n }]);
    expect(rig.one(flowRequest({ cookie: 1n, cookieMask: 3n })).entries).toMatchObject([{ cookie: 1n }]);
    expect(rig.one(flowRequest({ outPort: Port.IN_PORT })).entries).toMatchObject([{ cookie: 2n }]);
    expect(rig.one({ ...flowRequest(), type: 'aggregate' })).toMatchObject({ flowCount: 2, packetCount: 2n });
    const { entries } = rig.one({ type: 'table' });
    expect(entries[3]).toEqual({ tableId: 3, activeCount: 1, lookupCount: 1n, matchedCount: 1n });
  });
});
