/** Experimenter messages that this codec knows: bundles, role status and the flow monitor of the ONF, roles of Nicira. */
import { OpenFlowEncodeError, OpenFlowError } from './errors.ts';
import { experimenterNumber, RowIndex, type RowValue } from './families.ts';
import type { MessageOf } from './message.ts';
import { EXPERIMENTER_MESSAGE_ROWS } from './schema/experimenters.ts';
import { faultWithin, Reader, WireFault, Writer } from './wire.ts';

/** What an experimenter message says, such as `{ type: 'bundleControl', bundleId, control, flags, properties }`. */
export type ExperimenterBody = RowValue<(typeof EXPERIMENTER_MESSAGE_ROWS)[number]>;

export type DecodedExperimenter =
  | { readonly ok: true; readonly body: ExperimenterBody }
  | { readonly ok: false; readonly error: OpenFlowError };

const bodies = new RowIndex(EXPERIMENTER_MESSAGE_ROWS);
/** Header, experimenter and experimenter type stand before `data`. */
const DATA_AT = 16;
const MAX_TYPE = 0xffff;
/** From the start of `data` to the xid of an added message. */
const ADDED_XID_AT = 12;

/**
 * Reads the `data` of an experimenter message; undefined when nothing is known of its experimenter or type. Never throws.
 * A message that is added to a bundle is read whole and must bear the xid of the message around it.
 */
export function decodeExperimenter(message: MessageOf<'experimenter'>): DecodedExperimenter | undefined {
  const { experimenter, experimenterType, data, xid } = message;
  const number = experimenterNumber(experimenter, experimenterType);
  if (experimenterType > MAX_TYPE || !bodies.has(number)) return undefined;
  try {
    const body = bodies.decode(number, new Reader(data)) as ExperimenterBody;
    if (body.type === 'bundleAdd' && body.message.xid !== xid) throw otherXid(body.message.xid, xid);
    return { ok: true, body };
  } catch (error) {
    if (!(error instanceof WireFault)) throw error;
    faultWithin(error, bodies.nameOf(number));
    return {
      ok: false,
      error: new OpenFlowError(error.codeName, DATA_AT + error.offset, error.path, error.message),
    };
  }
}

/**
 * An experimenter message that says `body`.
 * @throws OpenFlowEncodeError when a value does not fit its field, or an added message has another xid.
 */
export function experimenterMessage(xid: number, body: ExperimenterBody): MessageOf<'experimenter'> {
  const writer = new Writer();
  try {
    if (body.type === 'bundleAdd' && body.message.xid !== xid) throw otherXid(body.message.xid, xid);
    const number = bodies.numberOf(body, writer);
    bodies.encodeBody(writer, body);
    const experimenterType = number % (MAX_TYPE + 1);
    const experimenter = (number - experimenterType) / (MAX_TYPE + 1);
    return { type: 'experimenter', xid, experimenter, experimenterType, data: writer.finish() };
  } catch (error) {
    if (!(error instanceof WireFault)) throw error;
    faultWithin(error, body.type);
    throw new OpenFlowEncodeError(error.path, error.message);
  }
}

function otherXid(inside: number, around: number): WireFault {
  const fault = new WireFault('OFPBFC_MSG_BAD_XID', ADDED_XID_AT, `xid ${inside} inside a message of xid ${around}`);
  fault.path = 'message';
  return fault;
}
