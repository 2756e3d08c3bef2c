import type { MessagePort } from 'node:worker_threads';
import { LiveCapture } from '../../capture/live-capture.ts';
import { looksAtHosts } from '../../config/effective.ts';
import type { Config } from '../../config/schema.ts';
import type { Address } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Finding, Found } from '../../findings/finding.ts';
import type { Unseen } from '../../services/behaviour-services.ts';
import { Behaviour } from './behaviour.ts';
import { behaviourOrder, behaviourSettings } from './behaviour-order.ts';
import { groupsOf } from './known-groups.ts';
import { unseenOf } from './unseen.ts';

/** The query log, as far as it gives what it keeps. */
export interface GivingLog {
  readonly clientInLog: (client: Address) => Address;
  teeTo(port: MessagePort): void;
  whenBegun(action: () => void): void;
}

/** Who looks at what hosts do, and what captures on the side of the clients for it alone. */
export class BehaviourHouse {
  readonly behaviour: Behaviour;
  readonly clientSide: LiveCapture | undefined;

  /** What is not looked for. */
  readonly unseen: readonly Unseen[];
  readonly #clientInLog: GivingLog['clientInLog'];

  constructor(
    behaviour: Behaviour,
    clientSide: LiveCapture | undefined,
    clientInLog: GivingLog['clientInLog'],
    unseen: readonly Unseen[],
  ) {
    this.behaviour = behaviour;
    this.clientSide = clientSide;
    this.#clientInLog = clientInLog;
    this.unseen = unseen;
  }

  /** Begins with the groups that these findings are about. */
  start(findings: readonly Finding[]): void {
    this.behaviour.start(groupsOf(findings));
    this.clientSide?.start();
  }

  configure(config: Config): void {
    this.behaviour.configure(behaviourSettings(config, this.#clientInLog));
  }

  /** Safe twice. */
  async stop(): Promise<void> {
    await this.clientSide?.stop();
    await this.behaviour.stop();
  }
}

/** Undefined where nobody is to look. */
export function createBehaviour(
  config: Config,
  queryLog: GivingLog | undefined,
  onFound: (found: readonly Found[]) => void,
  clock: Clock,
  log: Log,
): BehaviourHouse | undefined {
  if (!looksAtHosts(config)) return undefined;
  const clientInLog = queryLog?.clientInLog ?? ((client: Address) => client);
  const order = behaviourOrder(config, clientInLog);
  const giveLogPort = queryLog === undefined ? undefined : (port: MessagePort) => queryLog.teeTo(port);
  const behaviour = new Behaviour({ order, onFound, giveLogPort }, clock, log);
  queryLog?.whenBegun(() => behaviour.joinLog());
  return new BehaviourHouse(
    behaviour,
    createClientSide(config, behaviour, clock, log),
    clientInLog,
    unseenOf(order.sights),
  );
}

function createClientSide(
  { behaviour: { client_side }, inside }: Config,
  behaviour: Behaviour,
  clock: Clock,
  log: Log,
): LiveCapture | undefined {
  const { interfaces } = client_side;
  if (interfaces.length === 0) return undefined;
  // Clients and their resolver are both of the inside: addresses do not tell who asks.
  const options = { interfaces, direction: 'messages', insideNetworks: inside.networks, syns: true } as const;
  return new LiveCapture(options, (batch, shiftMs) => behaviour.takeCaptured(batch, shiftMs, 'client'), clock, log);
}
