import { OpenFlowError } from '../openflow/errors.ts';
import { Framer } from '../openflow/framer.ts';
import { decodeHello, decodeMessage, type Message } from '../openflow/message.ts';
import { MessageType, OPENFLOW_VERSION } from '../openflow/schema/constants.ts';

/** A message of a stream, or what is wrong with it. `offset` is where it starts, octets from the start of the stream. */
export type StreamMessage = { readonly offset: number } & (
  | { readonly version: number; readonly message: Message }
  | { readonly error: OpenFlowError }
);

/**
 * The messages that stand one after the other in a stream of octets. One that cannot be read does not keep the others from
 * it; a header that says no possible length does, and so does the end in the middle of a message. Never more is held than
 * a chunk and a message.
 */
export async function* streamMessages(chunks: AsyncIterable<Buffer>): AsyncGenerator<StreamMessage, void> {
  const framer = new Framer();
  let offset = 0;
  let receivedBytes = 0;
  /** Of the message under way. */
  let firstOctet: number | undefined;
  for await (const chunk of chunks) {
    const whole: Buffer[] = [];
    const failure = framer.push(chunk, (bytes) => whole.push(bytes));
    const wholeBytes = whole.reduce((sum, bytes) => sum + bytes.length, 0);
    const startsAt = offset + wholeBytes - receivedBytes;
    if (startsAt >= 0 && startsAt < chunk.length) firstOctet = chunk[startsAt];
    receivedBytes += chunk.length;
    for (const bytes of whole) {
      yield { offset, ...read(bytes) };
      offset += bytes.length;
    }
    if (failure !== undefined) {
      yield { offset, error: failure };
      return;
    }
  }
  const leftBytes = receivedBytes - offset;
  if (leftBytes === 0) return;
  const first = firstOctet ?? 0;
  const isVersion = first >= 1 && first <= 6;
  const detail = isVersion
    ? `the end comes after ${leftBytes} ${leftBytes === 1 ? 'octet' : 'octets'} of this message`
    : `its first octet, 0x${first.toString(16).padStart(2, '0')}, is no OpenFlow version: is this OpenFlow?`;
  yield { offset, error: new OpenFlowError('OFPBRC_BAD_LEN', leftBytes, 'header', detail) };
}

/** A HELLO may be of any version: it is how the versions are agreed on. */
function read(
  bytes: Buffer,
): { readonly version: number; readonly message: Message } | { readonly error: OpenFlowError } {
  const isOtherHello = bytes[0] !== OPENFLOW_VERSION && bytes[1] === MessageType.HELLO;
  const decoded = isOtherHello ? decodeHello(bytes) : decodeMessage(bytes);
  return decoded.ok ? { version: bytes[0]!, message: decoded.message } : { error: decoded.error };
}
