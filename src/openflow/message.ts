/** Whole OpenFlow 1.3 messages: bytes to values and back (OpenFlow 1.3.5 §7.1.1). */
import { OpenFlowEncodeError, OpenFlowError } from './errors.ts';
import { RowIndex, type RowValue } from './families.ts';
import { HEADER_BYTES, MessageType, OPENFLOW_VERSION } from './schema/constants.ts';
import { MESSAGE_ROWS } from './schema/messages.ts';
import { faultWithin, Reader, WireFault, Writer } from './wire.ts';

type Rows = typeof MESSAGE_ROWS;
type Flat<T> = { readonly [K in keyof T]: T[K] };
type WithXid<T> = T extends unknown ? Flat<T & { readonly xid: number }> : never;

/** A message of a known type. `type` tells which; `xid` pairs a reply with its request. */
export type KnownMessage = WithXid<RowValue<Rows[number]>>;

/** A message whose type no row has; `body` is all that follows the header. */
export interface UnknownMessage {
  readonly type: 'unknown';
  readonly xid: number;
  readonly typeCode: number;
  readonly body: Buffer;
}

/**
 * One OpenFlow 1.3 message. Buffers in it are views on the bytes it was decoded from: copy what is kept for longer than
 * those bytes should live.
 */
export type Message = KnownMessage | UnknownMessage;
/** The message of one type, such as `MessageOf<'flowMod'>`. */
export type MessageOf<T extends Message['type']> = Extract<Message, { readonly type: T }>;

export type Decoded =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly error: OpenFlowError };
export type DecodedHello =
  | { readonly ok: true; readonly version: number; readonly message: MessageOf<'hello'> }
  | { readonly ok: false; readonly error: OpenFlowError };

const messages = new RowIndex(MESSAGE_ROWS);

/** Reads one whole message. Never throws: what is wrong with the bytes is in `error`. */
export function decodeMessage(bytes: Buffer): Decoded {
  const error = checkHeader(bytes) ?? checkVersion(bytes);
  return error === undefined ? decodeBody(bytes) : { ok: false, error };
}

/**
 * Reads a HELLO whatever version its header names, since a peer that can speak more than 1.3 sends its highest there
 * and lists the others in the version bitmap (§6.3.1). `version` is the header's.
 */
export function decodeHello(bytes: Buffer): DecodedHello {
  const error = checkHeader(bytes);
  if (error !== undefined) return { ok: false, error };
  if (bytes[1] !== MessageType.HELLO) {
    return { ok: false, error: new OpenFlowError('OFPBRC_BAD_TYPE', 1, 'hello', `type ${bytes[1]} is not HELLO`) };
  }
  const decoded = decodeBody(bytes);
  if (!decoded.ok) return decoded;
  return { ok: true, version: bytes[0]!, message: decoded.message as MessageOf<'hello'> };
}

/**
 * Writes one message, with version, type and length filled in.
 * @throws OpenFlowEncodeError when a value does not fit its field or the message would be over 65,535 octets long.
 */
export function encodeMessage(message: Message): Buffer {
  const writer = new Writer();
  try {
    writer.u8(OPENFLOW_VERSION);
    writer.u8(message.type === 'unknown' ? message.typeCode : messages.numberOf(message, writer));
    writer.zeros(2);
    writer.u32(message.xid);
    if (message.type === 'unknown') writer.bytes(message.body);
    else messages.encodeBody(writer, message);
    writer.patchU16(2, writer.offset);
  } catch (error) {
    if (!(error instanceof WireFault)) throw error;
    faultWithin(error, message.type);
    throw new OpenFlowEncodeError(error.path, error.message);
  }
  return writer.finish();
}

function checkHeader(bytes: Buffer): OpenFlowError | undefined {
  if (bytes.length < HEADER_BYTES) {
    return new OpenFlowError('OFPBRC_BAD_LEN', 0, 'header', `${bytes.length} octets are no message`);
  }
  const lengthBytes = bytes.readUInt16BE(2);
  if (lengthBytes !== bytes.length) {
    return new OpenFlowError('OFPBRC_BAD_LEN', 2, 'header', `says ${lengthBytes} octets, has ${bytes.length}`);
  }
  return undefined;
}

function checkVersion(bytes: Buffer): OpenFlowError | undefined {
  if (bytes[0] === OPENFLOW_VERSION) return undefined;
  return new OpenFlowError('OFPBRC_BAD_VERSION', 0, 'header', `version ${bytes[0]} is not OpenFlow 1.3`);
}

function decodeBody(bytes: Buffer): Decoded {
  const typeCode = bytes[1]!;
  const xid = bytes.readUInt32BE(4);
  if (!messages.has(typeCode)) {
    return { ok: true, message: { type: 'unknown', xid, typeCode, body: bytes.subarray(HEADER_BYTES) } };
  }
  try {
    const body = messages.decode(typeCode, new Reader(bytes, HEADER_BYTES));
    return { ok: true, message: { ...body, xid } as KnownMessage };
  } catch (error) {
    if (!(error instanceof WireFault)) throw error;
    faultWithin(error, messages.nameOf(typeCode));
    return { ok: false, error: new OpenFlowError(error.codeName, error.offset, error.path, error.message) };
  }
}
