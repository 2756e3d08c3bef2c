import { GluewallError } from '../core/errors.ts';
import type { FlowMod } from '../openflow/flow-mod.ts';
import { encodeMessage, type MessageOf } from '../openflow/message.ts';
import { Experimenter } from '../openflow/schema/constants.ts';
import { errorNames } from '../openflow/schema/errors.ts';
import type { Conversation, Refused } from './conversation.ts';
import { ruleName, ruleOf } from './pipeline.ts';
import { RequestRefused } from './requests.ts';

/** Flow_mods between two barriers. */
export const SLICE = 10_000;

/** ONF extension 230 gives OpenFlow 1.3 the bundles of 1.4 (OpenFlow 1.4.0 §7.3.9). */
const BundleMessage = { CONTROL: 2300, ADD: 2301 } as const;
const BundleControl = { OPEN: 0, COMMIT: 4, DISCARD: 6 } as const;
/** Packets see all of the changes or none, and those are made in the order in which they were added. */
const ATOMIC_AND_ORDERED = 3;

/** Makes changes to the flows of one switch: all or none where it has bundles, in order behind barriers where not. */
export class Transaction {
  readonly #conversation: Conversation;
  /** Until the switch has refused one. */
  #hasBundles = true;
  #lastBundle = 0;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  get hasBundles(): boolean {
    return this.#hasBundles;
  }

  /**
   * Resolves with what the switch refused: where it has bundles nothing is changed then. Rejects with GluewallError
   * `openflow-request` when that cannot be told.
   */
  async commit(mods: readonly FlowMod[]): Promise<readonly Refused<FlowMod>[]> {
    if (mods.length === 0) return [];
    const bundle = await this.#openBundle();
    return bundle === undefined ? this.inOrder(mods) : this.#fillBundle(bundle, mods);
  }

  /**
   * One by one, with a barrier behind each slice, so that many neither overrun the send backlog nor block the loop. `told`
   * hears after each slice how many are done. Resolves with what the switch refused; the rest stands.
   */
  async inOrder(
    mods: readonly FlowMod[],
    told: (done: number) => void = () => undefined,
  ): Promise<readonly Refused<FlowMod>[]> {
    const refused: Refused<FlowMod>[] = [];
    for (let at = 0; at < mods.length; at += SLICE) {
      const slice = mods.slice(at, at + SLICE);
      refused.push(...(await this.#conversation.tellAll(slice, plain, () => this.#conversation.barrier())));
      told(at + slice.length);
    }
    return refused;
  }

  /** Undefined where the switch has no bundles. */
  async #openBundle(): Promise<number | undefined> {
    if (!this.#hasBundles) return undefined;
    const bundle = ++this.#lastBundle;
    try {
      await this.#control(bundle, BundleControl.OPEN);
      return bundle;
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      this.#hasBundles = false;
      return undefined;
    }
  }

  async #fillBundle(bundle: number, mods: readonly FlowMod[]): Promise<readonly Refused<FlowMod>[]> {
    let failure: RequestRefused | undefined;
    const finish = async (refused: readonly unknown[]) => {
      await this.#conversation.barrier();
      const control = refused.length > 0 ? BundleControl.DISCARD : BundleControl.COMMIT;
      await this.#control(bundle, control).catch((error: unknown) => {
        if (!(error instanceof RequestRefused)) throw error;
        failure = error;
      });
    };
    const inBundle = (mod: FlowMod, xid: number) => bundleAdd(bundle, encodeMessage({ ...mod, xid }));
    const refused = await this.#conversation.tellAll(mods, inBundle, finish);
    if (refused.length === 0 && failure !== undefined) throw failure;
    return refused;
  }

  async #control(bundle: number, control: number): Promise<void> {
    const data = Buffer.alloc(8);
    data.writeUInt32BE(bundle, 0);
    data.writeUInt16BE(control, 4);
    data.writeUInt16BE(ATOMIC_AND_ORDERED, 6);
    await this.#conversation.request(onfMessage(BundleMessage.CONTROL, data));
  }
}

/** The first refusal, in the words of the rule that caused it; undefined when there is none. */
export function refusalOf(refused: readonly Refused<FlowMod>[]): GluewallError | undefined {
  const [first] = refused;
  if (first === undefined) return undefined;
  const { message, error } = first;
  const { code } = errorNames(error.errorType, error.code);
  const others = refused.length > 1 ? ` and ${refused.length - 1} more` : '';
  const rule = `${ruleName(ruleOf(message.cookie))}${others}`;
  return new GluewallError('openflow-refused', `the switch refused a flow of rule ${rule}: ${code}`);
}

const plain = (mod: FlowMod) => mod;

/** The message inside carries the xid of the one around it. */
function bundleAdd(bundle: number, message: Buffer): MessageOf<'experimenter'> {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(bundle, 0);
  head.writeUInt16BE(ATOMIC_AND_ORDERED, 6);
  return onfMessage(BundleMessage.ADD, Buffer.concat([head, message]));
}

function onfMessage(experimenterType: number, data: Buffer): MessageOf<'experimenter'> {
  return { type: 'experimenter', xid: 0, experimenter: Experimenter.ONF, experimenterType, data };
}
