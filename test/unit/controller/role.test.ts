import { describe, expect, it } from 'vitest';
import { ASYNC_MESSAGES, readRole, takeRole } from '../../../src/controller/role.ts';
import { encodeMessage, type Message } from '../../../src/openflow/message.ts';
import { errorNumbers } from '../../../src/openflow/schema/errors.ts';
import { ScriptedPeer } from '../../support/scripted-peer.ts';

const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/** A switch that has been told of `known` last: it refuses what is older, by the circle of 64 bits (§6.3.4). */
function switchThatKnows(known: bigint): ScriptedPeer {
  let role = 'equal';
  let generationId = known;
  return new ScriptedPeer((message) => {
    if (message.type !== 'roleRequest') return [];
    const isElection = message.role === 'master' || message.role === 'slave';
    const isStale =
      isElection && generationId !== ALL_ONES && BigInt.asIntN(64, message.generationId - generationId) < 0n;
    if (isStale) return [refusal(message.xid, 'OFPRRFC_STALE')];
    if (isElection) generationId = message.generationId;
    if (message.role !== 'noChange') role = message.role;
    return [{ type: 'roleReply', xid: message.xid, role, generationId } as Message];
  });
}

function refusal(xid: number, name: Parameters<typeof errorNumbers>[0]): Message {
  const { errorType, errorCode } = errorNumbers(name);
  return { type: 'error', xid, errorType, code: errorCode, data: Buffer.alloc(0) };
}

describe('takeRole', () => {
  it.each(['master', 'slave', 'equal'] as const)('asks for %s with its generation', async (role) => {
    const { conversation, said } = switchThatKnows(ALL_ONES);
    await takeRole(conversation, { role, generationId: 2n ** 64n - 2n });
    expect(said).toMatchObject([{ type: 'roleRequest', role, generationId: 2n ** 64n - 2n }]);
  });

  it('takes the same generation again, and a later one across the end of 64 bits', async () => {
    const { conversation } = switchThatKnows(2n ** 64n - 2n);
    await takeRole(conversation, { role: 'master', generationId: 2n ** 64n - 2n });
    await takeRole(conversation, { role: 'master', generationId: 5n });
    expect(await readRole(conversation)).toEqual({ role: 'master', generationId: 5n });
  });

  it('says which generation the switch has seen when ours is past, and changes nothing', async () => {
    const { conversation, said } = switchThatKnows(7n);
    const late = takeRole(conversation, { role: 'master', generationId: 6n });
    await expect(late).rejects.toMatchObject({
      code: 'openflow-role-stale',
      message: 'generation 6 of role master is past: the switch has seen 7',
    });
    expect(said).toMatchObject([{ role: 'master' }, { role: 'noChange' }]);
    expect(await readRole(conversation)).toEqual({ role: 'equal', generationId: 7n });
  });

  it('holds no other ERROR for a stale generation', async () => {
    const peer = new ScriptedPeer(({ xid }) => [refusal(xid, 'OFPRRFC_BAD_ROLE')]);
    const asked = takeRole(peer.conversation, { role: 'master', generationId: 1n });
    await expect(asked).rejects.toMatchObject({
      code: 'openflow-request',
      message: expect.stringMatching(/OFPRRFC_BAD_ROLE/),
    });
    expect(peer.said).toHaveLength(1);
  });

  it('does not believe to have a role that the switch did not give', async () => {
    const peer = new ScriptedPeer(({ xid }) => [{ type: 'roleReply', xid, role: 'slave', generationId: 1n }]);
    const asked = takeRole(peer.conversation, { role: 'master', generationId: 1n });
    await expect(asked).rejects.toMatchObject({
      code: 'openflow-request',
      message: 'asked for master, the switch said slave',
    });
  });

  it('waits ten seconds for an answer', async () => {
    const peer = new ScriptedPeer(() => []);
    const asked = takeRole(peer.conversation, { role: 'slave', generationId: 1n });
    const outcome = expect(asked).rejects.toMatchObject({
      code: 'openflow-request',
      message: expect.stringMatching(/no reply within 10000 ms/),
    });
    peer.clock.advance(10_000);
    await outcome;
  });
});

it('asynchronous messages: packets and ends of flows to a master only, changes of ports to a slave too', () => {
  // OpenFlow 1.3.5 §7.3.10: two masks each, for master or equal and for slave.
  const masks = encodeMessage(ASYNC_MESSAGES).subarray(8).toString('hex');
  expect(masks).toBe('0000000700000000' + '0000000700000007' + '0000000600000000');
});
