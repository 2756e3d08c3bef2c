import { acknowledgementOf, composeTcp, isPlainTcp, type TcpHead } from './compose-tcp.ts';
import { FrameView } from './frame.ts';
import { TCP_FLAG } from './protocol-numbers.ts';

/** The frames that end a connection on both its sides. */
export interface TcpResets {
  /** As from the client. */
  readonly toServer: Buffer;
  /** As from the server. To leave by the port of the client itself, so that no switch learns the server to be there. */
  readonly toClient: Buffer;
}

const NO_OPTIONS = Buffer.alloc(0);

/**
 * Resets for both ends of the connection of the client's segment in the Ethernet frame `octets[start, end)`. `serverExpects`
 * is the sequence number of the first octet that the server has not been sent, which its end of the connection insists on
 * (RFC 9293 §3.10.7.4, RFC 5961 §3.2); where it is left out, the segment itself has not been sent on. Undefined when there is
 * nothing to reset: no whole TCP segment, or one that is a reset. The caller guarantees 0 <= start <= end <= octets.length.
 */
export function tcpResets(octets: Buffer, start: number, end: number, serverExpects?: number): TcpResets | undefined {
  const frame = new FrameView();
  if (frame.parse(octets, start, end) !== undefined || !isPlainTcp(frame)) return undefined;
  if ((frame.tcpFlags & TCP_FLAG.RST) !== 0) return undefined;
  return {
    toServer: composeTcp(frame, 'onward', resetFromClient(frame, serverExpects)),
    toClient: composeTcp(frame, 'back', resetFromServer(frame)),
  };
}

function resetFromClient(frame: FrameView, serverExpects: number | undefined): TcpHead {
  const { tcpFlags, tcpSequence } = frame;
  const isSyn = (tcpFlags & TCP_FLAG.SYN) !== 0;
  const isAcknowledging = (tcpFlags & TCP_FLAG.ACK) !== 0;
  return {
    sequence: serverExpects ?? (tcpSequence + (isSyn ? 1 : 0)) >>> 0,
    acknowledgement: isAcknowledging ? acknowledgementOf(frame) : 0,
    flags: TCP_FLAG.RST | (isAcknowledging ? TCP_FLAG.ACK : 0),
    window: 0,
    options: NO_OPTIONS,
  };
}

/** RFC 9293 §3.10.7.1: what a host without the connection answers. */
function resetFromServer(frame: FrameView): TcpHead {
  const { tcpFlags, tcpSequence, payloadStart, payloadEnd } = frame;
  if ((tcpFlags & TCP_FLAG.ACK) !== 0) {
    const sequence = acknowledgementOf(frame);
    return { sequence, acknowledgement: 0, flags: TCP_FLAG.RST, window: 0, options: NO_OPTIONS };
  }
  const flagOctets = ((tcpFlags & TCP_FLAG.SYN) !== 0 ? 1 : 0) + ((tcpFlags & TCP_FLAG.FIN) !== 0 ? 1 : 0);
  const acknowledgement = (tcpSequence + payloadEnd - payloadStart + flagOctets) >>> 0;
  return { sequence: 0, acknowledgement, flags: TCP_FLAG.RST | TCP_FLAG.ACK, window: 0, options: NO_OPTIONS };
}
