/** The frame of a blocked query, for people and for those who look at frames with other programs. */
import { DNS_PORT } from '../dns/registry.ts';
import { FrameView } from '../packet/frame.ts';
import { LINK_TYPE } from '../packet/link-layer.ts';
import { IP_PROTOCOL } from '../packet/protocol-numbers.ts';
import { type DecodedMessage, decodeMessage } from './decode-message.ts';

export interface PacketView {
  /** The frame as it came in. */
  readonly hex: string;
  /** Octets. */
  readonly length: number;
  /** Null where it carries none, as a TCP SYN. */
  readonly message: DecodedMessage | null;
}

/** As a capture file has it (draft-ietf-opsawg-pcap §4, §5): times in microseconds, octets of numbers in network order. */
const PCAP_MAGIC = 0xa1b2c3d4;
const FILE_HEADER_OCTETS = 24;
const RECORD_HEADER_OCTETS = 16;
const SNAP_OCTETS = 65_535;
/** What stands before a message on TCP (RFC 1035 §4.2.2). */
const TCP_LENGTH_OCTETS = 2;

export function viewPacket(packet: Uint8Array): PacketView {
  const frame = Buffer.from(packet.buffer, packet.byteOffset, packet.length);
  return { hex: frame.toString('hex'), length: frame.length, message: messageIn(frame) ?? null };
}

function messageIn(octets: Buffer): DecodedMessage | undefined {
  const frame = new FrameView();
  if (frame.parse(octets, 0, octets.length) !== undefined || frame.destinationPort !== DNS_PORT) return undefined;
  const isTcp = frame.protocol === IP_PROTOCOL.TCP;
  const start = frame.payloadStart + (isTcp ? TCP_LENGTH_OCTETS : 0);
  return start >= frame.payloadEnd ? undefined : decodeMessage(octets, start, frame.payloadEnd);
}

/** A capture file of one Ethernet frame, which was seen at `atMs`. */
export function composePcap(packet: Uint8Array, atMs: number): Buffer {
  const header = Buffer.alloc(FILE_HEADER_OCTETS + RECORD_HEADER_OCTETS);
  header.writeUInt32BE(PCAP_MAGIC, 0);
  header.writeUInt16BE(2, 4);
  header.writeUInt16BE(4, 6);
  header.writeUInt32BE(SNAP_OCTETS, 16);
  header.writeUInt32BE(LINK_TYPE.ETHERNET, 20);
  const micros = Math.max(0, Math.round(atMs * 1000));
  header.writeUInt32BE(Math.floor(micros / 1e6) >>> 0, FILE_HEADER_OCTETS);
  header.writeUInt32BE(micros % 1e6, FILE_HEADER_OCTETS + 4);
  header.writeUInt32BE(packet.length, FILE_HEADER_OCTETS + 8);
  header.writeUInt32BE(packet.length, FILE_HEADER_OCTETS + 12);
  return Buffer.concat([header, packet]);
}
