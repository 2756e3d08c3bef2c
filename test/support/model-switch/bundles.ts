import type { ExperimenterBody } from '../../../src/openflow/experimenter.ts';
import type { Message } from '../../../src/openflow/message.ts';
import type { ErrorCodeName } from '../../../src/openflow/schema/errors.ts';
import { ModelGap } from './model-gap.ts';
import type { TableChange } from './switch-state.ts';

type BodyOf<T extends ExperimenterBody['type']> = Extract<ExperimenterBody, { readonly type: T }>;

interface Bundle {
  readonly flags: number;
  readonly changes: TableChange[];
  isClosed: boolean;
}

const MAX_MESSAGES = 100_000;

/** The bundles of one connection (ONF extension 230, OpenFlow 1.4.0 §7.3.9). Each is carried out in order and wholly, whatever its flags. */
export class Bundles {
  readonly #bundles = new Map<number, Bundle>();

  open({ bundleId, flags }: BodyOf<'bundleControl'>): ErrorCodeName | undefined {
    if (this.#bundles.delete(bundleId)) return 'OFPBFC_BAD_ID';
    this.#bundles.set(bundleId, { flags, changes: [], isClosed: false });
    return undefined;
  }

  /** A bundle that is not there yet is opened by the first message in it. Meters cannot be in one, as in Open vSwitch. */
  add({ bundleId, flags, message }: BodyOf<'bundleAdd'>): ErrorCodeName | undefined {
    const bundle = this.#bundles.get(bundleId) ?? { flags, changes: [], isClosed: false };
    if (bundle.isClosed) return this.#end(bundleId, 'OFPBFC_BUNDLE_CLOSED');
    if (bundle.flags !== flags) return this.#end(bundleId, 'OFPBFC_BAD_FLAGS');
    if (message.type === 'packetOut' || message.type === 'portMod') throw new ModelGap(`${message.type} in a bundle`);
    if (!isBundled(message)) return 'OFPBFC_MSG_UNSUP';
    if (bundle.changes.length >= MAX_MESSAGES) return 'OFPBFC_MSG_TOO_MANY';
    bundle.changes.push(message);
    this.#bundles.set(bundleId, bundle);
    return undefined;
  }

  close({ bundleId, flags }: BodyOf<'bundleControl'>): ErrorCodeName | undefined {
    const bundle = this.#bundles.get(bundleId);
    if (bundle === undefined) return 'OFPBFC_BAD_ID';
    if (bundle.isClosed) return this.#end(bundleId, 'OFPBFC_BUNDLE_CLOSED');
    if (bundle.flags !== flags) return this.#end(bundleId, 'OFPBFC_BAD_FLAGS');
    bundle.isClosed = true;
    return undefined;
  }

  /** What the bundle holds, which is gone from here then. */
  take({ bundleId, flags }: BodyOf<'bundleControl'>): readonly TableChange[] | ErrorCodeName {
    const bundle = this.#bundles.get(bundleId);
    if (bundle === undefined) return 'OFPBFC_BAD_ID';
    this.#bundles.delete(bundleId);
    return bundle.flags === flags ? bundle.changes : 'OFPBFC_BAD_FLAGS';
  }

  discard({ bundleId }: BodyOf<'bundleControl'>): ErrorCodeName | undefined {
    return this.#bundles.delete(bundleId) ? undefined : 'OFPBFC_BAD_ID';
  }

  #end(bundleId: number, error: ErrorCodeName): ErrorCodeName {
    this.#bundles.delete(bundleId);
    return error;
  }
}

function isBundled(message: Message): message is Extract<TableChange, { readonly type: 'flowMod' | 'groupMod' }> {
  return message.type === 'flowMod' || message.type === 'groupMod';
}
