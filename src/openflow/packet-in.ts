import { HEADER_BYTES, MessageType, OPENFLOW_VERSION } from './schema/constants.ts';

const MATCH_OFFSET = 24;
const OXM_OFFSET = 28;
/** Two octets between the padded match and the frame keep the frame's IP header aligned (OpenFlow 1.3.5 §7.4.1). */
const FRAME_PAD_BYTES = 2;
const MATCH_TYPE_OXM = 1;
/** OXM headers as one number: class, field, no mask, length. */
const IN_PORT_HEADER = 0x80000004;
const METADATA_HEADER = 0x80000408;

/**
 * The packet_in of the hot path: one object per connection, pointed at message after message, that reads what the walk
 * needs without decoding the rest and without allocating. Its fields hold for the message last given to `set`.
 */
export class PacketInView {
  /** The message that the other fields describe. */
  message: Buffer = Buffer.alloc(0);
  /** `NO_BUFFER` when the switch kept nothing. */
  bufferId = 0;
  /** Length of the frame as it entered the switch; the frame here may be cut. */
  totalLength = 0;
  /** OFPR_*: a value of PacketInReason. */
  reason = 0;
  tableId = 0;
  /** The upper and lower 32 bits of the flow entry's cookie. */
  cookieHigh = 0;
  cookieLow = 0;
  /** The port by which the frame entered; 0, which is no port, when the switch left it out. */
  inPort = 0;
  /** The upper and lower 32 bits of the metadata field; 0 when the switch left it out. */
  metadataHigh = 0;
  metadataLow = 0;
  /** Where the frame is in `message`; `frameEnd` is exclusive. */
  frameStart = 0;
  frameEnd = 0;

  /** True when `message` is a well-formed OpenFlow 1.3 packet_in; when false the fields mean nothing. */
  set(message: Buffer): boolean {
    this.message = message;
    if (!isPacketIn(message)) return false;
    const matchLengthBytes = message.readUInt16BE(MATCH_OFFSET + 2);
    const matchEnd = MATCH_OFFSET + matchLengthBytes;
    const frameStart = MATCH_OFFSET + ((matchLengthBytes + 7) & ~7) + FRAME_PAD_BYTES;
    if (matchEnd < OXM_OFFSET || frameStart > message.length) return false;
    this.bufferId = message.readUInt32BE(HEADER_BYTES);
    this.totalLength = message.readUInt16BE(12);
    this.reason = message[14]!;
    this.tableId = message[15]!;
    this.cookieHigh = message.readUInt32BE(16);
    this.cookieLow = message.readUInt32BE(20);
    this.frameStart = frameStart;
    this.frameEnd = message.length;
    return this.#readMatch(message, matchEnd);
  }

  #readMatch(message: Buffer, matchEnd: number): boolean {
    this.inPort = 0;
    this.metadataHigh = 0;
    this.metadataLow = 0;
    let offset = OXM_OFFSET;
    // Switches put in_port first, and often nothing else.
    if (matchEnd >= OXM_OFFSET + 8 && message.readUInt32BE(OXM_OFFSET) === IN_PORT_HEADER) {
      this.inPort = message.readUInt32BE(OXM_OFFSET + 4);
      offset += 8;
    }
    while (offset < matchEnd) {
      if (offset + 4 > matchEnd) return false;
      const header = message.readUInt32BE(offset);
      const next = offset + 4 + (header & 0xff);
      if (next > matchEnd) return false;
      if (header === METADATA_HEADER) {
        this.metadataHigh = message.readUInt32BE(offset + 4);
        this.metadataLow = message.readUInt32BE(offset + 8);
      } else if (header === IN_PORT_HEADER) {
        this.inPort = message.readUInt32BE(offset + 4);
      }
      offset = next;
    }
    return true;
  }
}

function isPacketIn(message: Buffer): boolean {
  return (
    message.length >= MATCH_OFFSET + 8 + FRAME_PAD_BYTES &&
    message[0] === OPENFLOW_VERSION &&
    message[1] === MessageType.PACKET_IN &&
    message.readUInt16BE(2) === message.length &&
    message.readUInt16BE(MATCH_OFFSET) === MATCH_TYPE_OXM
  );
}
