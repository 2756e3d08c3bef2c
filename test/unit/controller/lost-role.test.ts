/** What becomes of a session whose role, or whose rules, change while something is under way. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allowFlow } from '../../../src/controller/verdict-flows.ts';
import type { Ipv4Address } from '../../../src/core/address.ts';
import { encodeMessage, type Message } from '../../../src/openflow/message.ts';
import { errorNumbers } from '../../../src/openflow/schema/errors.ts';
import type { FakeSwitch } from '../../support/fake-openflow-switch.ts';
import { SessionRig } from '../../support/session-rig.ts';

let rig: SessionRig;

beforeEach(async () => {
  rig = new SessionRig();
  await rig.start();
});
afterEach(() => rig.stop());

function refuse(fake: FakeSwitch, message: Message, name: 'OFPBRC_IS_SLAVE' | 'OFPFMFC_UNKNOWN'): true {
  const { errorType, errorCode } = errorNumbers(name);
  fake.send({
    type: 'error',
    xid: message.xid,
    errorType,
    code: errorCode,
    data: encodeMessage(message).subarray(0, 64),
  });
  return true;
}

describe('a role that is lost', () => {
  it('in the middle of the first sync leaves the session standing by', async () => {
    rig.hooks = { ...rig.hooks, verdictFlows: () => [allowFlow({ destination: 1 as Ipv4Address }, 300)] };
    await rig.connect({
      answers: (message, fake) => message.type === 'flowMod' && refuse(fake, message, 'OFPBRC_IS_SLAVE'),
    });
    await rig.until('standby', () => rig.told.includes('standby'));
    expect(rig.sessions[0]).toMatchObject({ role: 'slave', isReady: false });
  });

  it('by a wish, while the sync of a master is under way, is not undone when that ends', async () => {
    rig.hooks = { ...rig.hooks, role: () => ({ role: 'slave', generationId: 1n }) };
    let finishDump: (() => void) | undefined;
    await rig.connect({
      answers: (message, fake) => {
        const isDump = message.type === 'multipartRequest' && message.body.type === 'flow';
        if (!isDump || finishDump !== undefined) return false;
        const { xid } = message;
        finishDump = () => fake.send({ type: 'multipartReply', xid, flags: 0, body: { type: 'flow', entries: [] } });
        return true;
      },
    });
    await rig.until('a slave', () => rig.sessions[0]!.role === 'slave');
    const [session] = rig.sessions;
    const asMaster = session!.assumeRole({ role: 'master', generationId: 2n });
    await rig.until('the dump', () => finishDump !== undefined);
    await session!.assumeRole({ role: 'slave', generationId: 3n });
    finishDump!();
    await asMaster.catch(() => undefined);
    expect(session!.isReady).toBe(false);
  });

  it('ends what packets the owner is told of', async () => {
    const { fake } = await rig.connectReady();
    refuse(fake, { type: 'barrierRequest', xid: 0x7ffffff0 }, 'OFPBRC_IS_SLAVE');
    await rig.until('standby', () => rig.told.includes('standby'));
    const frame = { bufferId: 0xffffffff, totalLen: 60, reason: 1, tableId: 1, cookie: 0n, data: Buffer.alloc(60) };
    fake.send({ type: 'packetIn', xid: 0, ...frame, match: [{ field: 'in_port', value: 1 }] });
    await fake.echo();
    expect(rig.told).not.toContain('packetIn');
  });
});

it('a rule set that the switch refused is not renewed either', async () => {
  const { baseFlows } = rig.hooks;
  rig.hooks = {
    ...rig.hooks,
    baseFlows: (session) => baseFlows(session).filter(({ hardTimeoutSeconds }) => hardTimeoutSeconds === 0),
  };
  let refuses = false;
  const { fake, session } = await rig.connectReady({
    answers: (message, one) =>
      refuses &&
      message.type === 'experimenter' &&
      message.experimenterType === 2301 &&
      refuse(one, message, 'OFPFMFC_UNKNOWN'),
  });
  const before = fake.tables.flows.length;
  refuses = true;
  rig.hooks = { ...rig.hooks, baseFlows };
  session.desireChanged();
  await rig.until('the complaint', () => rig.log.some((line) => line.includes('tried again at the next change')));
  rig.clock.advance(5000);
  await fake.echo();
  expect(fake.tables.flows).toHaveLength(before);
});

it('meters are asked for once at a time, however long the switch takes to answer', async () => {
  let asked = 0;
  const { fake } = await rig.connectReady({
    answers: (message) => {
      const isMeter = message.type === 'multipartRequest' && message.body.type === 'meter';
      if (isMeter) asked++;
      return isMeter;
    },
  });
  for (let round = 0; round < 2; round++) {
    rig.clock.advance(4900);
    await fake.echo();
  }
  expect(asked).toBe(1);
});
