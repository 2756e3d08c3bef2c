import type { MessageOf } from '../openflow/message.ts';
import type { PacketInView } from '../openflow/packet-in.ts';
import type { FlowStats } from '../openflow/schema/multipart.ts';
import type { Flow } from './pipeline.ts';
import type { RoleWish } from './role.ts';
import type { SwitchSession } from './switch-session.ts';

/** What a session asks of its owner and tells it. */
export interface SessionHooks {
  /** The switch has said who it is; a reason given back ends the connection. */
  identified(session: SwitchSession): string | undefined;
  /** The role to take; undefined where this is the only controller. */
  role(session: SwitchSession): RoleWish | undefined;
  /** The flows that should always stand. */
  baseFlows(session: SwitchSession): readonly Flow[];
  /** The flows that verdicts made and that should stand now; `present` are those of this kind that the switch has. */
  verdictFlows(session: SwitchSession, present: readonly FlowStats[]): readonly Flow[];
  /** Packets per second by meter id. */
  meterRates(): ReadonlyMap<number, number>;
  /** Flows and meters stand; packet_ins may follow. */
  ready(session: SwitchSession): void;
  /** Another controller is the master now: flows are not ours to change until `ready` comes again. */
  standby(session: SwitchSession): void;
  packetIn(session: SwitchSession, packet: PacketInView): void;
  /** The switch has no room for a flow of this rule, which a verdict made. */
  tableFull(session: SwitchSession, rule: number): void;
  /** Whether the counters of allow flows are wanted now: reading them costs the switch something. */
  wantsUse(session: SwitchSession): boolean;
  /** Allow flows with their counters, some at a time. */
  used(session: SwitchSession, flows: readonly FlowStats[]): void;
  /** A drop flow has ended, with its last counters. Those of flows that end while the switch is away are not told. */
  flowRemoved?(session: SwitchSession, removed: MessageOf<'flowRemoved'>): void;
  closed(session: SwitchSession, reason: string): void;
}
