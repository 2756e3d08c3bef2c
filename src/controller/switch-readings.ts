import type { Address } from '../core/address.ts';
import { Group, Meter, Port } from '../openflow/schema/constants.ts';
import type { FlowStats, MultipartReplyBody } from '../openflow/schema/multipart.ts';
import { matchAddress } from './base-flows.ts';
import type { Conversation } from './conversation.ts';
import { COOKIE_TAG_MASK, cookieOf, PIPELINE, RULE_MASK } from './pipeline.ts';
import { readFlowsOfRule } from './switch-state.ts';

/** What is read from a switch while it is at work. What is read by the clock is asked for once at a time, however long the answer takes. */
export class SwitchReadings {
  readonly #conversation: Conversation;
  readonly #failed: (message: string) => void;
  readonly #underWay = new Set<'meters' | 'use'>();

  constructor(conversation: Conversation, failed: (message: string) => void) {
    this.#conversation = conversation;
    this.#failed = failed;
  }

  /** What all meters have counted. */
  meters(take: (parts: readonly MultipartReplyBody[]) => void): void {
    this.#once('meters', async () => take(await this.#conversation.multipart({ type: 'meter', meterId: Meter.ALL })));
  }

  /** What all allow flows have counted, some at a time. */
  use(take: (flows: readonly FlowStats[]) => void): void {
    const { rule } = PIPELINE.verdict.entries.allow;
    this.#once('use', () => readFlowsOfRule(this.#conversation, rule, take));
  }

  /**
   * The drop flows that may be about what a client sends to a destination, both of one family: those of the two, and those
   * for all that the client sends. Rejects with `openflow-request`.
   */
  async drops(client: Address, destination: Address): Promise<readonly FlowStats[]> {
    const { drop, dropClient } = PIPELINE.verdict.entries;
    const ofBoth = [...matchAddress('src', client), matchAddress('dst', destination)[1]!];
    const answers = await Promise.all([
      this.#flows(drop.rule, ofBoth),
      this.#flows(dropClient.rule, matchAddress('src', client)),
    ]);
    return answers.flat();
  }

  /** Those of a rule that match on these fields, or on more (OpenFlow 1.3.5 §7.3.5.2). */
  async #flows(rule: number, match: ReturnType<typeof matchAddress>): Promise<readonly FlowStats[]> {
    const parts = await this.#conversation.multipart({
      type: 'flow',
      tableId: PIPELINE.verdict.id,
      outPort: Port.ANY,
      outGroup: Group.ANY,
      cookie: cookieOf(0, rule),
      cookieMask: COOKIE_TAG_MASK | RULE_MASK,
      match,
    });
    return parts.flatMap((part) => (part.type === 'flow' ? part.entries : []));
  }

  #once(what: 'meters' | 'use', read: () => Promise<void>): void {
    if (this.#underWay.has(what)) return;
    this.#underWay.add(what);
    read()
      .catch((error: Error) => this.#failed(error.message))
      .finally(() => this.#underWay.delete(what));
  }
}
