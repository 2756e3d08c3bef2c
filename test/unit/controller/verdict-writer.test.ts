import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addFlow, deleteFlow } from '../../../src/controller/reconcile.ts';
import { SendBuffer } from '../../../src/controller/send-buffer.ts';
import { allowFlow, bypassFlow, dropClientFlow, dropFlow } from '../../../src/controller/verdict-flows.ts';
import { VerdictWriter } from '../../../src/controller/verdict-writer.ts';
import type { Address } from '../../../src/core/address.ts';
import { decodeMessage, encodeMessage, type Message } from '../../../src/openflow/message.ts';
import { CONTROLLER_MAX_LENGTH, NO_BUFFER, Port } from '../../../src/openflow/schema/constants.ts';
import { allowScope, clientScope, dropScope } from '../../support/flow-scopes.ts';
import { addressOf } from '../../support/observations.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A writer with a generation, and the octets it has sent once the turn is over. */
function setUp(generation = 0xabcd) {
  const writes: Buffer[] = [];
  const socket = {
    destroyed: false,
    writableLength: 0,
    on: () => undefined,
    write: (bytes: Buffer) => writes.push(bytes),
  };
  const out = new SendBuffer(socket as unknown as Socket, 1 << 20, {
    overflow: () => undefined,
    drained: () => undefined,
  });
  const writer = new VerdictWriter(out);
  writer.setGeneration(generation);
  const sent = async () => {
    await turn();
    return Buffer.concat(writes.splice(0));
  };
  return { writer, sent, writes };
}

const seconds = fc.integer({ min: 1, max: 65_535 });
const generations = fc.integer({ min: 0, max: 0xffff });
const groups = fc.option(fc.integer({ min: 1, max: 0xffff }), { nil: undefined });

describe('VerdictWriter', () => {
  it('writes for every scope, whatever came before it, the octets that the codec writes for the flow', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ allow: allowScope, drop: dropScope, client: clientScope, group: groups, timeout: seconds }),
          {
            minLength: 1,
            maxLength: 8,
          },
        ),
        generations,
        async (rounds, generation) => {
          const { writer, sent } = setUp(generation);
          const expected: Message[] = [];
          for (const { allow, drop, client, group, timeout } of rounds) {
            writer.addAllow(allow, timeout);
            writer.removeAllow(allow);
            writer.addDrop(drop, timeout);
            writer.removeDrop(drop);
            writer.addClientDrop(client, timeout);
            writer.removeClientDrop(client);
            writer.addBypass(group, timeout);
            writer.removeBypass(group);
            expected.push(
              addFlow(allowFlow(allow, timeout), generation),
              deleteFlow(allowFlow(allow, 0)),
              addFlow(dropFlow(drop, timeout), generation),
              deleteFlow(dropFlow(drop, 0)),
              addFlow(dropClientFlow(client, timeout), generation),
              deleteFlow(dropClientFlow(client, 0)),
              addFlow(bypassFlow(group, timeout), generation),
              deleteFlow(bypassFlow(group, 0)),
            );
          }
          const octets = expected.map((message, index) => encodeMessage({ ...message, xid: index + 1 } as Message));
          expect((await sent()).toString('hex')).toBe(Buffer.concat(octets).toString('hex'));
        },
      ),
    );
  });

  it('writes a release as a packet_out to NORMAL from the port of entry', async () => {
    const { writer, sent } = setUp();
    const message = Buffer.from('....the frame....');
    writer.release(7, message, 4, 13);
    const bytes = await sent();
    const expected = encodeMessage({
      type: 'packetOut',
      xid: 1,
      bufferId: NO_BUFFER,
      inPort: 7,
      actions: [{ type: 'output', port: Port.NORMAL, maxLength: CONTROLLER_MAX_LENGTH }],
      data: Buffer.from('the frame'),
    });
    expect(bytes.toString('hex')).toBe(expected.toString('hex'));
    expect(decodeMessage(bytes).ok).toBe(true);
  });

  it('writes an answer as a packet_out back to the port of entry', async () => {
    const { writer, sent } = setUp();
    writer.answer(7, Buffer.from('the frame'));
    const expected = encodeMessage({
      type: 'packetOut',
      xid: 1,
      bufferId: NO_BUFFER,
      inPort: 7,
      actions: [{ type: 'output', port: Port.IN_PORT, maxLength: CONTROLLER_MAX_LENGTH }],
      data: Buffer.from('the frame'),
    });
    expect((await sent()).toString('hex')).toBe(expected.toString('hex'));
  });

  it('keeps flow before release, and sends a turn as one write', async () => {
    const { writer, writes } = setUp();
    const destination: Address = addressOf('203.0.113.53');
    writer.addAllow({ destination }, 60);
    writer.release(1, Buffer.from('frame'), 0, 5);
    expect(writes).toHaveLength(0);
    await turn();
    expect(writes).toHaveLength(1);
    expect(writes[0]![1]).toBe(14);
    expect(writes[0]![writes[0]!.readUInt16BE(2) + 1]).toBe(13);
  });

  it('does not write again into octets that were sent', async () => {
    const { writer, writes } = setUp();
    const frame = Buffer.alloc(1500, 1);
    const copies: string[] = [];
    for (let round = 0; round < 200; round++) {
      writer.addAllow({ destination: addressOf(`198.18.0.${round}`) }, 60);
      writer.release(1, frame, 0, frame.length);
      await turn();
      copies.push(writes.at(-1)!.toString('hex'));
    }
    expect(new Set(copies).size).toBe(200);
    const sent = Buffer.concat(writes).toString('hex');
    const xids = new Set<number>();
    let messages = 0;
    for (let offset = 0; offset < sent.length / 2; messages++) {
      const all = Buffer.from(sent.slice(offset * 2, offset * 2 + 16), 'hex');
      xids.add(all.readUInt32BE(4));
      offset += all.readUInt16BE(2);
    }
    expect(messages).toBe(400);
    expect(xids.size).toBe(400);
  });
});
