import { type AddressInfo, createServer, type Server } from 'node:net';
import { until } from '../../mininet/until.ts';
import { baseFlows } from '../../src/controller/base-flows.ts';
import { PacketInQueue } from '../../src/controller/packet-in-queue.ts';
import type { Flow } from '../../src/controller/pipeline.ts';
import type { SessionHooks } from '../../src/controller/session-hooks.ts';
import { SwitchSession } from '../../src/controller/switch-session.ts';
import { parseNetwork } from '../../src/core/address.ts';
import type { Log } from '../../src/core/log.ts';
import type { PacketInView } from '../../src/openflow/packet-in.ts';
import { onlyGroup } from './default-group.ts';
import { FakeSwitch, type FakeSwitchOptions } from './fake-openflow-switch.ts';
import { VirtualClock } from './virtual-clock.ts';

const WAIT_MS = 5000;

/** A log that keeps what it is told: `level: message`. */
export function keepingLog(lines: string[]): Log {
  const keep = (level: string) => (_fields: object, message: string) => {
    lines.push(`${level}: ${message}`);
  };
  return { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
}

/** The flows of a gate that asks about direct queries, as the session's switch can have them. */
export function gateFlows(session: SwitchSession): readonly Flow[] {
  return baseFlows({
    groups: onlyGroup('ask'),
    onFailure: 'open',
    insideNetworks: [parseNetwork('192.0.2.0/24')!],
    trustedResolvers: [],
    outsidePorts: [session.ports.get('outside') ?? 99],
    learns: 'nothing',
    recordsAllowed: false,
    meters: session.hasMeters,
  });
}

/** Sessions on a real loopback socket and virtual time, with what they told their owner. */
export class SessionRig {
  readonly clock = new VirtualClock();
  readonly log: string[] = [];
  readonly sessions: SwitchSession[] = [];
  /** `ready`, `packetIn` and `closed: REASON`, in order. */
  readonly told: string[] = [];
  /** The answers to the sessions' questions; a test may change them. */
  hooks: Pick<SessionHooks, 'identified' | 'role' | 'baseFlows' | 'verdictFlows' | 'meterRates' | 'wantsUse'> = {
    identified: () => undefined,
    role: () => undefined,
    baseFlows: (session) => gateFlows(session),
    verdictFlows: () => [],
    wantsUse: () => false,
    meterRates: () =>
      new Map([
        [1, 1000],
        [2, 100],
      ]),
  };
  readonly queue = new PacketInQueue(this.clock, { perPort: 256, bytes: 1 << 20 });
  readonly #switches: FakeSwitch[] = [];
  readonly #server: Server = createServer((socket) => {
    const session = new SwitchSession(socket, this.clock, keepingLog(this.log), this.queue, {
      identified: (one) => this.hooks.identified(one),
      role: (one) => this.hooks.role(one),
      baseFlows: (one) => this.hooks.baseFlows(one),
      verdictFlows: (one, present) => this.hooks.verdictFlows(one, present),
      meterRates: () => this.hooks.meterRates(),
      wantsUse: (one) => this.hooks.wantsUse(one),
      ready: () => this.told.push('ready'),
      standby: () => this.told.push('standby'),
      packetIn: (_one, packet) => this.tookPacketIn(packet),
      tableFull: (_one, rule) => this.told.push(`tableFull ${rule}`),
      used: (_one, flows) => this.told.push(`used ${flows.length}`),
      closed: (_one, reason) => this.told.push(`closed: ${reason}`),
    });
    this.sessions.push(session);
    session.start();
  });

  /** What becomes of a packet_in; a test may change it. */
  tookPacketIn = (_packet: PacketInView): void => void this.told.push('packetIn');

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  /** Connects a switch; its session is the last of `sessions`. */
  async connect(options: FakeSwitchOptions = {}): Promise<FakeSwitch> {
    const count = this.sessions.length;
    const fake = await FakeSwitch.connect((this.#server.address() as AddressInfo).port, options);
    this.#switches.push(fake);
    await this.until('a session', () => this.sessions.length > count);
    return fake;
  }

  /** Connects a switch and waits until its flows stand. */
  async connectReady(
    options: FakeSwitchOptions = {},
  ): Promise<{ readonly fake: FakeSwitch; readonly session: SwitchSession }> {
    const fake = await this.connect(options);
    const session = this.sessions.at(-1)!;
    await this.until(`ready; told ${this.told}`, () => session.isReady);
    return { fake, session };
  }

  /** Waits until the last thing told is that a session has closed, and returns why. */
  async reason(): Promise<string> {
    await this.until('closed', () => this.told.at(-1)?.startsWith('closed: ') === true);
    return this.told.at(-1)!.slice('closed: '.length);
  }

  async until(what: string, isTrue: () => boolean): Promise<void> {
    await until(what, WAIT_MS, () => isTrue() || undefined);
  }

  async stop(): Promise<void> {
    for (const fake of this.#switches) fake.disconnect();
    for (const session of this.sessions) session.close('the test is over');
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
