import type { Log } from '../core/log.ts';
import type { FlowMod } from '../openflow/flow-mod.ts';
import type { FlowStats } from '../openflow/schema/multipart.ts';
import { areCopiesMetered, generationOf } from './base-flows.ts';
import type { Conversation, Refused } from './conversation.ts';
import { type Flow, ruleOf, VERDICT_RULES } from './pipeline.ts';
import { addFlow, diffFlowsInTurns } from './reconcile.ts';
import { RequestRefused } from './requests.ts';
import { readHasMeters, readOwnFlows, setMeters } from './switch-state.ts';
import { refusalOf, SLICE, Transaction } from './transaction.ts';
import type { VerdictWriter } from './verdict-writer.ts';

/** Verdicts never cease: how often the flows are compared for those that were given while that was done. */
const MAX_COMPARISONS = 3;

/** What the switch should have now, and who is to hear what it refused. */
export interface Desire {
  /** Packets per second by meter id. */
  meterRates(): ReadonlyMap<number, number>;
  /** The flows that always stand. */
  baseFlows(): readonly Flow[];
  /** The flows that verdicts made; `present` are those of this kind that the switch has. */
  verdictFlows(present: readonly FlowStats[]): readonly Flow[];
  /** The switch refused a flow that a verdict made. */
  refused(refusal: Refused<FlowMod>): void;
}

/**
 * Keeps the meters and flows of one switch in step with what is desired: what is there is read by the cookies of ours,
 * compared, and only what differs is changed. Meters go first, then what always stands as one transaction, then the flows
 * of verdicts; within each of these two, what is left over goes last. A read that did not come to its end is never compared.
 */
export class FlowSync {
  readonly #conversation: Conversation;
  readonly #writer: VerdictWriter;
  readonly #log: Log;
  readonly #desire: Desire;
  readonly #transaction: Transaction;
  #meters: ReadonlySet<number> = new Set();
  #hasMeters: boolean | undefined;
  /** Ids of the meters that the log has last been told are missing. */
  #saidMissing = '';
  #hasRun = false;
  #generation = 0;
  #renewed: readonly Flow[] = [];

  constructor(conversation: Conversation, writer: VerdictWriter, log: Log, desire: Desire) {
    this.#conversation = conversation;
    this.#writer = writer;
    this.#log = log;
    this.#desire = desire;
    this.#transaction = new Transaction(conversation);
  }

  /** Whether copies to the controller pass a meter in the switch. */
  get hasCopyMeters(): boolean {
    return areCopiesMetered(this.#meters, this.#desire.meterRates());
  }

  /** Ids of our meters that stand. */
  get meters(): ReadonlySet<number> {
    return this.#meters;
  }

  get hasBundles(): boolean {
    return this.#transaction.hasBundles;
  }

  /**
   * Rejects with GluewallError `openflow-request` when the switch does not answer, and `openflow-refused` when it refuses a
   * flow that must stand; where it has bundles no flow is changed then.
   */
  async run(): Promise<void> {
    await this.#setMeters();
    const present = await readOwnFlows(this.#conversation);
    const isOfVerdict = ({ cookie }: FlowStats) => VERDICT_RULES.includes(ruleOf(cookie));
    const base = await this.#setBase(present.filter((flow) => !isOfVerdict(flow)));
    let { changed, isOvertaken } = await this.#setVerdicts(present.filter(isOfVerdict));
    let verdicts = changed;
    for (let left = MAX_COMPARISONS - 1; left > 0 && isOvertaken; left--) {
      const flows = (await readOwnFlows(this.#conversation)).filter(isOfVerdict);
      ({ changed, isOvertaken } = await this.#setVerdicts(flows));
      verdicts += changed;
    }
    this.#sayInStep(present.length, base + verdicts);
  }

  /** Makes the entries with a timeout live on: they outlive a controller only so long. */
  renew(): void {
    for (const flow of this.#renewed) this.#conversation.tell(addFlow(flow, this.#generation));
  }

  /** A switch whose ports change all the time has its flows looked at as often. */
  #sayInStep(present: number, changed: number): void {
    const level = this.#hasRun && changed === 0 ? 'debug' : 'info';
    this.#hasRun = true;
    this.#log[level]({ present, changed }, `flows in step: ${present} were there, ${changed} changed`);
  }

  async #setMeters(): Promise<void> {
    const rates = this.#desire.meterRates();
    this.#meters = await this.#standingMeters(rates);
    const missing = [...rates.keys()].filter((meterId) => !this.#meters.has(meterId));
    const said = this.#saidMissing;
    this.#saidMissing = missing.join(' ');
    if (missing.length === 0 || this.#saidMissing === said) return;
    this.#log.warn(
      { missing },
      `the switch ${this.#hasMeters ? `refuses ${missing.length} of our meters` : 'has no meters'}: ` +
        'copies beyond copy.*_rate are dropped here, and queries without a verdict are bounded by ask.waiting alone',
    );
  }

  /** A switch may also say that it has meters, and refuse to tell which. */
  async #standingMeters(rates: ReadonlyMap<number, number>): Promise<ReadonlySet<number>> {
    this.#hasMeters ??= await readHasMeters(this.#conversation, rates).catch((error: Error) => {
      if (this.#conversation.isOver) throw error;
      return false;
    });
    if (!this.#hasMeters) return new Set();
    return setMeters(this.#conversation, rates).catch((error: Error) => {
      if (!(error instanceof RequestRefused)) throw error;
      this.#hasMeters = false;
      return new Set<number>();
    });
  }

  /** Resolves with the number of changes. */
  async #setBase(present: readonly FlowStats[]): Promise<number> {
    const base = this.#desire.baseFlows();
    const generation = generationOf(base);
    const { mods } = await diffFlowsInTurns(present, base, generation);
    const refusal = refusalOf(await this.#transaction.commit(mods));
    if (refusal !== undefined) throw refusal;
    this.#generation = generation;
    this.#renewed = base.filter(({ hardTimeoutSeconds }) => hardTimeoutSeconds > 0);
    this.#writer.setGeneration(generation);
    return mods.length;
  }

  /** `isOvertaken`: other verdicts may have been given between the comparison and the changes, or between these. */
  async #setVerdicts(
    present: readonly FlowStats[],
  ): Promise<{ readonly changed: number; readonly isOvertaken: boolean }> {
    const desired = this.#desire.verdictFlows(present);
    const { mods, turns } = await diffFlowsInTurns(present, desired, this.#generation);
    const changed = mods.length;
    const progress = (done: number) => {
      if (changed > done) this.#log.info({ done, of: changed }, `flows: ${done} of ${changed} sent`);
    };
    for (const refusal of await this.#transaction.inOrder(mods, progress)) this.#desire.refused(refusal);
    return { changed, isOvertaken: changed > SLICE || (changed > 0 && turns > 0) };
  }
}
