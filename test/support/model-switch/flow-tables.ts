import type { FlowMod } from '../../../src/openflow/flow-mod.ts';
import { FlowModFlag, FlowRemovedReason, Group, Port, Table } from '../../../src/openflow/schema/constants.ts';
import type { ErrorCodeName } from '../../../src/openflow/schema/errors.ts';
import {
  expiryOf,
  type FlowEntry,
  flowEntry,
  identityOf,
  leadsToGroup,
  outputsTo,
  type RemovedFlow,
} from './flow-entry.ts';
import { covers, type FieldNumbers, maskedFields, matches, overlap } from './masked-field.ts';

/** What a change of the tables comes to: why it was refused, or what went with it. */
export type Outcome = { readonly error: ErrorCodeName } | { readonly removed: readonly RemovedFlow[] };

export const NOTHING_REMOVED: Outcome = { removed: [] };

/** Which entries a DELETE, a MODIFY or a request for statistics means (OpenFlow 1.3.5 §6.4). */
export type FlowFilter = Pick<FlowMod, 'tableId' | 'outPort' | 'outGroup' | 'cookie' | 'cookieMask' | 'match'>;

/** Entries of one table by identity. */
type FlowTable = Map<string, FlowEntry>;

export interface TableCounts {
  lookups: bigint;
  matched: bigint;
}

/** The flow tables of the model: the flow_mods, the look-up, and what time takes away. */
export class FlowTables {
  readonly counts: TableCounts[];
  readonly #capacity: number;
  #tables: readonly FlowTable[];

  constructor(tableCount: number, capacity: number) {
    this.#capacity = capacity;
    this.#tables = Array.from({ length: tableCount }, () => new Map());
    this.counts = this.#tables.map(() => ({ lookups: 0n, matched: 0n }));
  }

  get tableCount(): number {
    return this.#tables.length;
  }

  /** All that stands, to be given to `restore`. */
  snapshot(): readonly FlowTable[] {
    return this.#tables.map((table) => new Map(table));
  }

  restore(tables: readonly FlowTable[]): void {
    this.#tables = tables;
  }

  entriesOf(tableId: number): readonly FlowEntry[] {
    return [...(this.#tables[tableId]?.values() ?? [])];
  }

  /** The entry of the highest priority that a packet matches; of two, the one that came first. */
  lookUp(tableId: number, packet: FieldNumbers): FlowEntry | undefined {
    let found: FlowEntry | undefined;
    for (const entry of this.#tables[tableId]!.values()) {
      if ((found === undefined || entry.priority > found.priority) && matches(entry.fields, packet)) found = entry;
    }
    const counts = this.counts[tableId]!;
    counts.lookups++;
    if (found !== undefined) counts.matched++;
    return found;
  }

  /** Entries that a filter means; narrower matches too. */
  find(filter: FlowFilter): readonly FlowEntry[] {
    const fields = maskedFields(filter.match);
    return this.#among(filter.tableId).filter((entry) => covers(fields, entry.fields) && passes(filter, entry));
  }

  /** Entries that a MODIFY or DELETE means. A MODIFY looks at neither port nor group (§6.4). */
  meant(given: FlowMod): readonly FlowEntry[] {
    const isModify = given.command === 'modify' || given.command === 'modifyStrict';
    const mod = isModify ? { ...given, outPort: Port.ANY, outGroup: Group.ANY } : given;
    if (mod.command === 'modify' || mod.command === 'delete') return this.find(mod);
    const identity = identityOf({ priority: mod.priority, fields: maskedFields(mod.match) });
    return this.#among(mod.tableId).filter((entry) => identityOf(entry) === identity && passes(mod, entry));
  }

  /** Carries out a flow_mod whose instructions have been checked. */
  apply(mod: FlowMod, nowMs: number): Outcome {
    switch (mod.command) {
      case 'add':
        return this.#add(mod, nowMs);
      case 'modify':
      case 'modifyStrict':
        return this.#modify(mod);
      case 'delete':
      case 'deleteStrict':
        return this.remove(this.meant(mod), FlowRemovedReason.DELETE);
    }
  }

  remove(entries: readonly FlowEntry[], reason: number): Outcome {
    for (const entry of entries) this.#tables[entry.tableId]!.delete(identityOf(entry));
    return { removed: entries.map((entry) => ({ entry, reason })) };
  }

  /** Every entry for which `wants` is true. */
  all(wants: (entry: FlowEntry) => boolean): readonly FlowEntry[] {
    return this.#among(Table.ALL).filter(wants);
  }

  /** Takes out what has stood or lain idle for too long. */
  expire(nowMs: number): readonly RemovedFlow[] {
    return this.all((entry) => expiryOf(entry).atMs <= nowMs).map((entry) => {
      this.remove([entry], FlowRemovedReason.IDLE_TIMEOUT);
      const { HARD_TIMEOUT, IDLE_TIMEOUT } = FlowRemovedReason;
      return { entry, reason: expiryOf(entry).isHard ? HARD_TIMEOUT : IDLE_TIMEOUT };
    });
  }

  /** When the next entry goes by itself, as things stand; infinite when none does. */
  nextExpiryMs(): number {
    const everything = this.all(() => true);
    return everything.reduce((soonest, entry) => Math.min(soonest, expiryOf(entry).atMs), Number.POSITIVE_INFINITY);
  }

  #add(mod: FlowMod, nowMs: number): Outcome {
    const entry = flowEntry(mod, nowMs);
    const table = this.#tables[mod.tableId]!;
    if ((mod.flags & FlowModFlag.CHECK_OVERLAP) !== 0 && overlaps(entry, table.values()))
      return { error: 'OFPFMFC_OVERLAP' };
    const identity = identityOf(entry);
    const old = table.get(identity);
    if (old === undefined && table.size >= this.#capacity) return { error: 'OFPFMFC_TABLE_FULL' };
    const keepsCounts = old !== undefined && (mod.flags & FlowModFlag.RESET_COUNTS) === 0;
    const use = keepsCounts ? { ...old.use, lastAtMs: nowMs } : entry.use;
    table.set(identity, { ...entry, use });
    return NOTHING_REMOVED;
  }

  /** Neither timers, nor cookies, nor flags change (§6.4). */
  #modify(mod: FlowMod): Outcome {
    for (const entry of this.meant(mod)) {
      const isReset = (mod.flags & FlowModFlag.RESET_COUNTS) !== 0;
      const use = isReset ? { ...entry.use, packetCount: 0n, byteCount: 0n } : entry.use;
      this.#tables[entry.tableId]!.set(identityOf(entry), { ...entry, use, instructions: mod.instructions });
    }
    return NOTHING_REMOVED;
  }

  #among(tableId: number): readonly FlowEntry[] {
    if (tableId !== Table.ALL) return this.entriesOf(tableId);
    return this.#tables.flatMap((table) => [...table.values()]);
  }
}

/** The same match again is no overlap to Open vSwitch: it is replaced. */
function overlaps(entry: FlowEntry, others: Iterable<FlowEntry>): boolean {
  const inItsPlace = identityOf(entry);
  return [...others].some(
    (other) =>
      other.priority === entry.priority && overlap(other.fields, entry.fields) && identityOf(other) !== inItsPlace,
  );
}

function passes({ cookie, cookieMask, outPort, outGroup }: FlowFilter, entry: FlowEntry): boolean {
  return (
    (entry.cookie & cookieMask) === (cookie & cookieMask) &&
    (outPort === Port.ANY || outputsTo(entry, outPort)) &&
    (outGroup === Group.ANY || leadsToGroup(entry, outGroup))
  );
}
