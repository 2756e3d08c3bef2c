import { decodeExperimenter, experimenterMessage } from '../../../src/openflow/experimenter.ts';
import { encodeMessage, type Message, type MessageOf } from '../../../src/openflow/message.ts';
import {
  FragmentFlag,
  MULTIPART_MORE,
  NO_BUFFER,
  OPENFLOW_VERSION,
  PortReason,
} from '../../../src/openflow/schema/constants.ts';
import { type ErrorCodeName, errorNumbers } from '../../../src/openflow/schema/errors.ts';
import { AsyncSettings } from './async-settings.ts';
import { Bundles } from './bundles.ts';
import type { ModelSwitch } from './model-switch.ts';
import { multipartBodies } from './multipart-bodies.ts';

/** Octets of the offending message in an ERROR: the least that a switch must send (OpenFlow 1.3.5 §7.4.4). */
const ERROR_DATA_BYTES = 64;
const MAX_TABLE_CONFIG = 3;

type Role = MessageOf<'roleReply'>['role'];

/** What a slave may not do (§6.3.6). */
const CHANGES: readonly Message['type'][] = ['flowMod', 'groupMod', 'meterMod', 'portMod', 'tableMod', 'packetOut'];

/** A controller's connection to a model switch: its role, what it wants to be told, its bundles. */
export class ModelConnection {
  readonly #switch: ModelSwitch;
  readonly #send: (message: Message) => void;
  readonly #ended: () => void;
  readonly #bundles = new Bundles();
  readonly #asks = new AsyncSettings();
  #role: Exclude<Role, 'noChange'> = 'equal';
  #missSendLen = 128;

  constructor(model: ModelSwitch, send: (message: Message) => void, ended: () => void) {
    this.#switch = model;
    this.#send = send;
    this.#ended = ended;
  }

  /** Sends the HELLO. */
  start(): void {
    this.#send({ type: 'hello', xid: 0, elements: [{ type: 'versionBitmap', bitmaps: [1 << OPENFLOW_VERSION] }] });
  }

  /** Nothing is sent any more. */
  close(): void {
    this.#ended();
  }

  get role(): Role {
    return this.#role;
  }

  demote(): void {
    if (this.#role === 'master') this.#role = 'slave';
  }

  /** Sends a packet_in, flow_removed or port_status if this controller has asked for it in its role. */
  tell(message: Message): void {
    if (this.#asks.wants(message, this.#role === 'slave')) this.#send(message);
  }

  /** Takes a controller's message; answers are sent before this returns. */
  receive(message: Message): void {
    const isRefused = this.#role === 'slave' && CHANGES.includes(message.type);
    const error = isRefused ? 'OFPBRC_IS_SLAVE' : this.#take(message);
    if (error !== undefined) this.#refuse(message, error);
  }

  #refuse(message: Message, codeName: ErrorCodeName): void {
    const { errorType, errorCode: code, experimenter } = errorNumbers(codeName);
    const data = encodeMessage(message).subarray(0, ERROR_DATA_BYTES);
    const of = experimenter === undefined ? {} : { experimenter };
    this.#send({ type: 'error', xid: message.xid, errorType, code, ...of, data });
  }

  /** Carries out a message and answers it; the error when it is refused. */
  #take(message: Message): ErrorCodeName | undefined {
    const { xid } = message;
    const { state, options } = this.#switch;
    switch (message.type) {
      case 'hello':
      case 'echoReply':
      case 'error':
        return undefined;
      case 'echoRequest':
        this.#send({ ...message, type: 'echoReply' });
        return undefined;
      case 'featuresRequest':
        this.#send({ ...FEATURES, xid, datapathId: options.datapathId, nTables: state.flows.tableCount });
        return undefined;
      case 'getConfigRequest':
        this.#send({ type: 'getConfigReply', xid, flags: state.fragmentMode, missSendLen: this.#missSendLen });
        return undefined;
      case 'setConfig':
        return this.#configure(message);
      case 'barrierRequest':
        this.#send({ type: 'barrierReply', xid });
        return undefined;
      case 'flowMod':
      case 'groupMod':
      case 'meterMod':
        return this.#switch.change([message])?.error;
      case 'packetOut':
        return this.#sendOut(message);
      case 'portMod':
        return this.#configurePort(message);
      case 'tableMod':
        if (message.config > MAX_TABLE_CONFIG) return 'OFPTMFC_BAD_CONFIG';
        return message.tableId < state.flows.tableCount || message.tableId === 0xff ? undefined : 'OFPTMFC_BAD_TABLE';
      case 'multipartRequest':
        return this.#answerInParts(message);
      case 'roleRequest':
        return this.#takeRole(message);
      case 'getAsyncRequest':
        this.#send({ type: 'getAsyncReply', xid, ...this.#asks.masks });
        return undefined;
      case 'setAsync':
        this.#asks.set(message);
        return undefined;
      case 'queueGetConfigRequest':
        if (state.ports.get(message.port) === undefined) return 'OFPQOFC_BAD_PORT';
        this.#send({ type: 'queueGetConfigReply', xid, port: message.port, queues: [] });
        return undefined;
      case 'experimenter':
        return options.bundles ? this.#takeExperimenter(message) : 'OFPBRC_BAD_EXPERIMENTER';
      default:
        return 'OFPBRC_BAD_TYPE';
    }
  }

  #configure({ flags, missSendLen }: MessageOf<'setConfig'>): ErrorCodeName | undefined {
    const { fragmentModes } = this.#switch.options;
    const isIgnored = flags === FragmentFlag.REASM && !fragmentModes.includes(flags);
    if (!isIgnored && !fragmentModes.includes(flags)) return 'OFPSCFC_BAD_FLAGS';
    if (this.#role !== 'slave' && !isIgnored) this.#switch.state.fragmentMode = flags;
    this.#missSendLen = missSendLen;
    return undefined;
  }

  #sendOut(message: MessageOf<'packetOut'>): ErrorCodeName | undefined {
    if (message.bufferId !== NO_BUFFER) return 'OFPBRC_BUFFER_UNKNOWN';
    const trouble = this.#switch.state.packetOutTrouble(message);
    if (trouble === undefined) this.#switch.packetOut(message);
    return trouble;
  }

  #configurePort({ portNo, hwAddr, config, mask }: MessageOf<'portMod'>): ErrorCodeName | undefined {
    const { ports } = this.#switch.state;
    const before = ports.get(portNo);
    if (before === undefined) return 'OFPPMFC_BAD_PORT';
    if (before.hwAddr !== hwAddr) return 'OFPPMFC_BAD_HW_ADDR';
    const port = ports.configure(portNo, config, mask)!;
    if (port.config !== before.config)
      this.#switch.tellAll({ type: 'portStatus', xid: 0, reason: PortReason.MODIFY, port });
    return undefined;
  }

  #answerInParts({ xid, body }: MessageOf<'multipartRequest'>): ErrorCodeName | undefined {
    const { state, clock, options } = this.#switch;
    const bodies = multipartBodies(state, body, clock.nowMs(), options.entriesPerPart);
    if (typeof bodies === 'string') return bodies;
    for (const [index, part] of bodies.entries()) {
      const flags = index < bodies.length - 1 ? MULTIPART_MORE : 0;
      this.#send({ type: 'multipartReply', xid, flags, body: part });
    }
    return undefined;
  }

  #takeRole({ xid, role, generationId }: MessageOf<'roleRequest'>): ErrorCodeName | undefined {
    const hasGeneration = role === 'master' || role === 'slave';
    if (hasGeneration && !this.#switch.takeGeneration(generationId)) return 'OFPRRFC_STALE';
    if (role !== 'noChange') this.#role = role;
    if (role === 'master') this.#switch.demoteAllBut(this);
    this.#send({ type: 'roleReply', xid, role: this.#role, generationId: this.#switch.generationId });
    return undefined;
  }

  #takeExperimenter(message: MessageOf<'experimenter'>): ErrorCodeName | undefined {
    const decoded = decodeExperimenter(message);
    if (decoded === undefined) return 'OFPBRC_BAD_EXPERIMENTER';
    if (!decoded.ok) return decoded.error.codeName;
    const { body } = decoded;
    if (body.type !== 'bundleControl' && body.type !== 'bundleAdd') return 'OFPBRC_BAD_EXPERIMENTER';
    if (this.#role === 'slave') return 'OFPBRC_IS_SLAVE';
    if (body.type === 'bundleAdd') return this.#bundles.add(body);
    switch (body.control) {
      case 'openRequest':
        return this.#bundles.open(body) ?? this.#answerBundle(message, body, 'openReply');
      case 'closeRequest':
        return this.#bundles.close(body) ?? this.#answerBundle(message, body, 'closeReply');
      case 'discardRequest':
        return this.#bundles.discard(body) ?? this.#answerBundle(message, body, 'discardReply');
      case 'commitRequest':
        return this.#commit(body) ?? this.#answerBundle(message, body, 'commitReply');
      default:
        return 'OFPBFC_BAD_TYPE';
    }
  }

  /** All or nothing: the message that failed gets its own error ahead of that of the commit. */
  #commit(body: BundleControl): ErrorCodeName | undefined {
    const changes = this.#bundles.take(body);
    if (typeof changes === 'string') return changes;
    const failed = this.#switch.change(changes);
    if (failed === undefined) return undefined;
    this.#refuse(changes[failed.index]!, failed.error);
    return 'OFPBFC_MSG_FAILED';
  }

  #answerBundle({ xid }: Message, { bundleId, flags }: BundleControl, control: BundleControl['control']): undefined {
    this.#send(experimenterMessage(xid, { type: 'bundleControl', bundleId, control, flags, properties: [] }));
  }
}

type BundleControl = Extract<Parameters<typeof experimenterMessage>[1], { readonly type: 'bundleControl' }>;

/** Flow, table, port, group and queue statistics, as Open vSwitch says of itself. */
const FEATURES = { type: 'featuresReply', nBuffers: 0, auxiliaryId: 0, capabilities: 0x4f, reserved: 0 } as const;
