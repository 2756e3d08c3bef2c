import type { ClientScope, DropScope } from '../controller/flow-scope.ts';
import type { Flow } from '../controller/pipeline.ts';
import { dropClientFlow, dropFlow, type VerdictFlow } from '../controller/verdict-flows.ts';
import type { Address } from '../core/address.ts';
import type { Counters } from '../core/counters.ts';
import type { Datapath } from './datapath.ts';
import { DropBook, type DropRecord } from './drop-book.ts';
import { secondsLeft } from './flow-seconds.ts';

export interface DropFlowOptions {
  readonly dropFlowSeconds: number;
  /** The most drop flows for one client before one flow drops all the client is not allowed. */
  readonly dropFlowsPerClient: number;
  /** The most drop flows on one switch. */
  readonly dropFlows: number;
}

export type DropCounter = 'drop flows' | 'client drop flows' | 'drop budget reached';

/** The drop flows of one switch, and what has them made. */
export class DropFlows {
  /** The budget of the options, or less where the switch has less room. */
  budget: number;
  readonly #book: DropBook;
  readonly #options: DropFlowOptions;
  readonly #counters: Pick<Counters<DropCounter>, 'add'>;

  constructor(nowMs: number, options: DropFlowOptions, counters: Pick<Counters<DropCounter>, 'add'>) {
    this.#book = new DropBook(nowMs);
    this.#options = options;
    this.#counters = counters;
    this.budget = options.dropFlows;
  }

  get size(): number {
    return this.#book.size;
  }

  /** Drops what a scope says for a while; beyond the budgets, all that the client is not allowed, or nothing. */
  block(scope: DropScope, mayDropAll: boolean, nowMs: number, datapath: Datapath | undefined): void {
    const { dropFlowSeconds, dropFlowsPerClient } = this.#options;
    this.expire(nowMs);
    if (this.#book.drops(scope)) return;
    const { client, group } = scope;
    const isOneMore = this.#book.countOf(client) < dropFlowsPerClient;
    if (this.#book.size >= this.budget || (!isOneMore && !mayDropAll)) {
      this.#counters.add('drop budget reached');
      return;
    }
    const endsAtMs = nowMs + dropFlowSeconds * 1000;
    if (isOneMore) {
      this.#book.add(scope, endsAtMs);
      this.#counters.add('drop flows');
      datapath?.addDrop(scope, dropFlowSeconds);
    } else {
      const all: ClientScope = group === undefined ? { client } : { client, group };
      this.#book.add(all, endsAtMs);
      this.#counters.add('client drop flows');
      datapath?.addClientDrop(all, dropFlowSeconds);
    }
  }

  /** Takes away those for a destination. */
  unblock(destination: Address, datapath: Datapath | undefined): void {
    for (const scope of this.#book.takeFor(destination)) datapath?.removeDrop(scope);
  }

  /** Takes one away; false when it went before. */
  remove(record: DropRecord, datapath: Datapath | undefined): boolean {
    if (!this.#book.forget(record)) return false;
    const { scope } = record;
    if (scope.destination === undefined) datapath?.removeClientDrop(scope);
    else datapath?.removeDrop(scope);
    return true;
  }

  /** Takes over one that the switch has; false where it is known, or there is no room. */
  adopt(flow: Extract<VerdictFlow, { readonly kind: 'drop' | 'dropClient' }>, nowMs: number): boolean {
    const isHeld = flow.kind === 'drop' ? this.#book.drops(flow.scope) : this.#book.dropsAllOf(flow.scope);
    if (isHeld || this.#book.size >= this.budget) return false;
    const seconds = Math.min(flow.secondsLeft, this.#options.dropFlowSeconds);
    this.#book.add(flow.scope, nowMs + seconds * 1000);
    return true;
  }

  expire(nowMs: number): void {
    this.#book.expire(nowMs);
  }

  /** All as they are now. */
  records(): DropRecord[] {
    return this.#book.records();
  }

  desired(nowMs: number): readonly Flow[] {
    return this.#book.live(nowMs).map(({ scope, endsAtMs }) => {
      const seconds = secondsLeft(endsAtMs, nowMs);
      return scope.destination === undefined ? dropClientFlow(scope, seconds) : dropFlow(scope, seconds);
    });
  }
}
