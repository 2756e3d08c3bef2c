/** The message that is added to a bundle, and what may stand behind it (OpenFlow 1.4.0 §7.3.9.7). */
import { type Kind, padTo8 } from './kinds.ts';
import { decodeMessage, encodeMessage, type Message } from './message.ts';
import { HEADER_BYTES } from './schema/constants.ts';
import { WireFault } from './wire.ts';

/** Where a message keeps its length. */
const LENGTH_AT = 2;

/** A whole message. An experimenter message among them keeps its octets, so nothing nests deeper. */
export const addedMessage: Kind<Message> = {
  decode(reader) {
    if (reader.remainingBytes < HEADER_BYTES) reader.fail('OFPBFC_MSG_BAD_LEN', 'no message is in it');
    const lengthBytes = reader.peekU16(LENGTH_AT);
    if (lengthBytes < HEADER_BYTES || lengthBytes > reader.remainingBytes) {
      reader.fail('OFPBFC_MSG_BAD_LEN', `the message says ${lengthBytes} octets, ${reader.remainingBytes} are left`);
    }
    const start = reader.offset;
    const decoded = decodeMessage(reader.bytes(lengthBytes));
    if (!decoded.ok) {
      const { codeName, offset, path, detail } = decoded.error;
      const fault = new WireFault(codeName, start + offset, detail);
      fault.path = path;
      throw fault;
    }
    return decoded.message;
  },
  encode(writer, message) {
    writer.bytes(encodeMessage(message));
  },
};

/** Properties, in front of which the message is padded to eight octets; without properties there is no padding. */
export function behindMessage<T>(properties: Kind<readonly T[]>): Kind<readonly T[]> {
  return {
    decode(reader) {
      if (reader.remainingBytes === 0) return [];
      padTo8.decode(reader);
      return properties.decode(reader);
    },
    encode(writer, values) {
      if (values.length === 0) return;
      padTo8.encode(writer, undefined);
      properties.encode(writer, values);
    },
  };
}
