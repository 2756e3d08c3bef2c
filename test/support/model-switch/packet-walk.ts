import type { MessageOf } from '../../../src/openflow/message.ts';
import type { Action } from '../../../src/openflow/schema/actions.ts';
import {
  CONTROLLER_MAX_LENGTH,
  FlowModFlag,
  FragmentFlag,
  Group,
  Meter,
  NO_BUFFER,
  PacketInReason,
  Port,
} from '../../../src/openflow/schema/constants.ts';
import type { Instruction } from '../../../src/openflow/schema/instructions.ts';
import { ActionSet, inSetOrder } from './action-set.ts';
import type { FlowEntry } from './flow-entry.ts';
import type { Forwarding, Happening, Passage } from './forwarding.ts';
import { popVlan, pushVlan, setField, setTtl } from './frame-edit.ts';
import { readFrameFields } from './frame-fields.ts';
import { type Bucket, GroupType, type ModelGroup } from './groups.ts';
import type { FieldNumbers } from './masked-field.ts';
import { ModelGap } from './model-gap.ts';
import type { SwitchState } from './switch-state.ts';

const TRANSPORT_FIELDS = ['tcp_src', 'tcp_dst', 'udp_src', 'udp_dst', 'sctp_src', 'sctp_dst'];
const ICMP_FIELDS = ['icmpv4_type', 'icmpv4_code', 'icmpv6_type', 'icmpv6_code'];

/** One packet on its way through the tables (OpenFlow 1.3.5 §5.1). */
export class PacketWalk {
  readonly #state: SwitchState;
  readonly #inPort: number;
  readonly #nowMs: number;
  readonly #happenings: Happening[] = [];
  readonly #passed: Passage[] = [];
  readonly #actionSet = new ActionSet();
  #frame: Buffer;
  #metadata = 0n;
  #entry: FlowEntry | undefined;
  #firstEntry: FlowEntry | undefined;
  /** OFPR_* of what goes to the controller now. */
  #reason: number = PacketInReason.ACTION;
  #tableId = 0;
  #missedIn: number | undefined;
  /** Nothing more is to be done on the way through the tables, or in the bucket. */
  #isOver = false;
  /** By a meter. */
  #isDropped = false;
  #mayEnterTables = false;

  constructor(state: SwitchState, frame: Buffer, inPort: number, nowMs: number) {
    this.#state = state;
    this.#frame = frame;
    this.#inPort = inPort;
    this.#nowMs = nowMs;
  }

  /** From table 0 on. */
  throughTables(): Forwarding {
    if (this.#isTaken()) this.#fromFirstTable();
    return this.#result();
  }

  /** Only these actions, as of a packet_out: they may send the packet to the first table. */
  throughActions(actions: readonly Action[]): Forwarding {
    this.#mayEnterTables = true;
    this.#carryOut(actions);
    return this.#result();
  }

  #fromFirstTable(): void {
    this.#mayEnterTables = false;
    let next: number | undefined = 0;
    while (next !== undefined) next = this.#throughTable(next);
    // Open vSwitch carries out the set as if it stood in the first entry, and also when the last table had none that matched.
    this.#entry = this.#firstEntry;
    this.#tableId = 0;
    // The end of the TTL ends the way through the tables, but not this; the drop of a meter ends all.
    this.#isOver = this.#isDropped;
    this.#carryOut(this.#actionSet.inOrder());
  }

  #result(): Forwarding {
    return { happenings: this.#happenings, passed: this.#passed, missedIn: this.#missedIn };
  }

  #isTaken(): boolean {
    if (!this.#state.ports.takes(this.#inPort)) return false;
    const isFragment = (readFrameFields(this.#frame).numbers.get('nw_frag') ?? 0n) !== 0n;
    return !isFragment || this.#state.fragmentMode !== FragmentFlag.DROP;
  }

  /** What the packet shows to a table. */
  #numbers(): FieldNumbers {
    const numbers = new Map(readFrameFields(this.#frame).numbers);
    numbers.set('in_port', BigInt(this.#inPort));
    numbers.set('metadata', this.#metadata);
    const isFragment = (numbers.get('nw_frag') ?? 0n) !== 0n;
    if (isFragment && this.#state.fragmentMode === FragmentFlag.NORMAL) {
      for (const field of [...TRANSPORT_FIELDS, ...ICMP_FIELDS]) numbers.delete(field);
    }
    return numbers;
  }

  #throughTable(tableId: number): number | undefined {
    const entry = this.#state.flows.lookUp(tableId, this.#numbers());
    this.#tableId = tableId;
    if (entry === undefined) {
      this.#missedIn = tableId;
      return undefined;
    }
    this.#entry = entry;
    this.#firstEntry ??= entry;
    const { priority, cookie, use, flags } = entry;
    this.#passed.push({ tableId, priority, cookie });
    if ((flags & FlowModFlag.NO_PKT_COUNTS) === 0) use.packetCount++;
    if ((flags & FlowModFlag.NO_BYT_COUNTS) === 0) use.byteCount += BigInt(this.#frame.length);
    use.lastAtMs = this.#nowMs;
    for (const step of inInstructionOrder(entry.instructions)) {
      const next = this.#step(step);
      if (this.#isOver) return undefined;
      if (next !== undefined) return next;
    }
    return undefined;
  }

  /** The next table when the step leads there. */
  #step(step: Instruction): number | undefined {
    switch (step.type) {
      case 'meter':
        this.#meter(step.meterId);
        return undefined;
      case 'applyActions':
        this.#reason = this.#isMiss() ? PacketInReason.NO_MATCH : PacketInReason.ACTION;
        this.#carryOut(step.actions);
        this.#reason = PacketInReason.ACTION;
        return undefined;
      case 'clearActions':
        this.#actionSet.clear();
        return undefined;
      case 'writeActions':
        this.#actionSet.write(step.actions);
        return undefined;
      case 'writeMetadata':
        this.#metadata = (this.#metadata & ~step.metadataMask) | (step.metadata & step.metadataMask);
        return undefined;
      case 'gotoTable':
        return step.tableId;
      default:
        throw new ModelGap(`instruction ${step.type}`);
    }
  }

  #meter(meterId: number): void {
    if (this.#state.meters.pass(meterId, this.#frame.length, this.#nowMs)) return;
    this.#happenings.push({ kind: 'meterDrop', meterId });
    this.#isOver = true;
    this.#isDropped = true;
  }

  #carryOut(actions: readonly Action[]): void {
    for (const action of actions) {
      if (this.#isOver) return;
      this.#act(action);
    }
  }

  #act(action: Action): void {
    switch (action.type) {
      case 'output':
        this.#output(action.port, action.maxLength);
        return;
      case 'group':
        this.#throughGroup(action.groupId);
        return;
      case 'pushVlan':
        this.#frame = pushVlan(this.#frame, action.etherType);
        return;
      case 'popVlan':
        this.#frame = popVlan(this.#frame);
        return;
      case 'setField':
        this.#frame = setField(this.#frame, action.oxm);
        return;
      case 'setNwTtl':
        this.#frame = setTtl(this.#frame, action.nwTtl);
        return;
      case 'decNwTtl':
        this.#decrementTtl();
        return;
      default:
        throw new ModelGap(`action ${action.type}`);
    }
  }

  #decrementTtl(): void {
    const ttl = readFrameFields(this.#frame).numbers.get('nw_ttl');
    if (ttl === undefined) return;
    if (ttl > 1n) {
      this.#frame = setTtl(this.#frame, Number(ttl) - 1);
      return;
    }
    this.#toController(CONTROLLER_MAX_LENGTH, PacketInReason.INVALID_TTL);
    this.#isOver = true;
  }

  #output(port: number, maxLength: number): void {
    switch (port) {
      case Port.IN_PORT:
        this.#toPort(this.#inPort);
        return;
      case Port.NORMAL:
        this.#happenings.push({ kind: 'normal', frame: this.#frame });
        return;
      case Port.FLOOD:
      case Port.ALL:
        for (const { portNo } of this.#state.ports.all()) if (portNo !== this.#inPort) this.#toPort(portNo);
        return;
      case Port.CONTROLLER:
        this.#toController(maxLength, this.#reason);
        return;
      case Port.TABLE:
        if (!this.#mayEnterTables) throw new ModelGap('output to TABLE from a table');
        this.#fromFirstTable();
        return;
      default:
        // Back out of the port it came from only by IN_PORT (§5.13).
        if (port !== this.#inPort) this.#toPort(port);
    }
  }

  #toPort(port: number): void {
    if (this.#state.ports.forwards(port)) this.#happenings.push({ kind: 'output', port, frame: this.#frame });
  }

  #isMiss(): boolean {
    return this.#entry !== undefined && this.#entry.priority === 0 && this.#entry.fields.length === 0;
  }

  #toController(maxLength: number, reason: number): void {
    if (!this.#state.ports.tells(this.#inPort) && this.#inPort < Port.MAX) return;
    if (!this.#state.meters.pass(Meter.CONTROLLER, this.#frame.length, this.#nowMs)) {
      this.#happenings.push({ kind: 'meterDrop', meterId: Meter.CONTROLLER });
      return;
    }
    const packetIn: MessageOf<'packetIn'> = {
      type: 'packetIn',
      xid: 0,
      bufferId: NO_BUFFER,
      totalLen: this.#frame.length,
      reason,
      tableId: this.#tableId,
      cookie: this.#entry?.cookie ?? 0xffffffffffffffffn,
      match: [
        { field: 'in_port', value: this.#inPort },
        ...(this.#metadata === 0n ? [] : [{ field: 'metadata', value: this.#metadata } as const]),
      ],
      data: this.#frame.subarray(0, maxLength),
    };
    this.#happenings.push({ kind: 'controller', packetIn });
  }

  #throughGroup(groupId: number): void {
    const group = this.#state.groups.get(groupId);
    if (group === undefined) return;
    group.packetCount++;
    group.byteCount += BigInt(this.#frame.length);
    const frame = this.#frame;
    const reason = this.#reason;
    this.#reason = PacketInReason.ACTION;
    for (const [index, bucket] of this.#bucketsOf(group)) {
      const counts = group.bucketCounts[index]!;
      counts.packetCount++;
      counts.byteCount += BigInt(frame.length);
      this.#carryOut(inSetOrder(bucket.actions));
      this.#frame = frame;
      this.#isOver = false;
    }
    this.#reason = reason;
  }

  /** A switch may select by whatever it likes: the model takes the first bucket with a weight. */
  #bucketsOf({ groupType, buckets }: ModelGroup): readonly (readonly [number, Bucket])[] {
    const all = [...buckets.entries()];
    if (groupType === GroupType.SELECT) return all.filter(([, { weight }]) => weight > 0).slice(0, 1);
    if (groupType === GroupType.FAST_FAILOVER) return all.filter(([, bucket]) => this.#isLive(bucket)).slice(0, 1);
    return all;
  }

  #isLive({ watchPort, watchGroup }: Bucket): boolean {
    const groupLives = (id: number) => this.#state.groups.get(id)?.buckets.some((bucket) => this.#isLive(bucket));
    return (
      (watchPort !== Port.ANY && this.#state.ports.isLive(watchPort)) ||
      (watchGroup !== Group.ANY && groupLives(watchGroup) === true)
    );
  }
}

/** Instructions are a set: they are carried out in this order, however they stand (§5.9). */
const INSTRUCTIONS = ['meter', 'applyActions', 'clearActions', 'writeActions', 'writeMetadata', 'gotoTable'] as const;

function inInstructionOrder(instructions: readonly Instruction[]): readonly Instruction[] {
  return INSTRUCTIONS.flatMap((type) => instructions.filter((step) => step.type === type));
}
