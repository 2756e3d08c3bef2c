import type { Clock } from '../../../src/core/clock.ts';
import type { FlowMod } from '../../../src/openflow/flow-mod.ts';
import type { Message, MessageOf } from '../../../src/openflow/message.ts';
import { FragmentFlag } from '../../../src/openflow/schema/constants.ts';
import type { ErrorCodeName } from '../../../src/openflow/schema/errors.ts';
import type { RemovedFlow } from './flow-entry.ts';
import { flowRemoved } from './flow-removed.ts';
import type { Outcome } from './flow-tables.ts';
import type { Forwarding } from './forwarding.ts';
import { ModelConnection } from './model-connection.ts';
import { PacketWalk } from './packet-walk.ts';
import { type StateOptions, SwitchState, type TableChange } from './switch-state.ts';

export interface ModelSwitchOptions extends StateOptions {
  readonly datapathId?: bigint;
  /** Entries in one part of a multipart reply. */
  readonly entriesPerPart?: number;
  /** Whether it knows the bundles of the ONF. */
  readonly bundles?: boolean;
  /** The OFPC_FRAG_* values that SET_CONFIG may ask for; another is refused, but REASM is left undone without a word. */
  readonly fragmentModes?: readonly number[];
  /** Told what became of a packet that a controller sent. */
  readonly packetOut?: (forwarding: Forwarding) => void;
}

const { NORMAL, DROP, NX_MATCH } = FragmentFlag;

/**
 * An OpenFlow 1.3 switch in memory, on a clock that the test moves. Controllers connect to it, send it decoded messages
 * and are sent its own; `forward` says where a packet goes. It follows Open vSwitch where the specification leaves a choice,
 * and throws ModelGap where it would have to guess.
 */
export class ModelSwitch {
  readonly state: SwitchState;
  readonly clock: Clock;
  readonly options: Required<Omit<ModelSwitchOptions, keyof StateOptions>>;
  readonly #connections = new Set<ModelConnection>();
  #nextExpiryMs = Number.POSITIVE_INFINITY;
  /** The generation of the last master or slave (OpenFlow 1.3.5 §7.3.9). */
  #generationId: bigint | undefined;

  constructor(clock: Clock, options: ModelSwitchOptions = {}) {
    this.clock = clock;
    this.state = new SwitchState(options);
    this.options = {
      datapathId: options.datapathId ?? 1n,
      entriesPerPart: options.entriesPerPart ?? 100,
      bundles: options.bundles ?? true,
      fragmentModes: options.fragmentModes ?? [NORMAL, DROP, NX_MATCH],
      packetOut: options.packetOut ?? (() => undefined),
    };
  }

  /** A controller's connection: `send` is given every message of the switch, its HELLO first. */
  connect(send: (message: Message) => void): ModelConnection {
    const connection = new ModelConnection(this, send, () => this.#connections.delete(connection));
    this.#connections.add(connection);
    connection.start();
    return connection;
  }

  /** Sends a packet through the tables; controllers are sent what comes of it. */
  forward(frame: Buffer, inPort: number): Forwarding {
    this.#expire();
    const forwarding = new PacketWalk(this.state, frame, inPort, this.clock.nowMs()).throughTables();
    this.#tellPacketIns(forwarding);
    return forwarding;
  }

  /** Carries out the actions of a packet_out, which have been checked. */
  packetOut({ data, inPort, actions }: MessageOf<'packetOut'>): void {
    const forwarding = new PacketWalk(this.state, data, inPort, this.clock.nowMs()).throughActions(actions);
    this.#tellPacketIns(forwarding);
    this.options.packetOut(forwarding);
  }

  /** Carries out changes all together: at the first that is refused none has happened, and its place and error are returned. */
  change(changes: readonly TableChange[]): { readonly index: number; readonly error: ErrorCodeName } | undefined {
    this.#expire();
    const putBack = changes.length > 1 ? this.state.keep() : () => undefined;
    const removed: RemovedFlow[] = [];
    for (const [index, change] of changes.entries()) {
      const outcome: Outcome = this.state.apply(change, this.clock.nowMs());
      if ('error' in outcome) {
        putBack();
        return { index, error: outcome.error };
      }
      removed.push(...outcome.removed);
      if (change.type === 'flowMod') this.#watch(this.clock.nowMs() + soonestTimeoutMs(change));
    }
    this.#tellRemoved(removed);
    return undefined;
  }

  /** Sends a message of its own accord to every controller that has asked for it. */
  tellAll(message: Message): void {
    for (const connection of this.#connections) connection.tell(message);
  }

  /** Takes the generation of a role request; false when it is stale. */
  takeGeneration(generationId: bigint): boolean {
    const distance = BigInt.asIntN(64, generationId - (this.#generationId ?? generationId));
    if (distance < 0n) return false;
    this.#generationId = generationId;
    return true;
  }

  /** All ones while nobody has named one. */
  get generationId(): bigint {
    return this.#generationId ?? 0xffffffffffffffffn;
  }

  /** A new master makes slaves of the others. */
  demoteAllBut(master: ModelConnection): void {
    for (const connection of this.#connections) if (connection !== master) connection.demote();
  }

  #tellPacketIns({ happenings }: Forwarding): void {
    for (const happening of happenings) if (happening.kind === 'controller') this.tellAll(happening.packetIn);
  }

  #tellRemoved(removed: readonly RemovedFlow[]): void {
    for (const one of removed) {
      const message = flowRemoved(one, this.clock.nowMs());
      if (message !== undefined) this.tellAll(message);
    }
  }

  #expire(): void {
    const nowMs = this.clock.nowMs();
    if (nowMs < this.#nextExpiryMs) return;
    this.#nextExpiryMs = Number.POSITIVE_INFINITY;
    this.#tellRemoved(this.state.flows.expire(nowMs));
    this.#watch(this.state.flows.nextExpiryMs());
  }

  /** One timer waits at a time for each expiry that came closer; one that comes too early finds nothing to do. */
  #watch(atMs: number): void {
    if (atMs >= this.#nextExpiryMs) return;
    this.#nextExpiryMs = atMs;
    this.clock.after(atMs - this.clock.nowMs(), () => this.#expire());
  }
}

function soonestTimeoutMs({ idleTimeout, hardTimeout }: FlowMod): number {
  return Math.min(...[idleTimeout, hardTimeout].filter((seconds) => seconds > 0)) * 1000;
}
