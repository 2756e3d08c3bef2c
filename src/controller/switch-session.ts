import type { Socket } from 'node:net';
import { type Clock, every } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import type { Log } from '../core/log.ts';
import { Framer } from '../openflow/framer.ts';
import { decodeHello, decodeMessage, type Message, type MessageOf } from '../openflow/message.ts';
import { PacketInView } from '../openflow/packet-in.ts';
import { describeMessage } from '../openflow/print.ts';
import { MessageType, Meter, PortReason } from '../openflow/schema/constants.ts';
import type { MultipartReplyBody } from '../openflow/schema/multipart.ts';
import { ASK_RENEWAL_MS, COPY_METERS, generationOf } from './base-flows.ts';
import { Conversation, offersVersion13 } from './conversation.ts';
import type { CopyReason, Flow } from './pipeline.ts';
import { addFlow, diffFlows } from './reconcile.ts';
import { SendBuffer } from './send-buffer.ts';
import {
  readDatapathId,
  readHasMeters,
  readOwnFlows,
  readPorts,
  sendInSlices,
  setMeters,
  showFragmentPorts,
} from './switch-state.ts';
import { VerdictWriter } from './verdict-writer.ts';

const HANDSHAKE_MS = 10_000;
const ECHO_MS = 5000;
const SILENCE_MS = 15_000;
const CHALLENGE_MS = 1000;
/** Malformed messages, and ERRORs, that one connection may put into the log; all of them are counted. */
const MAX_COMPLAINTS = 20;
/** Packet_ins come whole. */
const MISS_SEND_BYTES = 0xffff;
const MAX_BACKLOG_BYTES = 16 * 1024 * 1024;

/** What a session asks of its owner and tells it. */
export interface SessionHooks {
  /** The switch has said who it is; a reason given back ends the connection. */
  identified(session: SwitchSession): string | undefined;
  /** The flows the switch should have now: those that always stand, and those that verdicts made. */
  desiredFlows(session: SwitchSession): { readonly base: readonly Flow[]; readonly verdicts: readonly Flow[] };
  /** Packets per second by meter id. */
  meterRates(): ReadonlyMap<number, number>;
  /** Flows and meters stand; packet_ins may follow. */
  ready(session: SwitchSession): void;
  packetIn(session: SwitchSession, packet: PacketInView): void;
  closed(session: SwitchSession, reason: string): void;
}

type SessionCounter = 'messages' | 'packet_in' | 'malformed' | 'errors' | 'errors of flow_mod';

/** One switch's connection, from HELLO to its end (OpenFlow 1.3.5 §6.3). */
export class SwitchSession {
  readonly counters = new Counters<SessionCounter>();
  readonly peer: string;
  readonly verdicts: VerdictWriter;
  /** 16 hexadecimal digits; empty until the switch is identified. */
  datapathId = '';
  /** Port numbers by name. */
  ports: ReadonlyMap<string, number> = new Map();
  hasMeters = false;
  /** Copies that the meters dropped, by reason. */
  readonly copiesDropped: Record<CopyReason, number> = { observed: 0, blocked: 0 };
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #hooks: SessionHooks;
  readonly #framer = new Framer();
  readonly #out: SendBuffer;
  readonly #conversation: Conversation;
  readonly #packet = new PacketInView();
  readonly #cancelTimers: (() => void)[] = [];
  #cancelHandshakeLimit = () => {};
  #cancelChallenge = () => {};
  #isChallenged = false;
  #heardHello = false;
  #isReady = false;
  #closeReason: string | undefined;
  #lastHeardMs: number;
  #generation = 0;
  #renewed: readonly Flow[] = [];
  #reconciling: Promise<void> | undefined;
  #reconcileAgain = false;
  #portsChanged = false;

  constructor(socket: Socket, clock: Clock, log: Log, hooks: SessionHooks) {
    this.#socket = socket;
    this.#clock = clock;
    this.#log = log;
    this.#hooks = hooks;
    this.#out = new SendBuffer(socket, MAX_BACKLOG_BYTES, () => this.close('the switch reads too slowly'));
    this.#conversation = new Conversation(this.#out, clock);
    this.verdicts = new VerdictWriter(this.#out);
    this.#lastHeardMs = clock.nowMs();
    this.peer = `${socket.remoteAddress}:${socket.remotePort}`;
  }

  /** Starts the handshake. */
  start(): void {
    const socket = this.#socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.close(error.message));
    socket.on('close', () => this.close('the switch closed the connection'));
    this.#cancelHandshakeLimit = this.#clock.after(HANDSHAKE_MS, () => this.close('no handshake in time'));
    this.#conversation.greet();
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Ends the connection; safe twice. */
  close(reason: string): void {
    if (this.#closeReason !== undefined) return;
    this.#closeReason = reason;
    this.#isReady = false;
    this.#cancelHandshakeLimit();
    this.#cancelChallenge();
    for (const cancel of this.#cancelTimers) cancel();
    this.#conversation.end(reason);
    this.#socket.destroy();
    this.#hooks.closed(this, reason);
  }

  /** Closes the session unless the switch is heard of soon: another one has come with its datapath id. */
  challenge(): void {
    if (this.#isChallenged) return;
    this.#isChallenged = true;
    const heard = this.counters.get('messages');
    this.#conversation.tell({ type: 'echoRequest', xid: 0, data: Buffer.alloc(0) });
    const check = () => {
      this.#isChallenged = false;
      if (this.counters.get('messages') === heard)
        this.close('silent, and its datapath id has come back on another connection');
    };
    this.#cancelChallenge = this.#clock.after(CHALLENGE_MS, check);
  }

  /** Brings the switch in step with the desired flows. A call while one is under way makes it run once more. */
  reconcile(): Promise<void> {
    if (this.#reconciling !== undefined) {
      this.#reconcileAgain = true;
      return this.#reconciling;
    }
    this.#reconciling = this.#reconcileOnce().finally(() => {
      this.#reconciling = undefined;
      if (!this.#reconcileAgain) return;
      this.#reconcileAgain = false;
      this.reconcileOrClose();
    });
    return this.#reconciling;
  }

  /** What is desired has changed: a session in its handshake that has not asked for it yet need not be told. */
  desireChanged(): void {
    if (this.#isReady || this.#reconciling !== undefined) this.reconcileOrClose();
  }

  reconcileOrClose(): void {
    this.reconcile().catch((error: Error) => this.close(error.message));
  }

  #receive(chunk: Buffer): void {
    this.#lastHeardMs = this.#clock.nowMs();
    const error = this.#framer.push(chunk, (message) => this.#dispatch(message));
    if (error !== undefined) this.close(error.message);
  }

  #dispatch(message: Buffer): void {
    if (this.#closeReason !== undefined) return;
    this.counters.add('messages');
    if (!this.#heardHello) this.#hello(message);
    else if (message[1] === MessageType.PACKET_IN) this.#packetIn(message);
    else this.#decode(message);
  }

  #decode(message: Buffer): void {
    const decoded = decodeMessage(message);
    if (decoded.ok) {
      this.#handle(decoded.message);
      return;
    }
    this.counters.add('malformed');
    if (this.counters.get('malformed') > MAX_COMPLAINTS) return;
    this.#log.warn({ datapathId: this.datapathId, peer: this.peer }, `message dropped: ${decoded.error.message}`);
  }

  #hello(message: Buffer): void {
    const hello = decodeHello(message);
    if (!hello.ok) {
      this.close(`no HELLO: ${hello.error.message}`);
    } else if (!offersVersion13(hello.version, hello.message)) {
      this.#refuseVersion(hello.version, hello.message.xid);
    } else {
      this.#heardHello = true;
      this.#framer.expectVersion13();
      this.#handshake().catch((error: Error) => this.close(error.message));
    }
  }

  #refuseVersion(version: number, xid: number): void {
    const text = 'gluewall speaks OpenFlow 1.3 (wire version 4) only';
    this.#conversation.answer({ type: 'error', xid, errorType: 0, code: 0, data: Buffer.from(text) });
    this.#out.flush();
    const remedy = 'ovs-vsctl set bridge BRIDGE protocols=OpenFlow13';
    this.close(`the switch offers OpenFlow wire version ${version}, not 4; try: ${remedy}`);
  }

  async #handshake(): Promise<void> {
    this.datapathId = await readDatapathId(this.#conversation);
    const refusal = this.#hooks.identified(this);
    if (refusal !== undefined) return this.close(refusal);
    if (!(await showFragmentPorts(this.#conversation, MISS_SEND_BYTES))) {
      this.#log.warn(
        { datapathId: this.datapathId },
        'the switch refuses fragment mode nx-match: fragmented queries pass unjudged',
      );
    }
    await this.#learnPorts();
    this.hasMeters = await this.#probeMeters();
    await this.reconcile();
    this.#cancelHandshakeLimit();
    this.#isReady = true;
    this.#cancelTimers.push(
      every(this.#clock, ECHO_MS, () => this.#keepAlive()),
      every(this.#clock, ASK_RENEWAL_MS, () => this.#renew()),
      every(this.#clock, ECHO_MS, () => this.#readMeters()),
    );
    this.#hooks.ready(this);
  }

  async #learnPorts(): Promise<void> {
    this.#portsChanged = false;
    this.ports = await readPorts(this.#conversation);
  }

  async #probeMeters(): Promise<boolean> {
    try {
      if (await readHasMeters(this.#conversation)) return true;
    } catch (error) {
      this.#log.debug({ datapathId: this.datapathId }, (error as Error).message);
    }
    this.#log.warn(
      { datapathId: this.datapathId },
      'the switch has no meters: copies to the controller are not limited',
    );
    return false;
  }

  async #reconcileOnce(): Promise<void> {
    if (this.#portsChanged) await this.#learnPorts();
    if (this.hasMeters) await setMeters(this.#conversation, this.#hooks.meterRates());
    // Verdicts given between the slices of many changes may have been overtaken by them.
    if ((await this.#reconcileFlows()) > 1) await this.#reconcileFlows();
  }

  /** Resolves with how many slices it took. */
  async #reconcileFlows(): Promise<number> {
    const present = await readOwnFlows(this.#conversation);
    const { base, verdicts } = this.#hooks.desiredFlows(this);
    this.#generation = generationOf(base);
    this.#renewed = base.filter(({ hardTimeoutSeconds }) => hardTimeoutSeconds > 0);
    this.verdicts.setGeneration(this.#generation);
    const mods = diffFlows(present, [...base, ...verdicts], this.#generation);
    const slices = await sendInSlices(this.#conversation, mods);
    const fields = { datapathId: this.datapathId, present: present.length, changed: mods.length };
    this.#log.info(fields, `flows in step: ${present.length} were there, ${mods.length} changed`);
    return slices;
  }

  #packetIn(message: Buffer): void {
    // Nobody can tell yet whose packet it is.
    if (this.datapathId === '') return;
    if (!this.#packet.set(message)) {
      this.counters.add('malformed');
      return;
    }
    this.counters.add('packet_in');
    this.#hooks.packetIn(this, this.#packet);
  }

  #handle(message: Message): void {
    if (message.type === 'echoRequest')
      this.#conversation.answer({ type: 'echoReply', xid: message.xid, data: message.data });
    else if (this.#conversation.settle(message)) return;
    else if (message.type === 'error') this.#error(message);
    else if (message.type === 'portStatus') this.#portStatus(message);
  }

  /**
   * However many ports come, go or change their number at once, they are read once more, and the flows that name them
   * follow. A link that goes up and down changes nothing.
   */
  #portStatus({ reason, port }: MessageOf<'portStatus'>): void {
    const number = reason === PortReason.DELETE ? undefined : port.portNo;
    const isSettled = this.#isReady && this.#reconciling === undefined && !this.#portsChanged;
    if (isSettled && this.ports.get(port.name) === number) return;
    this.#portsChanged = true;
    this.desireChanged();
  }

  /** An ERROR quotes the start of the message it is about (§7.4.4). */
  #error(message: MessageOf<'error'>): void {
    this.counters.add('errors');
    if (message.data[1] === MessageType.FLOW_MOD) this.counters.add('errors of flow_mod');
    if (this.counters.get('errors') > MAX_COMPLAINTS) return;
    this.#log.error({ datapathId: this.datapathId }, `the switch refused a message: ${describeMessage(message)}`);
  }

  /** Any traffic counts as life. */
  #keepAlive(): void {
    const silentMs = this.#clock.nowMs() - this.#lastHeardMs;
    if (silentMs >= SILENCE_MS) this.close(`nothing heard for ${Math.round(silentMs / 1000)} s`);
    else if (silentMs >= ECHO_MS) this.#conversation.tell({ type: 'echoRequest', xid: 0, data: Buffer.alloc(0) });
  }

  #renew(): void {
    for (const flow of this.#renewed) this.#conversation.tell(addFlow(flow, this.#generation));
  }

  #readMeters(): void {
    if (!this.hasMeters) return;
    this.#conversation.multipart({ type: 'meter', meterId: Meter.ALL }).then(
      (parts) => this.#countDrops(parts),
      (error: Error) => this.#log.debug({ datapathId: this.datapathId }, error.message),
    );
  }

  #countDrops(parts: readonly MultipartReplyBody[]): void {
    const meters = parts.flatMap((part) => (part.type === 'meter' ? part.entries : []));
    for (const { meterId, reason } of COPY_METERS) {
      const stats = meters.find((entry) => entry.meterId === meterId);
      if (stats !== undefined) this.copiesDropped[reason] = Number(stats.bandStats[0]?.packetBandCount ?? 0n);
    }
  }
}
