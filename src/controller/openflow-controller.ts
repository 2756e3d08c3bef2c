import type { Socket } from 'node:net';
import { type Clock, DAY_MS } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import type { Log } from '../core/log.ts';
import { PacedLog } from '../core/paced-log.ts';
import { expiresAtMs, loadTlsSettings, type TlsFiles, type TlsSettings } from '../core/tls-settings.ts';
import { PacketInQueue, type PacketInQueueOptions } from './packet-in-queue.ts';
import type { SessionHooks } from './session-hooks.ts';
import { type DialerCounter, SwitchDialer, type SwitchTarget } from './switch-dialer.ts';
import { type ListenerCounter, SwitchListener } from './switch-listener.ts';
import { SwitchSession } from './switch-session.ts';

export interface ControllerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** Connections at once; what comes beyond is turned away. One each is kept for those in `connect`. */
  readonly switches: number;
  /** Connections taken in a second, on average; as many as `switches` at once after a quiet while. */
  readonly connectionRate?: number;
  /** With these, listening is for TLS alone, and needs a certificate of the other end. */
  readonly tls?: TlsFiles;
  /** Switches that listen: a connection to each is kept up. `ssl` needs `tls`. */
  readonly connect?: readonly SwitchTarget[];
  readonly packetIns: PacketInQueueOptions;
}

const CONNECTION_RATE = 50;
/** From then on the start of gluewall warns that its certificate ends. */
const WARN_DAYS = 30;

export type ConnectionCounter = ListenerCounter | DialerCounter | 'refused: duplicate datapath id';

interface Connection {
  readonly isDialed: boolean;
  /** Of the other end's certificate. */
  readonly subject: string | undefined;
}

/** What the owner of the controller supplies. */
export interface ControllerHooks extends Omit<SessionHooks, 'identified' | 'closed'> {
  gone(session: SwitchSession): void;
}

/** Listens for switches, connects to others, and holds the sessions of both. Knows flows, not DNS. */
export class OpenFlowController {
  /** The packet_ins of all switches on their way to the owner. */
  readonly queue: PacketInQueue;
  /** Connections made, refused and tried in vain since the start. */
  readonly connections = new Counters<ConnectionCounter>();
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: ControllerOptions;
  readonly #hooks: ControllerHooks;
  readonly #sessions = new Map<SwitchSession, Connection>();
  readonly #identified = new Map<string, SwitchSession>();
  readonly #duplicates: PacedLog;
  /** Connections that never became a switch. */
  readonly #strangers: PacedLog;
  #listener: SwitchListener | undefined;
  #dialers: readonly SwitchDialer[] = [];
  #errors = 0;

  constructor(clock: Clock, log: Log, options: ControllerOptions, hooks: ControllerHooks) {
    this.#clock = clock;
    this.#log = log;
    this.#options = options;
    this.#hooks = hooks;
    this.queue = new PacketInQueue(clock, options.packetIns);
    this.#duplicates = new PacedLog(clock, log, 'error');
    this.#strangers = new PacedLog(clock, log, 'warn');
  }

  /** Every switch that has said who it is, also those whose flows do not stand yet or are another controller's. */
  get sessions(): readonly SwitchSession[] {
    return [...this.#identified.values()];
  }

  /** Sessions whose flows stand. */
  get switches(): readonly SwitchSession[] {
    return [...this.#identified.values()].filter((session) => session.isReady);
  }

  /** OpenFlow ERROR messages received since the start. */
  get errors(): number {
    return [...this.#sessions.keys()].reduce((sum, session) => sum + session.counters.get('errors'), this.#errors);
  }

  /**
   * Rejects with GluewallError `listen` when the address cannot be had, and `tls-files` when those cannot be used. Resolves
   * with the port listened on.
   */
  async start(): Promise<number> {
    const { tls, connect = [] } = this.#options;
    const settings = tls === undefined ? undefined : loadTlsSettings(tls, this.#clock.nowMs());
    if (settings !== undefined) this.#sayExpiry(settings);
    this.#listener = this.#createListener(settings);
    const port = await this.#listener.start();
    this.#dialers = connect.map((target) => this.#createDialer(target, settings));
    for (const dialer of this.#dialers) dialer.start();
    return port;
  }

  /** Closes every connection; flows stay on the switches. Safe twice. */
  async stop(): Promise<void> {
    for (const dialer of this.#dialers) dialer.stop();
    for (const session of [...this.#sessions.keys()]) session.close('the controller stops');
    this.#duplicates.stop();
    this.#strangers.stop();
    await this.#listener?.stop();
  }

  /** Brings every switch in step with what is desired now. */
  reconcileAll(): void {
    for (const session of this.#identified.values()) session.desireChanged();
  }

  #sayExpiry(tls: TlsSettings): void {
    const days = Math.floor((expiresAtMs(tls) - this.#clock.nowMs()) / DAY_MS);
    if (days >= WARN_DAYS) return;
    this.#log.warn({ days }, `openflow.tls.certificate expires in ${days} days: no switch will connect from then on`);
  }

  #createListener(tls: TlsSettings | undefined): SwitchListener {
    const { listen, switches, connectionRate = CONNECTION_RATE } = this.#options;
    const options = { ...listen, ratePerSecond: connectionRate, burst: switches };
    return new SwitchListener(this.#clock, this.#log, options, tls, this.connections, {
      full: (handshakes) => this.#full(handshakes),
      connected: (socket, subject) => this.#begin(socket, { isDialed: false, subject }),
    });
  }

  #createDialer(target: SwitchTarget, tls: TlsSettings | undefined): SwitchDialer {
    return new SwitchDialer(target, tls, this.#clock, this.#log, this.connections, (socket, subject) =>
      this.#begin(socket, { isDialed: true, subject }),
    );
  }

  #full(handshakes: number): string | undefined {
    const { switches, connect = [] } = this.#options;
    const accepted = [...this.#sessions.values()].filter(({ isDialed }) => !isDialed).length;
    if (accepted + handshakes + connect.length < switches) return undefined;
    return `openflow.switches is ${switches}${connect.length > 0 ? `, ${connect.length} of them for openflow.connect` : ''}`;
  }

  #begin(socket: Socket, connection: Connection): void {
    const session = new SwitchSession(socket, this.#clock, this.#log, this.queue, {
      ...this.#hooks,
      identified: (one) => this.#identify(one),
      closed: (one, reason) => this.#forget(one, reason),
    });
    this.#sessions.set(session, connection);
    const { isDialed, subject } = connection;
    if (!isDialed && subject !== undefined) {
      this.#log.info({ peer: session.peer, subject }, `connection by TLS from ${this.#nameOf(session)}`);
    }
    session.start();
  }

  #identify(session: SwitchSession): string | undefined {
    const { datapathId } = session;
    const holder = this.#identified.get(datapathId);
    if (holder === undefined) {
      this.#identified.set(datapathId, session);
      return undefined;
    }
    // A switch that lost its path comes back before its old connection is known to be dead.
    holder.challenge();
    const reason =
      `datapath id ${datapathId} is in use by ${this.#nameOf(holder)}: two bridges must not share one ` +
      '(if it is the same switch, which has lost its path, its next try succeeds)';
    this.connections.add('refused: duplicate datapath id');
    this.#duplicates.say(
      { datapathId, alarm: 'duplicate-datapath-id' },
      `${this.#nameOf(session)} is refused: ${reason}`,
    );
    return reason;
  }

  /** Where a session's switch is and, with TLS, who it is. */
  #nameOf(session: SwitchSession): string {
    const subject = this.#sessions.get(session)?.subject;
    return subject === undefined ? session.peer : `${session.peer} (${subject})`;
  }

  #forget(session: SwitchSession, reason: string): void {
    const name = this.#nameOf(session);
    const subject = this.#sessions.get(session)?.subject;
    this.#sessions.delete(session);
    this.#errors += session.counters.get('errors');
    const { datapathId, peer } = session;
    const fields = { datapathId, peer, subject };
    if (this.#identified.get(datapathId) !== session) {
      this.#strangers.say(fields, `connection from ${name} ended: ${reason}`);
      return;
    }
    this.#log.warn(fields, `switch ${datapathId} disconnected: ${reason}`);
    this.#identified.delete(datapathId);
    this.#hooks.gone(session);
  }
}
