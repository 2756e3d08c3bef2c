import type { Socket } from 'node:net';
import { type Clock, every } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { FlowMod } from '../openflow/flow-mod.ts';
import { Framer } from '../openflow/framer.ts';
import { decodeHello, decodeMessage, type Message, type MessageOf } from '../openflow/message.ts';
import { PacketInView } from '../openflow/packet-in.ts';
import { describeMessage } from '../openflow/print.ts';
import { MessageType } from '../openflow/schema/constants.ts';
import { ASK_RENEWAL_MS } from './base-flows.ts';
import { Conversation, offersVersion13, type Refused, versionProblem } from './conversation.ts';
import { FlowSync } from './flow-sync.ts';
import { Liveness } from './liveness.ts';
import { PacketInLimits } from './packet-in-limits.ts';
import { Lanes, type PacketInQueue } from './packet-in-queue.ts';
import { peerOf } from './peer.ts';
import { copyReasonOf, isOwnCookie, mayWait, PIPELINE, ruleName, ruleOf } from './pipeline.ts';
import { PortWatch } from './port-watch.ts';
import { isError } from './requests.ts';
import { ASYNC_MESSAGES, type Role, type RoleWish, takeRole } from './role.ts';
import { SendBuffer } from './send-buffer.ts';
import type { SessionHooks } from './session-hooks.ts';
import { SwitchReadings } from './switch-readings.ts';
import { readIdentity, showFragmentPorts } from './switch-state.ts';
import { VerdictWriter } from './verdict-writer.ts';

const HANDSHAKE_MS = 10_000;
const METERS_MS = 5000;
/** How often the use of flows is read, where somebody wants to know it. */
const USE_MS = 10_000;
/** Malformed messages, and ERRORs, that one connection may put into the log; all of them are counted. */
const MAX_COMPLAINTS = 20;
/** Packet_ins come whole. */
const MISS_SEND_BYTES = 0xffff;
const MAX_BACKLOG_BYTES = 16 * 1024 * 1024;
/** What one connection may have parsed before the others have their turn. */
const READ_SHARE_BYTES = 64 * 1024;
/** Where the cookie of a flow_mod is, from the start of the message (OpenFlow 1.3.5 §7.3.4.1). */
const FLOW_MOD_COOKIE = 8;
/** The first octet of a TLS handshake (RFC 8446 §5.1), where OpenFlow has its version. */
const TLS_HANDSHAKE = 0x16;

type SessionCounter = 'messages' | 'packet_in' | 'malformed' | 'errors' | 'errors of flow_mod';

/** One switch's connection, from HELLO to its end (OpenFlow 1.3.5 §6.3). */
export class SwitchSession {
  readonly counters = new Counters<SessionCounter>();
  readonly peer: string;
  readonly verdicts: VerdictWriter;
  readonly limits: PacketInLimits;
  readonly readings: SwitchReadings;
  /** 16 hexadecimal digits; empty until the switch is identified. */
  datapathId = '';
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #hooks: SessionHooks;
  readonly #queue: PacketInQueue;
  readonly #framer = new Framer();
  readonly #out: SendBuffer;
  readonly #conversation: Conversation;
  readonly #sync: FlowSync;
  readonly #liveness: Liveness;
  readonly #ports: PortWatch;
  readonly #lanes = new Lanes(this);
  readonly #packet = new PacketInView();
  readonly #cancelTimers: (() => void)[] = [];
  #cancelHandshakeLimit = () => {};
  #heardHello = false;
  #isReady = false;
  #role: Role = 'equal';
  #closeReason: string | undefined;
  #readShareBytes = READ_SHARE_BYTES;
  #syncing: Promise<void> | undefined;
  #syncAgain = false;

  constructor(socket: Socket, clock: Clock, log: Log, queue: PacketInQueue, hooks: SessionHooks) {
    this.#socket = socket;
    this.#clock = clock;
    this.#log = log;
    this.#queue = queue;
    this.#hooks = hooks;
    this.#out = new SendBuffer(socket, MAX_BACKLOG_BYTES, {
      overflow: () => this.close('the switch reads too slowly'),
      drained: () => this.#drained(),
    });
    this.#conversation = new Conversation(this.#out, clock);
    this.readings = new SwitchReadings(this.#conversation, (problem) =>
      this.#log.debug({ datapathId: this.datapathId }, problem),
    );
    this.verdicts = new VerdictWriter(this.#out);
    this.limits = new PacketInLimits(clock, hooks.meterRates());
    this.#liveness = new Liveness(clock, {
      ask: () => this.#conversation.tell({ type: 'echoRequest', xid: 0, data: Buffer.alloc(0) }),
      isCongested: () => this.#out.isCongested,
      dead: (reason) => this.close(reason),
    });
    this.#ports = new PortWatch(this.#conversation, clock, () => this.desireChanged());
    this.#sync = new FlowSync(this.#conversation, this.verdicts, log, {
      meterRates: () => hooks.meterRates(),
      baseFlows: () => hooks.baseFlows(this),
      verdictFlows: (present) => hooks.verdictFlows(this, present),
      refused: (refusal) => this.#verdictRefused(refusal),
    });
    this.peer = peerOf(socket);
  }

  /** Starts the handshake. */
  start(): void {
    const socket = this.#socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.close(error.message));
    socket.on('close', () => this.close('the switch closed the connection'));
    this.#cancelHandshakeLimit = this.#clock.after(HANDSHAKE_MS, () => this.close('no handshake in time'));
    this.#liveness.start();
    this.#conversation.greet();
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Packet_ins wait: answers to them pile up, or it is not known yet what the ports are called that they came in by. */
  get isCongested(): boolean {
    return this.#out.isCongested || !this.#ports.areKnown;
  }

  /** Packet_ins that wait for their turn. */
  get waiting(): number {
    return this.#lanes.waiting;
  }

  /** Port numbers by name. */
  get ports(): ReadonlyMap<string, number> {
    return this.#ports.byName;
  }

  get role(): Role {
    return this.#role;
  }

  /** Whether copies pass meters in the switch. */
  get hasMeters(): boolean {
    return this.#sync.hasCopyMeters;
  }

  get hasBundles(): boolean {
    return this.#sync.hasBundles;
  }

  /** Ends the connection; safe twice. */
  close(reason: string): void {
    if (this.#closeReason !== undefined) return;
    this.#closeReason = reason;
    this.#isReady = false;
    this.#cancelHandshakeLimit();
    this.#liveness.stop();
    this.#ports.stop();
    for (const cancel of this.#cancelTimers) cancel();
    this.#queue.forget(this.#lanes);
    this.#conversation.end(reason);
    this.#socket.destroy();
    this.#hooks.closed(this, reason);
  }

  /** Closes the session unless the switch is heard of soon: another one has come with its datapath id. */
  challenge(): void {
    this.#liveness.challenge();
  }

  /** What is desired has changed: a session in its handshake that has not asked for it yet need not be told. */
  desireChanged(): void {
    if (this.#isReady || this.#syncing !== undefined) this.#syncOrComplain();
  }

  /**
   * Takes another role; as master or equal it brings the flows in step. Rejects with GluewallError `openflow-role-stale`
   * when the switch knows a later generation, and as a sync does.
   */
  async assumeRole(wish: RoleWish): Promise<void> {
    await takeRole(this.#conversation, wish);
    this.#role = wish.role;
    if (wish.role === 'slave') this.#standBy();
    else await this.#getReady();
  }

  /** A packet_in whose turn has come. */
  deliver(message: Buffer): void {
    if (this.#packet.message !== message) this.#packet.set(message);
    this.#hooks.packetIn(this, this.#packet);
  }

  /** Brings the switch in step with the desired flows. A call while one is under way makes it run once more. */
  #syncFlows(): Promise<void> {
    if (this.#syncing !== undefined) {
      this.#syncAgain = true;
      return this.#syncing;
    }
    this.#syncing = this.#syncOnce().finally(() => {
      this.#syncing = undefined;
      if (!this.#syncAgain) return;
      this.#syncAgain = false;
      this.#syncOrComplain();
    });
    return this.#syncing;
  }

  async #syncOnce(): Promise<void> {
    if (this.#ports.isStale) await this.#ports.read();
    await this.#sync.run();
  }

  /** A change that the switch refuses leaves what stands there, and is said; without an answer nothing can be said. */
  #syncOrComplain(): void {
    this.#syncFlows().catch((error: Error) => {
      if (this.#role === 'slave' && !this.#conversation.isOver) return;
      const isRefused = error instanceof GluewallError && error.code === 'openflow-refused';
      if (!isRefused || !this.#isReady) this.close(error.message);
      else
        this.#log.error(
          { datapathId: this.datapathId, alarm: 'flows' },
          `${error.message}${this.hasBundles ? ': no flow was changed' : ': what it took before stays'}; tried again at the next change`,
        );
    });
  }

  #receive(chunk: Buffer): void {
    this.#liveness.heard();
    const error = this.#framer.push(chunk, (message) => this.#dispatch(message));
    if (error !== undefined) this.close(error.message);
    this.#readShareBytes -= chunk.length;
    if (this.#readShareBytes <= 0) this.#giveWay();
  }

  /** Lets the other connections have their turn. */
  #giveWay(): void {
    this.#socket.pause();
    setImmediate(() => {
      this.#readShareBytes = READ_SHARE_BYTES;
      this.#socket.resume();
    });
  }

  #drained(): void {
    this.#liveness.read();
    if (!this.#out.isCongested) this.#queue.resume();
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
    if (message[0] === TLS_HANDSHAKE) {
      this.close(
        'it speaks TLS, and gluewall does not here: set openflow.tls, or write tcp: for ssl: in set-controller',
      );
    } else if (!hello.ok) {
      this.close(`no HELLO: ${hello.error.message}`);
    } else if (!offersVersion13(hello.version, hello.message)) {
      this.#conversation.refuseVersion(hello.message);
      this.close(versionProblem(hello.version, hello.message));
    } else {
      this.#heardHello = true;
      this.#framer.expectVersion13();
      this.#handshake().catch((error: Error) => {
        if (this.#role !== 'slave' || this.#conversation.isOver) this.close(error.message);
      });
    }
  }

  async #handshake(): Promise<void> {
    const { datapathId, tables } = await readIdentity(this.#conversation);
    this.datapathId = datapathId;
    const wanted = Object.keys(PIPELINE).length;
    const refusal =
      tables < wanted ? `the switch has ${tables} flow tables, gluewall needs ${wanted}` : this.#hooks.identified(this);
    if (refusal !== undefined) return this.close(refusal);
    await this.#ports.read();
    this.#queue.resume();
    if (!(await showFragmentPorts(this.#conversation, MISS_SEND_BYTES))) {
      this.#log.warn({ datapathId }, 'the switch refuses fragment mode nx-match: fragmented queries pass unjudged');
    }
    this.#conversation.tell(ASYNC_MESSAGES);
    const wish = this.#hooks.role(this);
    if (wish !== undefined) await takeRole(this.#conversation, wish);
    this.#role = wish?.role ?? 'equal';
    this.#cancelHandshakeLimit();
    this.#cancelTimers.push(
      every(this.#clock, ASK_RENEWAL_MS, () => this.#renew()),
      every(this.#clock, METERS_MS, () => this.#readMeters()),
      every(this.#clock, USE_MS, () => this.#readUse()),
    );
    if (this.#role !== 'slave') await this.#getReady();
  }

  async #getReady(): Promise<void> {
    await this.#syncFlows();
    // The role, or the connection, may have been lost meanwhile.
    if (this.#role === 'slave' || this.#closeReason !== undefined) return;
    this.#isReady = true;
    this.#hooks.ready(this);
  }

  #standBy(): void {
    this.#isReady = false;
    this.#hooks.standby(this);
  }

  #packetIn(message: Buffer): void {
    // Nobody can tell yet whose packet it is.
    if (this.datapathId === '' || this.#role === 'slave') return;
    if (!this.#packet.set(message)) {
      this.counters.add('malformed');
      return;
    }
    this.counters.add('packet_in');
    if (!this.hasMeters && !this.limits.passes(this.#packet)) return;
    const isPatient = mayWait(copyReasonOf(this.#packet));
    if (isPatient) this.#queue.copies.offer(this.#lanes.copies, message);
    else this.#queue.offer(this.#lanes.of(this.#packet.inPort), message);
  }

  #handle(message: Message): void {
    if (message.type === 'echoRequest') this.#conversation.echo(message);
    else if (message.type === 'error') this.#error(message);
    else if (message.type === 'echoReply' || this.#conversation.settle(message)) this.#liveness.answered();
    else if (message.type === 'flowRemoved' && isOwnCookie(message.cookie)) this.#hooks.flowRemoved?.(this, message);
    else if (message.type === 'portStatus') this.#ports.heard(message, this.#isReady && this.#syncing === undefined);
  }

  /** An ERROR quotes the start of the message it is about (§7.4.4), and so the cookie that names the rule. */
  #error(error: MessageOf<'error'>): void {
    const isOfFlowMod = error.data[1] === MessageType.FLOW_MOD;
    if (isError(error, 'OFPBRC_IS_SLAVE') && this.#role !== 'slave') {
      this.#role = 'slave';
      this.#log.warn({ datapathId: this.datapathId }, 'another controller is master of the switch now');
      this.#standBy();
    }
    if (this.#conversation.settle(error)) return;
    this.counters.add('errors');
    if (isOfFlowMod) this.counters.add('errors of flow_mod');
    const cookie = error.data.length >= FLOW_MOD_COOKIE + 8 ? error.data.readBigUInt64BE(FLOW_MOD_COOKIE) : 0n;
    const isOurs = isOfFlowMod && isOwnCookie(cookie);
    if (isOurs && isError(error, 'OFPFMFC_TABLE_FULL')) this.#hooks.tableFull(this, ruleOf(cookie));
    else this.#complain(error, isOurs ? ` of rule ${ruleName(ruleOf(cookie))}` : '');
  }

  #verdictRefused({ message, error }: Refused<FlowMod>): void {
    this.counters.add('errors');
    this.counters.add('errors of flow_mod');
    const rule = ruleOf(message.cookie);
    if (isError(error, 'OFPFMFC_TABLE_FULL')) this.#hooks.tableFull(this, rule);
    else this.#complain(error, ` of rule ${ruleName(rule)}`);
  }

  #complain(error: MessageOf<'error'>, ofRule: string): void {
    if (this.counters.get('errors') > MAX_COMPLAINTS) return;
    this.#log.error(
      { datapathId: this.datapathId },
      `the switch refused a message${ofRule}: ${describeMessage(error)}`,
    );
  }

  #renew(): void {
    if (this.#role !== 'slave') this.#sync.renew();
  }

  #readMeters(): void {
    if (this.#sync.meters.size > 0) this.readings.meters((parts) => this.limits.countMeters(parts));
  }

  #readUse(): void {
    if (!this.#isReady || !this.#hooks.wantsUse(this)) return;
    this.readings.use((flows) => this.#hooks.used(this, flows));
  }
}
