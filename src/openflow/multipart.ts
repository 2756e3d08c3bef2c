import { type OneOf, RowIndex, type Rows } from './families.ts';
import type { Kind } from './kinds.ts';
import { pad, u16 } from './kinds.ts';
import { faultWithin } from './wire.ts';

/** A multipart message: its flags (`MULTIPART_MORE`), and the part that its type tells (OpenFlow 1.3.5 §7.3.5). */
export interface Multipart<B> {
  readonly flags: number;
  readonly body: B;
}

const padding = pad(4);

/** Multipart type, flags, padding, then the body of the row with that type's number. */
export function multipart<R extends Rows>(rows: R): Kind<Multipart<OneOf<R>>> {
  const index = new RowIndex(rows);
  return {
    decode(reader) {
      const typeCode = u16.decode(reader);
      const flags = u16.decode(reader);
      padding.decode(reader);
      try {
        return { flags, body: index.decode(typeCode, reader) };
      } catch (error) {
        throw faultWithin(error, 'body');
      }
    },
    encode(writer, value) {
      u16.encode(writer, index.numberOf(value.body, writer));
      u16.encode(writer, value.flags);
      padding.encode(writer, undefined);
      try {
        index.encodeBody(writer, value.body);
      } catch (error) {
        throw faultWithin(error, 'body');
      }
    },
  };
}
