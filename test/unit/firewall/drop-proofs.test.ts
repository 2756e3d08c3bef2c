import { describe, expect, it } from 'vitest';
import type { DropScope } from '../../../src/controller/flow-scope.ts';
import { cookieOf } from '../../../src/controller/pipeline.ts';
import { allowFlow, dropClientFlow, dropFlow } from '../../../src/controller/verdict-flows.ts';
import { DropProofs, type DroppedQuery } from '../../../src/firewall/drop-proofs.ts';
import type { MessageOf } from '../../../src/openflow/message.ts';
import type { FlowStats } from '../../../src/openflow/schema/multipart.ts';
import { IP_PROTOCOL } from '../../../src/packet/protocol-numbers.ts';
import { addressOf } from '../../support/store-rows.ts';
import { verdictEvent } from '../../support/verdict-events.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const SWITCH = '0000000000000001';
const [CLIENT, SERVER, OTHER] = [addressOf('192.0.2.66'), addressOf('203.0.113.66'), addressOf('203.0.113.7')];
const SCOPE: DropScope = { client: CLIENT, destination: SERVER };

type Flow = ReturnType<typeof dropFlow>;
interface Counted {
  readonly packets?: number;
  readonly seconds?: number;
}

const counters = ({ packets = 3, seconds = 5 }: Counted) => ({
  durationSec: seconds,
  durationNsec: 500_000_000,
  packetCount: BigInt(packets),
  byteCount: BigInt(packets * 70),
});
const entryOf = ({ tableId, priority, match, rule }: Flow) => ({ tableId, priority, match, cookie: cookieOf(1, rule) });
const standing = (flow: Flow, counted: Counted = {}): FlowStats => ({
  ...{ length: 0, idleTimeout: 0, hardTimeout: 60, flags: 1, instructions: flow.instructions },
  ...entryOf(flow),
  ...counters(counted),
});
const removed = (flow: Flow, counted: Counted = {}): MessageOf<'flowRemoved'> => ({
  ...{ type: 'flowRemoved' as const, xid: 0, reason: 1, idleTimeout: 0, hardTimeout: 60 },
  ...entryOf(flow),
  ...counters(counted),
});

function rig(answer: () => Promise<readonly FlowStats[]> | undefined = async () => []) {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const proofs = new DropProofs({
    clock,
    ask: (datapathId) => {
      asked.push(datapathId);
      return answer();
    },
    groupNumber: (name) => (name === 'default' ? 1 : undefined),
  });
  const queryAt = (agoMs: number, changes: Partial<DroppedQuery> = {}): DroppedQuery =>
    verdictEvent({ atMs: clock.nowMs() - agoMs, client: CLIENT, destination: SERVER, heldMs: 0, ...changes });
  return { clock, proofs, asked, queryAt };
}

describe('proofs of a drop', () => {
  it('tell what the switch has counted so far for the flow that stands', async () => {
    const { proofs, queryAt, asked, clock } = rig(async () => [standing(dropFlow(SCOPE, 60))]);
    expect(await proofs.proofOf(queryAt(5000))).toEqual({
      isStanding: true,
      packets: 3,
      bytes: 210,
      sinceMs: clock.nowMs() - 5500,
      asOfMs: clock.nowMs(),
      flow: 'from 192.0.2.66, to 203.0.113.66',
    });
    expect(asked).toEqual([SWITCH]);
  });

  it('ask a switch once a second for the same', async () => {
    let packets = 1;
    const { proofs, queryAt, asked, clock } = rig(async () => [standing(dropFlow(SCOPE, 60), { packets: packets++ })]);
    await Promise.all([proofs.proofOf(queryAt(0)), proofs.proofOf(queryAt(0))]);
    clock.advance(999);
    expect((await proofs.proofOf(queryAt(0)))?.packets).toBe(1);
    clock.advance(1);
    expect((await proofs.proofOf(queryAt(0)))?.packets).toBe(2);
    expect(asked).toHaveLength(2);
  });

  it('wait two seconds for a switch that says nothing, and not for one that is away or goes', async () => {
    const silent = rig(() => new Promise(() => {}));
    const waiting = silent.proofs.proofOf(silent.queryAt(0));
    silent.clock.advance(2000);
    expect(await waiting).toBeUndefined();
    expect(silent.clock.pendingTimers).toBe(0);
    const away = rig(() => undefined);
    expect(await away.proofs.proofOf(away.queryAt(0))).toBeUndefined();
    const going = rig(() => Promise.reject(new Error('gone')));
    expect(await going.proofs.proofOf(going.queryAt(0))).toBeUndefined();
    expect(going.clock.pendingTimers).toBe(0);
  });

  it('tell what a flow that has ended had counted, of the time when it stood', async () => {
    const { proofs, queryAt, clock } = rig();
    proofs.flowRemoved(SWITCH, removed(dropFlow(SCOPE, 60), { packets: 1, seconds: 60 }));
    clock.advance(300_000);
    proofs.flowRemoved(SWITCH, removed(dropFlow(SCOPE, 60), { packets: 2, seconds: 60 }));
    clock.advance(10_000);
    expect(await proofs.proofOf(queryAt(340_000))).toMatchObject({ isStanding: false, packets: 1 });
    expect(await proofs.proofOf(queryAt(50_000))).toMatchObject({ isStanding: false, packets: 2 });
    expect(await proofs.proofOf(queryAt(200_000)), 'between the two').toBeUndefined();
  });

  it('are of the flow that stands now where no other is known', async () => {
    const { proofs, queryAt } = rig(async () => [standing(dropFlow(SCOPE, 60))]);
    expect(await proofs.proofOf(queryAt(3_600_000))).toMatchObject({ isStanding: true });
  });

  it('are of a flow that drops the query, and of no other', async () => {
    const matching = { ...SCOPE, group: 1, inPort: 3, mac: 0x020000000042, ipProtocol: IP_PROTOCOL.UDP };
    const others: readonly Partial<DropScope>[] = [
      { group: 2 },
      { inPort: 4 },
      { mac: 1 },
      { ipProtocol: IP_PROTOCOL.TCP },
      { destination: OTHER },
      { client: OTHER },
    ];
    for (const other of others) {
      const { proofs, queryAt } = rig(async () => [standing(dropFlow({ ...matching, ...other }, 60))]);
      expect(await proofs.proofOf(queryAt(0)), JSON.stringify(Object.keys(other))).toBeUndefined();
    }
    const { proofs, queryAt } = rig(async () => [standing(dropFlow(matching, 60))]);
    expect((await proofs.proofOf(queryAt(0)))?.flow).toBe(
      'from 192.0.2.66, to 203.0.113.66, group 1, port 3, MAC 02:00:00:00:00:42, UDP',
    );
    expect(await proofs.proofOf(queryAt(0, { group: 'gone' })), 'of a group that is gone').toBeUndefined();
  });

  it('are of the flow for all of a client, too', async () => {
    const { proofs, queryAt } = rig(async () => [standing(dropClientFlow({ client: CLIENT, group: 1 }, 60))]);
    expect((await proofs.proofOf(queryAt(0)))?.flow).toBe('from 192.0.2.66, to all that is not allowed, group 1');
    const ended = rig();
    ended.proofs.flowRemoved(SWITCH, removed(dropClientFlow({ client: CLIENT }, 60), { packets: 9 }));
    expect(await ended.proofs.proofOf(ended.queryAt(0))).toMatchObject({ packets: 9, isStanding: false });
  });

  it('take no allow flow for one that drops, nor one of another switch', async () => {
    const { proofs, queryAt } = rig(async () => [standing(allowFlow(SCOPE, 60))]);
    proofs.flowRemoved(SWITCH, removed(allowFlow(SCOPE, 60)));
    proofs.flowRemoved('0000000000000002', removed(dropFlow(SCOPE, 60)));
    expect(await proofs.proofOf(queryAt(0))).toBeUndefined();
  });

  it('are remembered of 20,000 flows that have ended, of one client and destination the last four', async () => {
    const { proofs, queryAt, clock } = rig();
    proofs.flowRemoved(SWITCH, removed(dropFlow(SCOPE, 60), { packets: 1 }));
    for (let count = 2; count <= 5; count++) {
      clock.advance(100_000);
      proofs.flowRemoved(SWITCH, removed(dropFlow(SCOPE, 60), { packets: count }));
    }
    expect(await proofs.proofOf(queryAt(400_000)), 'the first').toBeUndefined();
    expect(await proofs.proofOf(queryAt(300_000)), 'the second').toMatchObject({ packets: 2 });
    for (let index = 0; index < 20_000; index++) {
      const destination = addressOf(`203.${index >> 8}.${index & 0xff}.1`);
      proofs.flowRemoved(SWITCH, removed(dropFlow({ client: CLIENT, destination }, 60)));
    }
    clock.advance(2000);
    expect(await proofs.proofOf(queryAt(302_000)), 'pushed out').toBeUndefined();
    expect(await proofs.proofOf(queryAt(2000, { destination: addressOf('203.0.0.1') }))).toMatchObject({ packets: 3 });
  });
});
