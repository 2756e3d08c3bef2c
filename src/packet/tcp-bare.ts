import { acknowledgementOf, composeTcp } from './compose-tcp.ts';
import type { FrameView } from './frame.ts';
import { TCP_FLAG } from './protocol-numbers.ts';

const TCP_OCTETS = 20;
/** The kind of the timestamps option, and its octets (RFC 7323 §3.2). */
const TIMESTAMPS = 8;
const TIMESTAMPS_OCTETS = 10;
/** End of the list, and the option of one octet that fills it up (RFC 9293 §3.1). */
const END = 0;
const NOTHING = 1;
/** Of a server that is not heard here; its own scale makes it larger. */
const WINDOW = 8192;

/** The TCP segment in view, which `isPlainTcp`, without its data: the same header, with the same options. */
export function withoutData(frame: FrameView): Buffer {
  const { frameOctets, transportStart, payloadStart, tcpFlags, tcpSequence } = frame;
  return composeTcp(frame, 'onward', {
    sequence: tcpSequence,
    acknowledgement: acknowledgementOf(frame),
    flags: tcpFlags,
    window: frameOctets.readUInt16BE(transportStart + 14),
    options: frameOctets.subarray(transportStart + TCP_OCTETS, payloadStart),
  });
}

/**
 * An acknowledgement as from the server, to the sender of the segment in view, which `isPlainTcp` and has the ACK flag: the
 * server has all before the sequence number `upTo`. It carries timestamps where the segment does, for without them some hosts
 * would not take it (RFC 7323 §3.2).
 */
export function acknowledgementTo(frame: FrameView, upTo: number): Buffer {
  return composeTcp(frame, 'back', {
    sequence: acknowledgementOf(frame),
    acknowledgement: upTo,
    flags: TCP_FLAG.ACK,
    window: WINDOW,
    options: answeredTimestamps(frame),
  });
}

/** The value that the server sent last, and the sender's own as the one answered; both stand in the segment, in turn. */
function answeredTimestamps({ frameOctets, transportStart, payloadStart }: FrameView): Buffer {
  const at = findTimestamps(frameOctets, transportStart + TCP_OCTETS, payloadStart);
  if (at === undefined) return Buffer.alloc(0);
  const options = Buffer.from([NOTHING, NOTHING, TIMESTAMPS, TIMESTAMPS_OCTETS, 0, 0, 0, 0, 0, 0, 0, 0]);
  frameOctets.copy(options, 4, at + 6, at + 10);
  frameOctets.copy(options, 8, at + 2, at + 6);
  return options;
}

function findTimestamps(octets: Buffer, start: number, end: number): number | undefined {
  for (let at = start; at < end && octets[at] !== END; ) {
    if (octets[at] === NOTHING) {
      at++;
      continue;
    }
    const length = at + 2 <= end ? octets[at + 1]! : 0;
    if (length < 2 || at + length > end) return undefined;
    if (octets[at] === TIMESTAMPS && length === TIMESTAMPS_OCTETS) return at;
    at += length;
  }
  return undefined;
}
