/** What an ERROR says (OpenFlow 1.3.5 §7.4.4). */
import type { Kind } from './kinds.ts';
import { errorNumbers } from './schema/errors.ts';

export interface ErrorBody {
  /** OFPET_*. */
  readonly errorType: number;
  /** The code within its type; of OFPET_EXPERIMENTER, the number that the experimenter gave. */
  readonly code: number;
  /** Whose code it is, when the type is OFPET_EXPERIMENTER. Absent where the octets end before it. */
  readonly experimenter?: number;
  /** At least 64 octets of the request, or text for OFPET_HELLO_FAILED: nothing that can be relied on. */
  readonly data: Buffer;
}

const { errorType: OF_EXPERIMENTER } = errorNumbers('OFPBFC_UNKNOWN');
const EXPERIMENTER_BYTES = 4;

/** Type, code and data; between code and data an experimenter's id when the type says so. */
export const errorBody: Kind<ErrorBody> = {
  decode(reader) {
    const errorType = reader.u16();
    const code = reader.u16();
    const isOfExperimenter = errorType === OF_EXPERIMENTER && reader.remainingBytes >= EXPERIMENTER_BYTES;
    if (isOfExperimenter)
      return { errorType, code, experimenter: reader.u32(), data: reader.bytes(reader.remainingBytes) };
    return { errorType, code, data: reader.bytes(reader.remainingBytes) };
  },
  encode(writer, { errorType, code, experimenter, data }) {
    writer.u16(errorType);
    writer.u16(code);
    if (experimenter !== undefined) {
      if (errorType !== OF_EXPERIMENTER) writer.fail(`an error of type ${errorType} has no experimenter`);
      writer.u32(experimenter);
    }
    writer.bytes(data);
  },
};
