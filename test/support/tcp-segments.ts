/** TCP segments with all their fields, in Ethernet frames. Checksums are left 0, as `composeFrame` leaves them. */
import { composeIpFrame, type FrameFields } from './frames.ts';

export const FLAG = { FIN: 0x01, SYN: 0x02, RST: 0x04, PSH: 0x08, ACK: 0x10 } as const;

export interface SegmentFields extends FrameFields {
  readonly sequence: number;
  readonly acknowledgement?: number;
  readonly flags?: number;
  /** Whole words. */
  readonly tcpOptions?: Buffer;
  readonly data?: Buffer;
}

/** The timestamps option behind two fillers (RFC 7323 appendix A). */
export function timestamps(value: number, answered: number): Buffer {
  const options = Buffer.from('0101080a0000000000000000', 'hex');
  options.writeUInt32BE(value, 4);
  options.writeUInt32BE(answered, 8);
  return options;
}

/** A segment of a client to port 53 of a server. */
export function composeSegmentFrame(fields: SegmentFields): Buffer {
  const { sequence, acknowledgement = 0, flags = FLAG.ACK, tcpOptions = Buffer.alloc(0) } = fields;
  const header = Buffer.alloc(20);
  header.writeUInt16BE(fields.sourcePort ?? 40_000, 0);
  header.writeUInt16BE(fields.destinationPort ?? 53, 2);
  header.writeUInt32BE(sequence >>> 0, 4);
  header.writeUInt32BE(acknowledgement >>> 0, 8);
  header.writeUInt8(((20 + tcpOptions.length) / 4) << 4, 12);
  header.writeUInt8(flags, 13);
  header.writeUInt16BE(64_240, 14);
  const segment = Buffer.concat([header, tcpOptions, fields.data ?? Buffer.alloc(0)]);
  return composeIpFrame(segment, { ...fields, transport: 'tcp' });
}
