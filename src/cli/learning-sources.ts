import type { TakeBatch } from '../capture/capture-link.ts';
import { CaptureServer } from '../capture/capture-server.ts';
import { CopiedFrames } from '../capture/copied-frames.ts';
import { LiveCapture } from '../capture/live-capture.ts';
import { captureInterfaces } from '../config/effective.ts';
import type { Config } from '../config/schema.ts';
import { copyReasonOf, learningDirection } from '../controller/pipeline.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { DnstapReceiver } from '../dnstap/dnstap-receiver.ts';
import type { Learner } from '../nsdb/learner.ts';
import type { PacketInView } from '../openflow/packet-in.ts';
import type { Behaviour } from './behaviour/behaviour.ts';
import { learningOf, outsidePortsOf } from './bridge-settings.ts';
import type { QueryLog } from './query-log/query-log.ts';

/** Who else takes what is seen. */
export interface SightTakers {
  readonly queryLog?: QueryLog | undefined;
  readonly behaviour?: Behaviour | undefined;
}

/**
 * All that the history learns from: captured interfaces, resolvers that write dnstap, copies that switches send. What is seen
 * there enters the query log, too, as far as the configuration wants it, and goes to who looks at what hosts do.
 */
export class LearningSources {
  readonly capture: LiveCapture | CaptureServer | undefined;
  readonly dnstap: DnstapReceiver | undefined;
  /** What switches copy, where they are asked to. */
  readonly copies: CopiedFrames | undefined;
  #config: Config;

  constructor(config: Config, learner: Learner, { queryLog, behaviour }: SightTakers, clock: Clock, log: Log) {
    this.#config = config;
    const take: TakeBatch = (batch, shiftMs) => {
      learner.take(batch, shiftMs);
      if (this.#config.querylog.capture) queryLog?.takeCaptured(batch, shiftMs);
      behaviour?.takeCaptured(batch, shiftMs, 'border');
    };
    const takeNow = (batch: Uint8Array) => learner.take(batch);
    const takeFrames = (frames: Buffer, count: number, writer: string) => {
      if (this.#config.querylog.dnstap) queryLog?.takeDnstap(frames, count, writer);
      if (this.#config.behaviour.client_side.dnstap) behaviour?.takeDnstap(frames, count, writer);
    };
    this.capture = createCapture(config, take, clock, log);
    this.dnstap = createDnstap(config, takeNow, takeFrames, clock, log);
    this.copies = config.openflow.learn ? new CopiedFrames(clock, (batch) => take(batch, 0)) : undefined;
  }

  /** Takes up what can change while gluewall runs. */
  configure(config: Config): void {
    this.#config = config;
  }

  get areNone(): boolean {
    return this.capture === undefined && this.copies === undefined && this.dnstap === undefined;
  }

  /**
   * Every source there is works: all interfaces are captured, a resolver writes, and one of `switches` copies what comes from
   * outside.
   */
  areComplete(switches: readonly { readonly ports: ReadonlyMap<string, number> }[]): boolean {
    const isCaptured = this.capture === undefined || this.capture.isCapturing;
    const isWritten = this.dnstap === undefined || this.dnstap.isConnected;
    if (this.areNone || !isCaptured || !isWritten) return false;
    return this.copies === undefined || switches.some(({ ports }) => outsidePortsOf(this.#config, ports).length > 0);
  }

  async start(): Promise<void> {
    await this.capture?.start();
    await this.dnstap?.start();
  }

  async stop(): Promise<void> {
    await this.capture?.stop();
    await this.dnstap?.stop();
  }

  /** To be called about twice a second. */
  tick(): void {
    this.copies?.tick();
  }

  /** Takes a packet_in that is a copy to learn from; false for any other. */
  takeCopy(packet: PacketInView): boolean {
    const direction = this.copies === undefined ? undefined : learningDirection(copyReasonOf(packet));
    if (direction === undefined) return false;
    this.copies?.take(packet.message, packet.frameStart, packet.frameEnd, direction);
    return true;
  }

  /** Takes a direct query that has left, which no switch copies for us. */
  takeLeft(octets: Buffer, start: number, end: number): void {
    if (learningOf(this.#config) === 'all') this.copies?.take(octets, start, end, 'outbound');
  }
}

/** What captures interfaces of this machine, or hears from who does; undefined where nothing is to be captured. */
function createCapture(
  config: Config,
  take: TakeBatch,
  clock: Clock,
  log: Log,
): LiveCapture | CaptureServer | undefined {
  const { capture, inside } = config;
  const { listen, tls } = capture;
  if (listen !== undefined) {
    const places = { listen, ...(tls === undefined ? {} : { tls }) };
    return new CaptureServer(places, take, clock, log);
  }
  const interfaces = captureInterfaces(config);
  if (interfaces.length === 0) return undefined;
  const options = { interfaces, direction: capture.direction, insideNetworks: inside.networks, syns: capture.syns };
  return new LiveCapture(options, take, clock, log);
}

/** What hears from resolvers; undefined where none is to write. */
function createDnstap(
  { dnstap, trusted_resolvers: resolvers }: Config,
  take: (batch: Uint8Array) => void,
  onFrames: (frames: Buffer, count: number, writer: string) => void,
  clock: Clock,
  log: Log,
): DnstapReceiver | undefined {
  const { listen, access } = dnstap;
  if (listen === undefined) return undefined;
  return new DnstapReceiver({ listen, isForGroup: access === 'group', resolvers, onFrames }, take, clock, log);
}
