import type { FlowScope } from '../controller/flow-scope.ts';
import type { Address } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import type { ClientGroup } from '../policy/client-group.ts';
import type { Mode } from '../policy/mode.ts';
import type { PolicyBook } from '../policy/policy-book.ts';
import { type PortNames, queryOfScope } from './request.ts';

/** What an allow flow may be made for, and until when. */
export interface Permission {
  readonly scope: FlowScope;
  /** Milliseconds; Infinity when nothing ends it. */
  readonly untilMs: number;
}

const NO_PORTS: PortNames = new Map();
/** Whose ports are kept in mind, those named last: as many as may be connected, and as many that are away. */
const MAX_SWITCHES = 2048;
const NO_PLACE = Number.NEGATIVE_INFINITY;

/** What of the policy can be said without a query: whether all that a flow lets pass is allowed. */
export class Permissions {
  readonly #clock: TimeSource;
  readonly #policies: PolicyBook;
  readonly #modeOf: (group: ClientGroup) => Mode;
  readonly #portNames = new Map<string, PortNames>();

  constructor(clock: TimeSource, policies: PolicyBook, modeOf: (group: ClientGroup) => Mode) {
    this.#clock = clock;
    this.#policies = policies;
    this.#modeOf = modeOf;
  }

  /** What the ports of a switch are called. True when that is another than before: what was permitted may not be now. */
  namePorts(datapathId: string, portNames: PortNames): boolean {
    const before = this.portsOf(datapathId);
    this.#portNames.delete(datapathId);
    this.#portNames.set(datapathId, portNames);
    if (this.#portNames.size > MAX_SWITCHES) this.#portNames.delete(this.#portNames.keys().next().value!);
    return !areSame(before, portNames);
  }

  portsOf(datapathId: string): PortNames {
    return this.#portNames.get(datapathId) ?? NO_PORTS;
  }

  /**
   * Until when all that a flow of this scope lets pass is allowed; undefined when not all of it is. −Infinity where no flow
   * of the scope has a place, neither one that allows nor one that drops: nothing is enforced for its clients, or it is
   * from before there were groups, and may be about clients that are in one now.
   */
  untilMs(datapathId: string, scope: FlowScope): number | undefined {
    const policy = this.#policies.current;
    const { groups } = policy;
    const asked = queryOfScope(scope, this.portsOf(datapathId), groups);
    if (asked === undefined || this.#modeOf(asked.query.group) !== 'enforce') return NO_PLACE;
    if (scope.group === undefined && groups.groups.length > 1) return NO_PLACE;
    const verdict = policy.decide(asked.query, this.#clock.nowMs());
    return verdict.kind === 'allow' && (verdict.reads & ~asked.common) === 0 ? verdict.untilMs : undefined;
  }

  /** Whether an allow flow of this scope may stand. */
  isAllowed(datapathId: string, scope: FlowScope): boolean {
    return (this.untilMs(datapathId, scope) ?? NO_PLACE) !== NO_PLACE;
  }

  /** What of the queries to an address is allowed whoever sends them, for each group that is enforced. */
  *foreseen(datapathId: string, destination: Address): Generator<Permission, void> {
    const { groups } = this.#policies.groups;
    for (const { id } of groups) {
      const scope = groups.length === 1 ? { destination } : { destination, group: id };
      const untilMs = this.untilMs(datapathId, scope) ?? NO_PLACE;
      if (untilMs !== NO_PLACE) yield { scope, untilMs };
    }
  }
}

function areSame(one: PortNames, other: PortNames): boolean {
  if (one.size !== other.size) return false;
  for (const [number, name] of one) if (other.get(number) !== name) return false;
  return true;
}
