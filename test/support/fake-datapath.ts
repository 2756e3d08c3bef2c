import type { ClientScope, DropScope, FlowScope } from '../../src/controller/flow-scope.ts';
import { PIPELINE } from '../../src/controller/pipeline.ts';
import { formatAddress } from '../../src/core/address.ts';
import type { Datapath } from '../../src/firewall/datapath.ts';
import type { Firewall } from '../../src/firewall/firewall.ts';
import type { Gate } from '../../src/firewall/gate.ts';
import { encodeMessage } from '../../src/openflow/message.ts';
import { PacketInView } from '../../src/openflow/packet-in.ts';
import { NO_BUFFER, PacketInReason } from '../../src/openflow/schema/constants.ts';
import { FrameView } from '../../src/packet/frame.ts';
import { showNarrowing } from './recording-datapath.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What the switch did with a frame as it came in. `asks`: it went to the controller and nowhere else. */
export type Fate = 'passes' | 'drops' | 'asks';

/** Of a bypass, which has no name of its own, the scope is empty or a group. */
interface HeldFlow {
  readonly kind: 'allow' | 'drop' | 'bypass';
  readonly scope: Partial<FlowScope>;
  readonly endsAtMs: number;
  readonly name: string;
}

/**
 * A switch on virtual time: it carries out the verdict table's flows, ends them at their hard timeout, and sends
 * packet_ins with the cookie of the entry that a frame met. Every frame given to it is a direct outbound query.
 */
export class FakeDatapath implements Datapath {
  /** Monitor mode when true: all is forwarded and copied. */
  isObserving = false;
  readonly inPort = 7;
  /** The group that table 0 would find a client in. */
  groupOf: (view: FrameView) => number = () => 1;
  /** Whether what table 1 has no verdict for is forwarded and copied, of a group. */
  observes: (group: number) => boolean = () => false;
  /** Frames sent back to where a client's came from, oldest first. */
  readonly answered: Buffer[] = [];
  /** Frames that left by a packet_out, oldest first. */
  readonly released: Buffer[] = [];
  /** Every flow that was ever added, oldest first. */
  readonly added: string[] = [];
  readonly #clock: VirtualClock;
  readonly #firewall: Firewall;
  readonly #gate: Gate;
  readonly #flows = new Map<string, HeldFlow>();
  readonly #view = new PacketInView();

  constructor(clock: VirtualClock, firewall: Firewall, gate: Gate) {
    this.#clock = clock;
    this.#firewall = firewall;
    this.#gate = gate;
  }

  /** Takes a frame in on the port of a client. */
  receive(frame: Buffer): Fate {
    const { fate, rule } = this.#match(frame);
    if (rule !== undefined) this.#packetIn(frame, rule);
    return fate;
  }

  /** `rule` is that of the entry that sends the frame to the controller, if one does. */
  #match(frame: Buffer): { readonly fate: Fate; readonly rule: number | undefined } {
    const { observed, blocked } = PIPELINE.copy.entries;
    const asks = { fate: 'asks', rule: PIPELINE.verdict.entries.ask.rule } as const;
    if (this.isObserving) return { fate: 'passes', rule: observed.rule };
    const view = new FrameView();
    if (view.parse(frame, 0, frame.length) !== undefined) return asks;
    if (this.#has('bypass', view)) return { fate: 'passes', rule: observed.rule };
    if (this.#has('allow', view)) return { fate: 'passes', rule: undefined };
    if (this.#has('drop', view)) return { fate: 'drops', rule: blocked.rule };
    return this.observes(this.groupOf(view)) ? { fate: 'passes', rule: observed.rule } : asks;
  }

  #packetIn(frame: Buffer, rule: number): void {
    const message = encodeMessage({
      type: 'packetIn',
      xid: 0,
      bufferId: NO_BUFFER,
      totalLen: frame.length,
      reason: PacketInReason.ACTION,
      tableId: 1,
      cookie: (0x6757n << 48n) | (0xabcdn << 32n) | BigInt(rule),
      match: [{ field: 'in_port', value: this.inPort }],
      data: frame,
    });
    if (!this.#view.set(message)) throw new Error('the packet_in is malformed');
    this.#firewall.packetIn(this.#gate, this.#view);
    // A connection uses its bytes again: whoever kept a view on them must notice.
    message.fill(0xee);
  }

  /** The flows that stand now, with the seconds left, in alphabetical order. */
  flows(): string[] {
    const nowMs = this.#clock.nowMs();
    const live = [...this.#flows.values()].filter(({ endsAtMs }) => endsAtMs > nowMs);
    return live.map(({ name, endsAtMs }) => `${name} ${Math.ceil((endsAtMs - nowMs) / 1000)}s`).sort();
  }

  /** Loses all flows, as when somebody deletes them by hand. */
  flush(): void {
    this.#flows.clear();
  }

  addAllow(scope: FlowScope, hardTimeoutSeconds: number): void {
    this.#add('allow', scope, hardTimeoutSeconds);
  }

  removeAllow(scope: FlowScope): void {
    this.#flows.delete(nameOf('allow', scope));
  }

  addDrop(scope: DropScope, hardTimeoutSeconds: number): void {
    this.#add('drop', scope, hardTimeoutSeconds);
  }

  removeDrop(scope: DropScope): void {
    this.#flows.delete(nameOf('drop', scope));
  }

  addClientDrop(scope: ClientScope, hardTimeoutSeconds: number): void {
    this.#add('drop', scope, hardTimeoutSeconds);
  }

  removeClientDrop(scope: ClientScope): void {
    this.#flows.delete(nameOf('drop', scope));
  }

  addBypass(group: number | undefined, hardTimeoutSeconds: number): void {
    this.#add('bypass', group === undefined ? {} : { group }, hardTimeoutSeconds);
  }

  removeBypass(group: number | undefined): void {
    this.#flows.delete(nameOf('bypass', group === undefined ? {} : { group }));
  }

  release(inPort: number, frame: Buffer, frameStart: number, frameEnd: number): void {
    if (inPort !== this.inPort) throw new Error(`released as from port ${inPort}`);
    this.released.push(Buffer.from(frame.subarray(frameStart, frameEnd)));
  }

  answer(inPort: number, frame: Buffer): void {
    if (inPort !== this.inPort) throw new Error(`answered on port ${inPort}`);
    this.answered.push(Buffer.from(frame));
  }

  #has(kind: HeldFlow['kind'], view: FrameView): boolean {
    const nowMs = this.#clock.nowMs();
    return [...this.#flows.values()].some(
      (flow) => flow.kind === kind && flow.endsAtMs > nowMs && this.#meets(flow.scope, view),
    );
  }

  #meets({ destination, client, group, inPort, mac, ipProtocol, clientPort }: Partial<FlowScope>, view: FrameView) {
    return (
      (destination ?? view.destination) === view.destination &&
      (client ?? view.source) === view.source &&
      (group === undefined || group === this.groupOf(view)) &&
      (inPort ?? this.inPort) === this.inPort &&
      (mac === undefined || mac === view.link?.sourceMac) &&
      (ipProtocol ?? view.protocol) === view.protocol &&
      (clientPort ?? view.sourcePort) === view.sourcePort
    );
  }

  #add(kind: HeldFlow['kind'], scope: Partial<FlowScope>, hardTimeoutSeconds: number): void {
    const isWhole = Number.isInteger(hardTimeoutSeconds) && hardTimeoutSeconds >= 1 && hardTimeoutSeconds <= 65_535;
    if (!isWhole) throw new Error(`hard timeout ${hardTimeoutSeconds}`);
    const name = nameOf(kind, scope);
    this.added.push(`${name} ${hardTimeoutSeconds}s`);
    this.#flows.set(name, { kind, scope, name, endsAtMs: this.#clock.nowMs() + hardTimeoutSeconds * 1000 });
  }
}

function nameOf(kind: HeldFlow['kind'], scope: Partial<FlowScope>): string {
  const { client, destination } = scope;
  const to = destination === undefined ? 'all' : formatAddress(destination);
  const from = client === undefined ? '' : `${formatAddress(client)}>`;
  return `${kind} ${kind === 'bypass' ? '' : from + to}${showNarrowing(scope)}`.replace('  ', ' ').trim();
}
