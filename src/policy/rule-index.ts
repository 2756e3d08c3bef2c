import type { Address } from '../core/address.ts';
import type { Name } from '../dns/name.ts';
import type { NetworkTable } from './network-table.ts';
import type { Pack } from './pack.ts';
import { PackAnswer, type Unseen } from './pack-answer.ts';
import type { PolicyQuery } from './query.ts';
import type { DestinationSelector } from './rule.ts';
import type { RuleState } from './rule-book.ts';
import {
  divideBy,
  divideByNetwork,
  divideRest,
  divideRules,
  FEW_RULES,
  lookByNetwork,
  type RuleSet,
} from './rule-division.ts';
import { makeReady, type RuleEntry } from './rule-entry.ts';
import { RuleSearch } from './rule-search.ts';

/** What rules ask of the world beside the query. */
export interface RuleWorld {
  /** Undefined while there is no such pack: its rules then match nothing. */
  pack(name: string): Pack | undefined;
  /** Whether the history has the address for a name server of this name. */
  isNamed(destination: Address, nameServer: Name): boolean;
  /** The names for which `isNamed` is true: asked where rules are about many. */
  nameServersOf(destination: Address): readonly Name[];
}

/** The rules about one pack, and what that says of the query at hand. */
interface PackRules {
  readonly name: string;
  readonly answer: PackAnswer;
  readonly rules: RuleSet;
}

/**
 * Rules of one step, in order, found by destination, then client, then protocol, zone and type: only those that may hold for
 * a query are looked at. Which fields rule out the others is known by where they stand.
 */
export class RuleIndex {
  readonly #world: RuleWorld;
  readonly #search: RuleSearch;
  readonly #byAddress: ReadonlyMap<Address, RuleSet>;
  readonly #byNetwork: NetworkTable<RuleSet>;
  readonly #byNameServer: ReadonlyMap<Name, RuleSet>;
  readonly #byPack: readonly PackRules[];
  readonly #toAnywhere: RuleSet | undefined;
  readonly isEmpty: boolean;
  #reads = 0;

  constructor(states: readonly RuleState[], world: RuleWorld, unseen: Unseen) {
    this.#world = world;
    this.#search = new RuleSearch(unseen);
    this.isEmpty = states.length === 0;
    const answers = new Map<string, PackAnswer>();
    const entries = states.map((state, order) => makeReady(order, state, answerOf(state, answers, unseen)));
    this.#byAddress = divideBy(
      entries,
      keyTo('address', ({ address }) => address),
      divideRules,
    );
    this.#byNetwork = divideByNetwork(
      entries,
      keyTo('network', ({ network }) => network),
      divideRules,
    );
    this.#byNameServer = divideBy(
      entries,
      keyTo('name', ({ name }) => name),
      divideRules,
    );
    const byPack = divideBy(
      entries,
      keyTo('pack', ({ pack }) => pack),
      divideRules,
    );
    this.#byPack = [...byPack].map(([name, rules]) => ({ name, rules, answer: answers.get(name)! }));
    this.#toAnywhere = divideRest(entries, ({ state }) => state.rule.match.to === undefined, divideRules);
  }

  /** Whether some rule is about a name server, whose addresses may be others in a moment. */
  get asksHistory(): boolean {
    return this.#byNameServer.size > 0;
  }

  /** The first rule that holds; `reads` says then what was read. */
  find(query: PolicyQuery): RuleState | undefined {
    this.#reads = 0;
    if (this.isEmpty) return undefined;
    const search = this.#search;
    search.begin(query);
    this.#byAddress.get(query.destination)?.look(search);
    if (this.#byNetwork.size > 0) lookByNetwork(this.#byNetwork, query.destination, search);
    if (this.#byNameServer.size > 0) this.#lookByNameServer(search);
    for (const { name, answer, rules } of this.#byPack) {
      if (answer.begin(this.#world.pack(name), query)) rules.look(search);
    }
    this.#toAnywhere?.look(search);
    const { best } = search;
    // Rules that hold for a part of the others only do not matter once one holds for this query as a whole.
    this.#reads = best === undefined ? search.reads : best.fields | (best.pack?.fields ?? 0);
    return best?.state;
  }

  /** Bits of FIELD, of the last `find`: those that ruled all rules out, or those of the rule that holds. */
  get reads(): number {
    return this.#reads;
  }

  #lookByNameServer(search: RuleSearch): void {
    const { destination } = search.query;
    const names = this.#byNameServer.size > FEW_RULES ? this.#world.nameServersOf(destination) : undefined;
    if (names !== undefined) {
      for (const name of names) this.#byNameServer.get(name)?.look(search);
      return;
    }
    for (const [name, rules] of this.#byNameServer) {
      if (this.#world.isNamed(destination, name)) rules.look(search);
    }
  }
}

/** The key of rules to destinations of this kind. */
function keyTo<K extends DestinationSelector['kind'], T>(
  kind: K,
  keyOf: (to: Extract<DestinationSelector, { readonly kind: K }>) => T,
): (entry: RuleEntry) => T | undefined {
  return ({ state }) => {
    const { to } = state.rule.match;
    return to?.kind === kind ? keyOf(to as Extract<DestinationSelector, { readonly kind: K }>) : undefined;
  };
}

/** The one answer of the pack that the rule is about. */
function answerOf({ rule }: RuleState, answers: Map<string, PackAnswer>, unseen: Unseen): PackAnswer | undefined {
  const { to } = rule.match;
  if (to?.kind !== 'pack') return undefined;
  const held = answers.get(to.pack) ?? new PackAnswer(unseen);
  answers.set(to.pack, held);
  return held;
}
