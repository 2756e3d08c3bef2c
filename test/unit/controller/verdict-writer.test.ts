import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addFlow, deleteFlow } from '../../../src/controller/reconcile.ts';
import { SendBuffer } from '../../../src/controller/send-buffer.ts';
import { allowFlow, dropClientFlow, dropFlow } from '../../../src/controller/verdict-flows.ts';
import { VerdictWriter } from '../../../src/controller/verdict-writer.ts';
import { type Address, addressFromOctets } from '../../../src/core/address.ts';
import { decodeMessage, encodeMessage, type Message } from '../../../src/openflow/message.ts';
import { CONTROLLER_MAX_LENGTH, NO_BUFFER, Port } from '../../../src/openflow/schema/constants.ts';
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

const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((octets) => addressFromOctets(Buffer.from(octets))!);
const ipv6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((octets) => addressFromOctets(Buffer.from(octets))!);
const pair = fc.oneof(fc.tuple(ipv4, ipv4), fc.tuple(ipv6, ipv6));
const seconds = fc.integer({ min: 1, max: 65_535 });

describe('VerdictWriter', () => {
  it('writes for every address the octets that the codec writes for the flow', async () => {
    await fc.assert(
      fc.asyncProperty(
        pair,
        seconds,
        fc.integer({ min: 0, max: 0xffff }),
        async ([client, destination], timeout, generation) => {
          const { writer, sent } = setUp(generation);
          writer.addAllow(destination, timeout);
          writer.removeAllow(destination);
          writer.addDrop(client, destination, timeout);
          writer.removeDrop(client, destination);
          writer.addClientDrop(client, timeout);
          const expected: Message[] = [
            addFlow(allowFlow(destination, timeout), generation),
            deleteFlow(allowFlow(destination, 0)),
            addFlow(dropFlow(client, destination, timeout), generation),
            deleteFlow(dropFlow(client, destination, 0)),
            addFlow(dropClientFlow(client, timeout), generation),
          ];
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

  it('keeps flow before release, and sends a turn as one write', async () => {
    const { writer, writes } = setUp();
    const destination: Address = addressOf('203.0.113.53');
    writer.addAllow(destination, 60);
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
      writer.addAllow(addressOf(`198.18.0.${round}`), 60);
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
