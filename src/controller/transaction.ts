import { GluewallError } from '../core/errors.ts';
import { experimenterMessage } from '../openflow/experimenter.ts';
import type { FlowMod } from '../openflow/flow-mod.ts';
import { errorNames } from '../openflow/schema/errors.ts';
import type { Conversation, Refused } from './conversation.ts';
import { ruleName, ruleOf } from './pipeline.ts';
import { isError, RequestRefused } from './requests.ts';

/** Flow_mods between two barriers. */
export const SLICE = 10_000;

/** Packets see all of the changes or none, and those are made in the order in which they were added (ONF extension 230). */
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
      refused.push(...(await this.#conversation.tellInOrder(slice)));
      told(at + slice.length);
    }
    return refused;
  }

  /** Undefined where the switch has no bundles. */
  async #openBundle(): Promise<number | undefined> {
    if (!this.#hasBundles) return undefined;
    const bundle = ++this.#lastBundle;
    try {
      await this.#control(bundle, 'openRequest');
      return bundle;
    } catch (error) {
      if (!(error instanceof RequestRefused) || isError(error.answer, 'OFPBRC_IS_SLAVE')) throw error;
      this.#hasBundles = false;
      return undefined;
    }
  }

  async #fillBundle(bundleId: number, mods: readonly FlowMod[]): Promise<readonly Refused<FlowMod>[]> {
    let failure: RequestRefused | undefined;
    const finish = async (refused: readonly unknown[]) => {
      await this.#conversation.barrier();
      const control = refused.length > 0 ? 'discardRequest' : 'commitRequest';
      await this.#control(bundleId, control).catch((error: unknown) => {
        if (!(error instanceof RequestRefused)) throw error;
        failure = error;
      });
    };
    const inBundle = (mod: FlowMod, xid: number) => {
      // The message inside carries the xid of the one around it.
      const message = { ...mod, xid };
      return experimenterMessage(xid, {
        type: 'bundleAdd',
        bundleId,
        flags: ATOMIC_AND_ORDERED,
        message,
        properties: [],
      });
    };
    const refused = await this.#conversation.tellAll(mods, inBundle, finish);
    if (refused.length === 0 && failure !== undefined) throw failure;
    return refused;
  }

  async #control(bundleId: number, control: 'openRequest' | 'commitRequest' | 'discardRequest'): Promise<void> {
    const body = { type: 'bundleControl', bundleId, control, flags: ATOMIC_AND_ORDERED, properties: [] } as const;
    await this.#conversation.request(experimenterMessage(0, body));
  }
}

/** The first refusal, in the words of the rule that caused it; undefined when there is none. */
export function refusalOf(refused: readonly Refused<FlowMod>[]): GluewallError | undefined {
  const [first] = refused;
  if (first === undefined) return undefined;
  const { message, error } = first;
  const { code } = errorNames(error.errorType, error.code, error.experimenter);
  const others = refused.length > 1 ? ` and ${refused.length - 1} more` : '';
  const rule = `${ruleName(ruleOf(message.cookie))}${others}`;
  return new GluewallError('openflow-refused', `the switch refused a flow of rule ${rule}: ${code}`);
}
