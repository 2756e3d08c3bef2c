import { GluewallError } from '../core/errors.ts';
import { encodeMessage, type MessageOf } from './message.ts';
import { OXM_HEADER_BYTES, type OxmName, oxmLengthBytes } from './oxm.ts';
import { Group, NO_BUFFER, Port } from './schema/constants.ts';

export type FlowMod = MessageOf<'flowMod'>;

/** The values of a flow_mod that most have in common: `{ ...FLOW_MOD_DEFAULTS, tableId: 1, match, instructions }`. */
export const FLOW_MOD_DEFAULTS: FlowMod = {
  type: 'flowMod',
  xid: 0,
  cookie: 0n,
  cookieMask: 0n,
  tableId: 0,
  command: 'add',
  idleTimeout: 0,
  hardTimeout: 0,
  priority: 0,
  bufferId: NO_BUFFER,
  outPort: Port.ANY,
  outGroup: Group.ANY,
  flags: 0,
  match: [],
  instructions: [],
};

const XID_OFFSET = 4;
const COOKIE_OFFSET = 8;
const HARD_TIMEOUT_OFFSET = 28;
const FIRST_OXM_OFFSET = 52;

/**
 * A flow_mod encoded once (OpenFlow 1.3.5 §7.3.4.1), to be copied into a send buffer and patched there: what the hot
 * path sends for a verdict. All offsets are those of the message in `target`, as `write` was given it.
 */
export class FlowModTemplate {
  readonly #bytes: Buffer;
  readonly #oxmOffsets = new Map<OxmName, number>();

  /** @throws OpenFlowEncodeError when the message cannot be written. */
  constructor(message: FlowMod) {
    this.#bytes = encodeMessage(message);
    let offset = FIRST_OXM_OFFSET;
    for (const oxm of message.match) {
      if (oxm.field !== 'unknown') this.#oxmOffsets.set(oxm.field, offset + OXM_HEADER_BYTES);
      offset += oxmLengthBytes(oxm);
    }
  }

  get lengthBytes(): number {
    return this.#bytes.length;
  }

  /**
   * Where the value of a match field is, from the start of the message; a mask follows its value.
   * @throws GluewallError `openflow-template` when the template does not match on that field.
   */
  oxmOffset(field: OxmName): number {
    const offset = this.#oxmOffsets.get(field);
    if (offset === undefined) {
      throw new GluewallError(
        'openflow-template',
        `the flow_mod template has no match on ${field}; add it to the match`,
      );
    }
    return offset;
  }

  /** Copies the template; the caller has checked that `lengthBytes` octets fit. */
  write(target: Buffer, offset: number): void {
    this.#bytes.copy(target, offset);
  }

  patchXid(target: Buffer, offset: number, xid: number): void {
    target.writeUInt32BE(xid, offset + XID_OFFSET);
  }

  /** The upper and the lower 32 bits of the cookie. */
  patchCookie(target: Buffer, offset: number, high: number, low: number): void {
    target.writeUInt32BE(high, offset + COOKIE_OFFSET);
    target.writeUInt32BE(low, offset + COOKIE_OFFSET + 4);
  }

  /** 0 to 65,535; 0 never expires. */
  patchHardTimeout(target: Buffer, offset: number, seconds: number): void {
    target.writeUInt16BE(seconds, offset + HARD_TIMEOUT_OFFSET);
  }
}
