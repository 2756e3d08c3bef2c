import { PIPELINE } from '../../src/controller/pipeline.ts';
import { type Address, formatAddress } from '../../src/core/address.ts';
import type { Firewall } from '../../src/firewall/firewall.ts';
import type { Datapath, Gate } from '../../src/firewall/gate.ts';
import { encodeMessage } from '../../src/openflow/message.ts';
import { PacketInView } from '../../src/openflow/packet-in.ts';
import { NO_BUFFER, PacketInReason } from '../../src/openflow/schema/constants.ts';
import { FrameView } from '../../src/packet/frame.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What the switch did with a frame as it came in. `asks`: it went to the controller and nowhere else. */
export type Fate = 'passes' | 'drops' | 'asks';

interface HeldFlow {
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
    const { source, destination } = view;
    if (this.#has(allowName(destination))) return { fate: 'passes', rule: undefined };
    const isDropped = this.#has(dropName(source, destination)) || this.#has(dropName(source, undefined));
    return isDropped ? { fate: 'drops', rule: blocked.rule } : asks;
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

  addAllow(destination: Address, hardTimeoutSeconds: number): void {
    this.#add(allowName(destination), hardTimeoutSeconds);
  }

  removeAllow(destination: Address): void {
    this.#flows.delete(allowName(destination));
  }

  addDrop(client: Address, destination: Address, hardTimeoutSeconds: number): void {
    this.#add(dropName(client, destination), hardTimeoutSeconds);
  }

  removeDrop(client: Address, destination: Address): void {
    this.#flows.delete(dropName(client, destination));
  }

  addClientDrop(client: Address, hardTimeoutSeconds: number): void {
    this.#add(dropName(client, undefined), hardTimeoutSeconds);
  }

  release(inPort: number, frame: Buffer, frameStart: number, frameEnd: number): void {
    if (inPort !== this.inPort) throw new Error(`released as from port ${inPort}`);
    this.released.push(Buffer.from(frame.subarray(frameStart, frameEnd)));
  }

  #has(name: string): boolean {
    return (this.#flows.get(name)?.endsAtMs ?? 0) > this.#clock.nowMs();
  }

  #add(name: string, hardTimeoutSeconds: number): void {
    const isWhole = Number.isInteger(hardTimeoutSeconds) && hardTimeoutSeconds >= 1 && hardTimeoutSeconds <= 65_535;
    if (!isWhole) throw new Error(`hard timeout ${hardTimeoutSeconds}`);
    this.added.push(`${name} ${hardTimeoutSeconds}s`);
    this.#flows.set(name, { name, endsAtMs: this.#clock.nowMs() + hardTimeoutSeconds * 1000 });
  }
}

function allowName(destination: Address): string {
  return `allow ${formatAddress(destination)}`;
}

function dropName(client: Address, destination: Address | undefined): string {
  return `drop ${formatAddress(client)}>${destination === undefined ? 'all' : formatAddress(destination)}`;
}
