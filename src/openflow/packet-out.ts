import { CONTROLLER_MAX_LENGTH, MessageType, NO_BUFFER, OPENFLOW_VERSION } from './schema/constants.ts';

const ACTIONS_OFFSET = 24;
const OUTPUT_ACTION_BYTES = 16;
const FRAME_OFFSET = ACTIONS_OFFSET + OUTPUT_ACTION_BYTES;
/** The output action's max_len, which only the controller port heeds, and the first two octets of its padding. */
const MAX_LENGTH_AND_PAD = CONTROLLER_MAX_LENGTH * 0x10000;

/** How long a packet_out with one output action is around a frame of `frameBytes` octets. */
export function packetOutLength(frameBytes: number): number {
  return FRAME_OFFSET + frameBytes;
}

/**
 * Writes a packet_out that carries a frame and sends it to one port (OpenFlow 1.3.5 §7.3.7): the hot path's twin of
 * `encodeMessage`. The caller has checked that `packetOutLength` octets fit in the target and in a message. The result
 * is the offset behind the message.
 */
export function writePacketOut(
  target: Buffer,
  offset: number,
  xid: number,
  inPort: number,
  outputPort: number,
  frame: Buffer,
  frameStart: number,
  frameEnd: number,
): number {
  const end = offset + packetOutLength(frameEnd - frameStart);
  target[offset] = OPENFLOW_VERSION;
  target[offset + 1] = MessageType.PACKET_OUT;
  target.writeUInt16BE(end - offset, offset + 2);
  target.writeUInt32BE(xid, offset + 4);
  target.writeUInt32BE(NO_BUFFER, offset + 8);
  target.writeUInt32BE(inPort, offset + 12);
  target.writeUInt32BE(OUTPUT_ACTION_BYTES << 16, offset + 16);
  target.writeUInt32BE(0, offset + 20);
  target.writeUInt32BE(OUTPUT_ACTION_BYTES, offset + ACTIONS_OFFSET);
  target.writeUInt32BE(outputPort, offset + ACTIONS_OFFSET + 4);
  target.writeUInt32BE(MAX_LENGTH_AND_PAD, offset + ACTIONS_OFFSET + 8);
  target.writeUInt32BE(0, offset + ACTIONS_OFFSET + 12);
  frame.copy(target, offset + FRAME_OFFSET, frameStart, frameEnd);
  return end;
}
