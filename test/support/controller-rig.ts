import { until } from '../../mininet/until.ts';
import { type ControllerHooks, OpenFlowController } from '../../src/controller/openflow-controller.ts';
import type { Flow } from '../../src/controller/pipeline.ts';
import type { RoleWish } from '../../src/controller/role.ts';
import type { SwitchSession } from '../../src/controller/switch-session.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { MessageOf } from '../../src/openflow/message.ts';
import type { PacketInView } from '../../src/openflow/packet-in.ts';
import { Meter } from '../../src/openflow/schema/constants.ts';
import { gateFlows, keepingLog } from './session-rig.ts';

const WAIT_MS = 10_000;

/** A controller for real switches that keeps what it is told. What it answers them is the test's to change. */
export class ControllerRig {
  readonly told: string[] = [];
  readonly log: string[] = [];
  verdicts: readonly Flow[] = [];
  base: (session: SwitchSession) => readonly Flow[] = gateFlows;
  rates = new Map([
    [1, 1000],
    [2, 100],
    [Meter.CONTROLLER, 5000],
  ]);
  role: RoleWish | undefined;
  readonly controller: OpenFlowController;
  /** What becomes of a packet_in beside its being told. */
  tookPacketIn: (packet: PacketInView) => void = () => undefined;
  /** What becomes of the end of a drop flow beside its being told. */
  tookFlowRemoved: (removed: MessageOf<'flowRemoved'>) => void = () => undefined;
  /** The one heard of last. */
  session: SwitchSession | undefined;

  constructor() {
    const tell = (what: string) => (session: SwitchSession) => {
      this.session = session;
      this.told.push(what);
    };
    const hooks: ControllerHooks = {
      role: () => this.role,
      baseFlows: (session) => this.base(session),
      verdictFlows: () => this.verdicts,
      meterRates: () => this.rates,
      ready: tell('ready'),
      standby: tell('standby'),
      packetIn: (session, packet) => {
        tell('packetIn')(session);
        this.tookPacketIn(packet);
      },
      tableFull: (_session, rule) => this.told.push(`tableFull ${rule}`),
      wantsUse: () => false,
      used: () => undefined,
      flowRemoved: (session, removed) => {
        tell('flowRemoved')(session);
        this.tookFlowRemoved(removed);
      },
      gone: tell('gone'),
    };
    const options = {
      listen: { host: '127.0.0.1', port: 0 },
      switches: 4,
      packetIns: { perPort: 256, bytes: 1 << 20 },
    };
    this.controller = new OpenFlowController(systemClock, keepingLog(this.log), options, hooks);
  }

  /** How often it was told `what`. */
  count(what: string): number {
    return this.told.filter((one) => one === what).length;
  }

  telling(what: string, count = 1): Promise<unknown> {
    return until(
      `${what} (told: ${this.told}; log: ${this.log.join('; ')})`,
      WAIT_MS,
      () => this.count(what) >= count || undefined,
    );
  }

  /** Waits until the flows have been found in step, or brought there, for the `count`th time. */
  inStep(count: number): Promise<unknown> {
    const lines = () => this.log.filter((line) => line.includes('flows in step'));
    return until(`in step; log: ${this.log.join('; ')}`, WAIT_MS, () => lines().length >= count || undefined);
  }
}
