import type { FlowMod } from '../../../src/openflow/flow-mod.ts';
import type { MessageOf } from '../../../src/openflow/message.ts';
import {
  FlowRemovedReason,
  FragmentFlag,
  Group,
  Meter,
  NO_BUFFER,
  Table,
} from '../../../src/openflow/schema/constants.ts';
import type { ErrorCodeName } from '../../../src/openflow/schema/errors.ts';
import { actionsOf } from './flow-entry.ts';
import { FlowTables, NOTHING_REMOVED, type Outcome } from './flow-tables.ts';
import { type GroupMod, Groups } from './groups.ts';
import {
  bucketTrouble,
  type CheckedAgainst,
  instructionTrouble,
  packetOutTrouble,
  referenceTrouble,
} from './instruction-check.ts';
import { matchTrouble } from './match-check.ts';
import { Meters } from './meters.ts';
import { ModelPorts } from './ports.ts';

/** What a model switch is made with. */
export interface StateOptions {
  /** Port numbers by name: 1 to 3 where nothing is said. */
  readonly ports?: Readonly<Record<string, number>>;
  readonly tableCount?: number;
  /** Entries in each table. */
  readonly tableCapacity?: number;
  /** The highest meter number; 0: a switch without meters. */
  readonly maxMeter?: number;
}

/** A message that changes tables. */
export type TableChange = FlowMod | GroupMod | MessageOf<'meterMod'>;

const KNOWN_FLAGS = 0x1f;

/** All that a model switch holds besides its connections. */
export class SwitchState {
  readonly flows: FlowTables;
  readonly groups = new Groups();
  readonly meters: Meters;
  readonly ports: ModelPorts;
  /** OFPC_FRAG_* of SET_CONFIG. */
  fragmentMode: number = FragmentFlag.NORMAL;
  readonly #against: CheckedAgainst;

  constructor({ ports, tableCount = 254, tableCapacity = 1_000_000, maxMeter = 0xffff }: StateOptions) {
    this.flows = new FlowTables(tableCount, tableCapacity);
    this.meters = new Meters(maxMeter);
    this.ports = new ModelPorts(ports ?? { p1: 1, p2: 2, p3: 3 });
    this.#against = {
      hasMeter: (meterId) => this.meters.has(meterId),
      hasGroup: (groupId) => this.groups.get(groupId) !== undefined,
    };
  }

  /** Carries out one change, wholly or not at all. */
  apply(change: TableChange, nowMs: number): Outcome {
    switch (change.type) {
      case 'flowMod':
        return this.#applyFlowMod(change, nowMs);
      case 'groupMod':
        return this.#applyGroupMod(change, nowMs);
      case 'meterMod':
        return this.#applyMeterMod(change, nowMs);
    }
  }

  /** Returns what puts flows and groups back as they are now. */
  keep(): () => void {
    const flows = this.flows.snapshot();
    const groups = this.groups.snapshot();
    return () => {
      this.flows.restore(flows);
      this.groups.restore(groups);
    };
  }

  /** Why the actions of a packet_out would be refused. */
  packetOutTrouble({ actions }: MessageOf<'packetOut'>): ErrorCodeName | undefined {
    return packetOutTrouble(actions, this.#against);
  }

  #applyFlowMod(mod: FlowMod, nowMs: number): Outcome {
    const error = this.#flowModTrouble(mod);
    if (error !== undefined) return { error };
    return mod.bufferId === NO_BUFFER ? this.flows.apply(mod, nowMs) : { error: 'OFPBRC_BUFFER_UNKNOWN' };
  }

  #flowModTrouble(mod: FlowMod): ErrorCodeName | undefined {
    const { tableId, match, instructions, command, flags } = mod;
    const isDelete = command === 'delete' || command === 'deleteStrict';
    const trouble = matchTrouble(match);
    if (trouble !== undefined) return trouble;
    if ((flags & ~KNOWN_FLAGS) !== 0) return 'OFPFMFC_BAD_FLAGS';
    if (tableId >= this.flows.tableCount && !(isDelete && tableId === Table.ALL)) return 'OFPFMFC_BAD_TABLE_ID';
    if (isDelete) return undefined;
    const form = instructionTrouble(tableId, match, instructions, this.flows.tableCount);
    // A MODIFY that means no entry makes none that could lean on anything.
    if (form !== undefined || (command !== 'add' && this.flows.meant(mod).length === 0)) return form;
    return referenceTrouble(instructions, this.#against);
  }

  #applyGroupMod(mod: GroupMod, nowMs: number): Outcome {
    const actions = mod.buckets.flatMap((bucket) => bucket.actions);
    const trouble = mod.command === 'delete' ? undefined : bucketTrouble(actions);
    const error = trouble ?? this.groups.apply(mod, nowMs);
    if (error !== undefined) return { error };
    if (mod.command !== 'delete') return NOTHING_REMOVED;
    const isGone = (groupId: number) => mod.groupId === Group.ALL || mod.groupId === groupId;
    const leading = this.flows.all((entry) =>
      actionsOf(entry).some((action) => action.type === 'group' && isGone(action.groupId)),
    );
    return this.flows.remove(leading, FlowRemovedReason.GROUP_DELETE);
  }

  #applyMeterMod(mod: MessageOf<'meterMod'>, nowMs: number): Outcome {
    if (this.meters.maxMeter === 0) return { error: 'OFPMMFC_INVALID_METER' };
    const error = this.meters.apply(mod, nowMs);
    if (error !== undefined) return { error };
    if (mod.command !== 'delete') return NOTHING_REMOVED;
    const { meterId } = mod;
    const using = this.flows.all((entry) =>
      entry.instructions.some((step) => step.type === 'meter' && (meterId === Meter.ALL || step.meterId === meterId)),
    );
    return this.flows.remove(using, FlowRemovedReason.DELETE);
  }
}
