import { describe, expect, it } from 'vitest';
import type { Refused } from '../../../src/controller/conversation.ts';
import { cookieOf, PIPELINE } from '../../../src/controller/pipeline.ts';
import { refusalOf, SLICE, Transaction } from '../../../src/controller/transaction.ts';
import { FLOW_MOD_DEFAULTS, type FlowMod } from '../../../src/openflow/flow-mod.ts';
import { decodeMessage, type Message, type MessageOf } from '../../../src/openflow/message.ts';
import { type ErrorCodeName, errorNumbers } from '../../../src/openflow/schema/errors.ts';
import { ScriptedPeer } from '../../support/scripted-peer.ts';

const CONTROLS = ['open', 'open reply', 'close', 'close reply', 'commit', 'commit reply', 'discard'];

/** Flow_mods with priorities 1, 2, 3 … */
const mods = (count: number): readonly FlowMod[] =>
  Array.from({ length: count }, (_, index) => ({ ...FLOW_MOD_DEFAULTS, priority: index + 1, cookie: cookieOf(1, 48) }));

/** The words of ONF extension 230: number of the bundle, `open` and so on, or the flow_mod that is added. */
function readBundle(message: MessageOf<'experimenter'>) {
  const bundle = message.data.readUInt32BE(0);
  const flags = message.data.readUInt16BE(6);
  if (message.experimenterType === 2300) return { bundle, flags, what: CONTROLS[message.data.readUInt16BE(4)]! };
  const added = decodeMessage(message.data.subarray(8));
  if (!added.ok || added.message.type !== 'flowMod') throw new Error('no flow_mod was added');
  return { bundle, flags, what: `add ${added.message.priority}`, innerXid: added.message.xid };
}

/** What was said, in short. */
const short = (message: Message): string => {
  if (message.type === 'experimenter') return `${readBundle(message).what} in ${readBundle(message).bundle}`;
  return message.type === 'flowMod' ? `flowMod ${message.priority}` : message.type;
};

function error(xid: number, name: ErrorCodeName): Message {
  const { errorType, errorCode } = errorNumbers(name);
  return { type: 'error', xid, errorType, code: errorCode, data: Buffer.alloc(0) };
}

type Refusals = Readonly<Record<string, ErrorCodeName>>;

/** A switch that refuses what `refusals` name in short, each with one ERROR. */
function setUp(refusals: Refusals = {}, firstXid = 1) {
  const peer = new ScriptedPeer((message) => {
    const refused = refusals[short(message)];
    if (refused !== undefined) return [error(message.xid, refused)];
    if (message.type === 'barrierRequest') return [{ type: 'barrierReply', xid: message.xid }];
    return message.type === 'experimenter' && message.experimenterType === 2300 ? [message] : [];
  }, firstXid);
  return { peer, said: () => peer.said.map(short), transaction: new Transaction(peer.conversation) };
}

const prioritiesOf = (refused: readonly Refused<FlowMod>[]) => refused.map(({ message }) => message.priority);

describe('a transaction in a bundle', () => {
  it('is opened, filled, shown by a barrier to be whole, and committed', async () => {
    const { said, transaction } = setUp();
    expect(await transaction.commit(mods(3))).toEqual([]);
    const adds = ['add 1 in 1', 'add 2 in 1', 'add 3 in 1'];
    expect(said()).toEqual(['open in 1', ...adds, 'barrierRequest', 'commit in 1']);
    expect(transaction.hasBundles).toBe(true);
  });

  it('is atomic and ordered in each of its messages, and an added one has the xid of the one around it', async () => {
    const { peer, transaction } = setUp();
    await transaction.commit(mods(3));
    const bundles = peer.said.filter((message) => message.type === 'experimenter');
    expect(bundles.map((message) => readBundle(message).flags)).toEqual([3, 3, 3, 3, 3]);
    const adds = bundles.filter(({ experimenterType }) => experimenterType === 2301);
    expect(adds.map((message) => readBundle(message).innerXid)).toEqual(adds.map(({ xid }) => xid));
  });

  it('has a number of its own', async () => {
    const { said, transaction } = setUp();
    await transaction.commit(mods(1));
    await transaction.commit(mods(1));
    expect(said().filter((one) => one.startsWith('open'))).toEqual(['open in 1', 'open in 2']);
  });

  it('of nothing is not said at all', async () => {
    const { said, transaction } = setUp();
    expect(await transaction.commit([])).toEqual([]);
    expect(said()).toEqual([]);
  });

  it('is discarded when the switch refuses one addition, which is told', async () => {
    const { said, transaction } = setUp({ 'add 2 in 1': 'OFPBMC_BAD_PREREQ' });
    expect(prioritiesOf(await transaction.commit(mods(3)))).toEqual([2]);
    expect(said().slice(-2)).toEqual(['barrierRequest', 'discard in 1']);
    expect(transaction.hasBundles).toBe(true);
  });

  it('that cannot even be discarded still tells what was refused', async () => {
    const { transaction } = setUp({ 'add 2 in 1': 'OFPBMC_BAD_PREREQ', 'discard in 1': 'OFPBRC_BAD_EXPERIMENTER' });
    expect(prioritiesOf(await transaction.commit(mods(3)))).toEqual([2]);
  });

  it('refused as a whole, without a word which change it was, is an error', async () => {
    const { transaction } = setUp({ 'commit in 1': 'OFPFMFC_TABLE_FULL' });
    const refused = { code: 'openflow-request', message: 'experimenter: the switch answered OFPFMFC_TABLE_FULL' };
    await expect(transaction.commit(mods(2))).rejects.toMatchObject(refused);
  });

  it('refused at the commit with a word about one change leads back to that', async () => {
    let ofSecond = 0;
    const peer = new ScriptedPeer((message) => {
      if (short(message) === 'add 2 in 1') ofSecond = message.xid;
      if (short(message) === 'commit in 1')
        return [error(ofSecond, 'OFPFMFC_TABLE_FULL'), error(message.xid, 'OFPFMFC_UNKNOWN')];
      if (message.type === 'barrierRequest') return [{ type: 'barrierReply', xid: message.xid }];
      return message.type === 'experimenter' && message.experimenterType === 2300 ? [message] : [];
    });
    const refused = await new Transaction(peer.conversation).commit(mods(3));
    expect(prioritiesOf(refused)).toEqual([2]);
    expect(refused[0]?.error).toMatchObject({ xid: ofSecond });
  });

  it('without an answer to its commit is an error: nobody knows what stands', async () => {
    const peer = new ScriptedPeer((message) => {
      if (message.type === 'barrierRequest') return [{ type: 'barrierReply', xid: message.xid }];
      return short(message).startsWith('open') ? [message] : [];
    });
    const late = expect(new Transaction(peer.conversation).commit(mods(2))).rejects.toMatchObject({
      code: 'openflow-request',
      message: expect.stringMatching(/no reply within 10000 ms/),
    });
    for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
    peer.clock.advance(10_000);
    await late;
    expect(peer.clock.pendingTimers).toBe(0);
  });
});

describe('a transaction where the switch has no bundles', () => {
  const NO_BUNDLES: Refusals = { 'open in 1': 'OFPBRC_BAD_EXPERIMENTER' };

  it('goes one by one, behind it a barrier, and bundles are not tried again', async () => {
    const { said, transaction } = setUp(NO_BUNDLES);
    expect(await transaction.commit(mods(2))).toEqual([]);
    expect(transaction.hasBundles).toBe(false);
    await transaction.commit(mods(1));
    const once = ['flowMod 1', 'flowMod 2', 'barrierRequest'];
    expect(said()).toEqual(['open in 1', ...once, 'flowMod 1', 'barrierRequest']);
  });

  it('tells each change that was refused; the others stand', async () => {
    const { said, transaction } = setUp({
      ...NO_BUNDLES,
      'flowMod 2': 'OFPFMFC_OVERLAP',
      'flowMod 4': 'OFPFMFC_EPERM',
    });
    expect(prioritiesOf(await transaction.commit(mods(5)))).toEqual([2, 4]);
    expect(said()).toHaveLength(1 + 5 + 1);
  });

  it('does not give up bundles for want of an answer', async () => {
    const peer = new ScriptedPeer(() => []);
    const transaction = new Transaction(peer.conversation);
    const late = expect(transaction.commit(mods(1))).rejects.toMatchObject({ code: 'openflow-request' });
    peer.clock.advance(10_000);
    await late;
    expect(transaction.hasBundles).toBe(true);
  });
});

describe('changes in order', () => {
  it('that are many go in slices with a barrier behind each, and what was refused in any of them is told', async () => {
    const { peer, transaction } = setUp({
      'flowMod 3': 'OFPFMFC_TABLE_FULL',
      [`flowMod ${SLICE + 5}`]: 'OFPFMFC_TABLE_FULL',
    });
    const told: number[] = [];
    const refused = await transaction.inOrder(mods(SLICE + 10), (done) => told.push(done));
    expect(prioritiesOf(refused)).toEqual([3, SLICE + 5]);
    expect(told).toEqual([SLICE, SLICE + 10]);
    expect(peer.said.flatMap(({ type }, index) => (type === 'barrierRequest' ? [index] : []))).toEqual([
      SLICE,
      SLICE + 11,
    ]);
  });

  it('that are all refused are told, the first thousand of a slice', async () => {
    const refusals = Object.fromEntries(
      mods(1500).map(({ priority }) => [`flowMod ${priority}`, 'OFPFMFC_TABLE_FULL']),
    );
    const { transaction } = setUp(refusals as Refusals);
    expect(await transaction.inOrder(mods(1500))).toHaveLength(1000);
  });

  it('without an answer to the barrier are an error, and an ERROR that comes later is nobody’s', async () => {
    const peer = new ScriptedPeer(() => []);
    const late = expect(new Transaction(peer.conversation).inOrder(mods(2))).rejects.toMatchObject({
      code: 'openflow-request',
      message: expect.stringMatching(/^barrierRequest: no reply/),
    });
    await new Promise((resolve) => setImmediate(resolve));
    const { xid } = peer.said[1]!;
    expect(peer.conversation.settle(error(xid, 'OFPFMFC_TABLE_FULL') as MessageOf<'error'>)).toBe(true);
    peer.clock.advance(10_000);
    await late;
    expect(peer.conversation.settle(error(xid, 'OFPFMFC_TABLE_FULL') as MessageOf<'error'>)).toBe(false);
  });
});

describe('an ERROR', () => {
  it.each([0xffffffff - 3, 0xffffffff - 1, 0xffffffff])(
    'leads back to its change where xids start again: from %d',
    async (first) => {
      const { peer, transaction } = setUp({ 'flowMod 1': 'OFPFMFC_EPERM', 'flowMod 4': 'OFPFMFC_EPERM' }, first);
      expect(prioritiesOf(await transaction.inOrder(mods(5)))).toEqual([1, 4]);
      const xids = peer.said.map(({ xid }) => xid);
      expect(xids).not.toContain(0);
      expect(new Set(xids).size).toBe(6);
    },
  );

  it('with xid 0, which no message of ours has, is about none of them', async () => {
    const peer = new ScriptedPeer((message) => {
      if (message.type === 'barrierRequest') return [{ type: 'barrierReply', xid: message.xid }];
      return [error(0, 'OFPFMFC_EPERM')];
    }, 0xffffffff);
    expect(await new Transaction(peer.conversation).inOrder(mods(3))).toEqual([]);
  });

  it('with an xid before or behind the changes is about none of them', async () => {
    const peer = new ScriptedPeer((message) => {
      if (message.type === 'barrierRequest') return [{ type: 'barrierReply', xid: message.xid }];
      return [error(99, 'OFPFMFC_EPERM'), error(104, 'OFPFMFC_EPERM')];
    }, 100);
    expect(await new Transaction(peer.conversation).inOrder(mods(3))).toEqual([]);
  });

  it('is told in the words of the rule that caused it', () => {
    const { errorType, errorCode } = errorNumbers('OFPBIC_BAD_TABLE_ID');
    const about = { type: 'error', xid: 1, errorType, code: errorCode, data: Buffer.alloc(0) } as const;
    const of = (rule: number) => ({ message: { ...FLOW_MOD_DEFAULTS, cookie: cookieOf(1, rule) }, error: about });
    const { allow } = PIPELINE.verdict.entries;
    expect(refusalOf([])).toBeUndefined();
    expect(refusalOf([of(allow.rule)])).toMatchObject({
      code: 'openflow-refused',
      message: 'the switch refused a flow of rule verdict.allow: OFPBIC_BAD_TABLE_ID',
    });
    expect(refusalOf([of(allow.rule), of(1), of(1)])?.message).toMatch(/rule verdict\.allow and 2 more: /);
  });
});
