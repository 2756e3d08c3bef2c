import { connect, type Socket } from 'node:net';
import { until } from '../../mininet/until.ts';
import type { FlowMod } from '../../src/openflow/flow-mod.ts';
import { Framer } from '../../src/openflow/framer.ts';
import { decodeMessage, encodeMessage, type Message, type MessageOf } from '../../src/openflow/message.ts';
import { FragmentFlag, MULTIPART_MORE, OPENFLOW_VERSION } from '../../src/openflow/schema/constants.ts';
import type {
  FlowStats,
  MeterConfig,
  MultipartReplyBody,
  MultipartRequestBody,
} from '../../src/openflow/schema/multipart.ts';

const WAIT_MS = 5000;
const MAX_RECEIVED = 100_000;
/** Octets of one write of a flood. */
const FLOOD_WRITE_BYTES = 64 * 1024;

/** What a switch keeps when its connection goes: give it to the next one to come back with the same flows. */
export class FakeTables {
  flows: readonly FlowStats[] = [];
  readonly meters = new Map<number, MeterConfig>();

  /** Carries out an ADD or a DELETE_STRICT; the other commands are not used here. */
  apply(mod: FlowMod): void {
    const others = this.flows.filter((flow) => identityOf(flow) !== identityOf(mod));
    if (mod.command === 'add') this.flows = [...others, statsOf(mod)];
    else if (mod.command === 'deleteStrict') this.flows = others;
    else throw new Error(`the fake switch does not know ${mod.command}`);
  }
}

function identityOf({ tableId, priority, match }: Pick<FlowMod, 'tableId' | 'priority' | 'match'>): string {
  return JSON.stringify([tableId, priority, match], (_key, value) => (typeof value === 'bigint' ? `${value}n` : value));
}

function statsOf({
  tableId,
  priority,
  idleTimeout,
  hardTimeout,
  flags,
  cookie,
  match,
  instructions,
}: FlowMod): FlowStats {
  const counters = { durationSec: 0, durationNsec: 0, packetCount: 0n, byteCount: 0n };
  return { tableId, priority, idleTimeout, hardTimeout, flags, cookie, match, instructions, ...counters };
}

export interface FakeSwitchOptions {
  readonly datapathId?: bigint;
  readonly tables?: FakeTables;
  /** The octets of its HELLO; none are sent when empty. */
  readonly hello?: Buffer;
  /** How many meters it has; with 0 it refuses to be asked. */
  readonly meters?: number;
  /** Whether it knows bundles. */
  readonly bundles?: boolean;
  /** The fragment modes that it knows. */
  readonly fragmentModes?: readonly number[];
  /** Flow entries in one part of a flow reply. */
  readonly flowsPerPart?: number;
  /** Requests that get no answer. */
  readonly deafTo?: readonly Message['type'][];
  /** What comes of these types is not kept. */
  readonly forgets?: readonly Message['type'][];
  /** Every octet is sent on its own. */
  readonly writesOctets?: boolean;
  /** Looks at each message first: true when the answer was its own. */
  readonly answers?: (message: Message, fake: FakeSwitch) => boolean;
}

/** A HELLO with a header version, and a version bitmap where one is given. */
export function composeHello(version: number, versions?: readonly number[]): Buffer {
  const bits = (versions ?? []).reduce((bitmap, bit) => bitmap | (1 << bit), 0);
  const elements = versions === undefined ? [] : [{ type: 'versionBitmap', bitmaps: [bits >>> 0] } as const];
  const bytes = encodeMessage({ type: 'hello', xid: 1, elements });
  bytes[0] = version;
  return bytes;
}

/** The switch's end of a real connection: it answers as Open vSwitch does and keeps all that it was sent. */
export class FakeSwitch {
  readonly received: Message[] = [];
  readonly tables: FakeTables;
  /** Name to number; what a port description tells. */
  ports: Readonly<Record<string, number>> = { inside: 1, outside: 2 };
  readonly #options: FakeSwitchOptions;
  readonly #socket: Socket;
  readonly #framer = new Framer();
  readonly #bundle: FlowMod[] = [];
  #fragmentMode: number = FragmentFlag.NORMAL;
  #isClosed = false;

  private constructor(socket: Socket, options: FakeSwitchOptions) {
    this.#socket = socket;
    this.#options = options;
    this.tables = options.tables ?? new FakeTables();
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#isClosed = true;
    });
    socket.on('data', (chunk: Buffer) => this.#framer.push(chunk, (bytes) => this.#take(bytes)));
  }

  static async connect(port: number, options: FakeSwitchOptions = {}): Promise<FakeSwitch> {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    return FakeSwitch.on(socket, options);
  }

  /** The switch at the end of a connection that stands, as one that came to a management socket. */
  static on(socket: Socket, options: FakeSwitchOptions = {}): FakeSwitch {
    const fake = new FakeSwitch(socket, options);
    fake.write(options.hello ?? composeHello(OPENFLOW_VERSION, [OPENFLOW_VERSION]));
    return fake;
  }

  /** Whether the other end, or `disconnect`, has ended the connection. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(message: Message): void {
    this.write(encodeMessage(message));
  }

  write(bytes: Buffer): void {
    if (this.#options.writesOctets !== true) this.#socket.write(bytes);
    else for (const octet of bytes) this.#socket.write(Buffer.from([octet]));
  }

  /** Sends one message `count` times, as fast as the other end reads; true unless the connection ended before. */
  async flood(message: Buffer, count: number): Promise<boolean> {
    const perWrite = Math.max(1, Math.floor(FLOOD_WRITE_BYTES / message.length));
    const bytes = Buffer.concat(Array.from({ length: perWrite }, () => message));
    for (let left = count; left > 0 && !this.#isClosed; left -= perWrite) {
      await this.writeAndWait(bytes.subarray(0, Math.min(left, perWrite) * message.length));
    }
    return !this.#isClosed;
  }

  /** Resolves when the octets have left, or the connection has ended. */
  writeAndWait(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => void this.#socket.write(bytes, () => resolve()));
  }

  /** From now on nothing is read. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** What waits is read again. */
  resumeReading(): void {
    this.#socket.resume();
  }

  disconnect(): void {
    this.#socket.destroy();
  }

  /** The messages of one type that have come. */
  ofType<T extends Message['type']>(type: T): readonly MessageOf<T>[] {
    return this.received.filter((message): message is MessageOf<T> => message.type === type);
  }

  /** Resolves with the `count`th message of a type. */
  waitFor<T extends Message['type']>(type: T, count = 1): Promise<MessageOf<T>> {
    return until(`${type} number ${count}`, WAIT_MS, () => this.ofType(type)[count - 1]);
  }

  /** Sends an ECHO and resolves with its answer: all that was sent before has been read by then. */
  echo(data = Buffer.from('are you there')): Promise<MessageOf<'echoReply'>> {
    const count = this.ofType('echoReply').length;
    this.send({ type: 'echoRequest', xid: 0xfeed, data });
    return this.waitFor('echoReply', count + 1);
  }

  async untilClosed(): Promise<void> {
    await until('the connection closed', WAIT_MS, () => this.#isClosed || undefined);
  }

  #take(bytes: Buffer): void {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) throw new Error(`the controller sent ${decoded.error.message}`);
    const { message } = decoded;
    const isKept = this.received.length < MAX_RECEIVED && this.#options.forgets?.includes(message.type) !== true;
    if (isKept) this.received.push(message);
    if (this.#options.deafTo?.includes(message.type)) return;
    if (this.#options.answers?.(message, this) === true) return;
    const answer = this.#answer(message);
    if (answer !== undefined) this.send({ ...answer, xid: message.xid });
  }

  #answer(message: Message): Message | undefined {
    switch (message.type) {
      case 'echoRequest':
        return { ...message, type: 'echoReply' };
      case 'featuresRequest':
        return featuresReply(this.#options.datapathId ?? 1n);
      case 'setConfig':
        return this.#setFragmentMode(message);
      case 'getConfigRequest':
        return { type: 'getConfigReply', xid: 0, flags: this.#fragmentMode, missSendLen: 0xffff };
      case 'barrierRequest':
        return { type: 'barrierReply', xid: 0 };
      case 'flowMod':
        return void this.tables.apply(message);
      case 'meterMod':
        return this.#setMeter(message);
      case 'multipartRequest':
        return this.#answerInParts(message);
      case 'roleRequest':
        return { ...message, type: 'roleReply' };
      case 'experimenter':
        return this.#answerBundle(message);
      default:
        return undefined;
    }
  }

  #setFragmentMode({ flags, xid }: MessageOf<'setConfig'>): Message | undefined {
    if (this.#options.fragmentModes?.includes(flags) === false)
      return { type: 'error', xid, errorType: 10, code: 0, data: Buffer.alloc(0) };
    this.#fragmentMode = flags;
    return undefined;
  }

  /** ONF extension 230: control messages of type 2300, additions of type 2301. */
  #answerBundle({ xid, experimenterType, data }: MessageOf<'experimenter'>): Message | undefined {
    if (this.#options.bundles === false)
      return { type: 'error', xid, errorType: 1, code: 3, data: encodeMessage({ type: 'barrierRequest', xid }) };
    if (experimenterType === 2301) {
      const added = decodeMessage(data.subarray(8));
      if (!added.ok || added.message.type !== 'flowMod' || added.message.xid !== xid)
        throw new Error('the fake switch takes flow_mods in bundles only');
      this.#bundle.push(added.message);
      return undefined;
    }
    const control = data.readUInt16BE(4);
    for (const mod of control === 4 ? this.#bundle : []) {
      this.received.push(mod);
      this.tables.apply(mod);
    }
    if (control !== 0) this.#bundle.length = 0;
    const reply = Buffer.from(data);
    reply.writeUInt16BE(control + 1, 4);
    return { type: 'experimenter', xid, experimenter: 0x4f4e4600, experimenterType, data: reply };
  }

  #setMeter({ meterId, flags, bands, command, xid }: MessageOf<'meterMod'>): Message | undefined {
    const exists = this.tables.meters.has(meterId);
    if (exists !== (command === 'modify'))
      return { type: 'error', xid, errorType: 12, code: exists ? 1 : 3, data: Buffer.alloc(0) };
    this.tables.meters.set(meterId, { meterId, flags, bands });
    return undefined;
  }

  /** Sends every part but the last, which it returns. */
  #answerInParts({ body, xid }: MessageOf<'multipartRequest'>): Message {
    const parts = this.#parts(body);
    if (parts.length === 0) return { type: 'error', xid, errorType: 1, code: 2, data: Buffer.alloc(0) };
    for (const part of parts.slice(0, -1))
      this.send({ type: 'multipartReply', xid, flags: MULTIPART_MORE, body: part });
    return { type: 'multipartReply', xid, flags: 0, body: parts.at(-1)! };
  }

  #parts(body: MultipartRequestBody): MultipartReplyBody[] {
    const maxMeter = this.#options.meters ?? 1000;
    switch (body.type) {
      case 'portDescription':
        return [{ type: 'portDescription', ports: Object.entries(this.ports).map(portDescription) }];
      case 'meterFeatures':
        return maxMeter === 0
          ? []
          : [{ type: 'meterFeatures', maxMeter, bandTypes: 2, capabilities: 15, maxBands: 1, maxColor: 0 }];
      case 'meterConfig':
        return [{ type: 'meterConfig', entries: [...this.tables.meters.values()] }];
      case 'meter':
        return [{ type: 'meter', entries: [...this.tables.meters.keys()].map(meterStats) }];
      case 'flow':
        return this.#flowParts(body.cookie, body.cookieMask);
      default:
        return [];
    }
  }

  #flowParts(cookie: bigint, mask: bigint): MultipartReplyBody[] {
    const flows = this.tables.flows.filter((flow) => (flow.cookie & mask) === (cookie & mask));
    const perPart = this.#options.flowsPerPart ?? 100;
    const parts: MultipartReplyBody[] = [];
    for (let at = 0; at === 0 || at < flows.length; at += perPart)
      parts.push({ type: 'flow', entries: flows.slice(at, at + perPart) });
    return parts;
  }
}

/** What a switch with this datapath id answers to a FEATURES_REQUEST. */
export function featuresReply(datapathId: bigint): Message {
  return {
    type: 'featuresReply',
    xid: 0,
    datapathId,
    nBuffers: 0,
    nTables: 254,
    auxiliaryId: 0,
    capabilities: 79,
    reserved: 0,
  };
}

/** A port as a port description or a PORT_STATUS shows it. */
export function portDescription([name, portNo]: readonly [string, number]) {
  const speeds = { curr: 0, advertised: 0, supported: 0, peer: 0, currSpeed: 0, maxSpeed: 0 };
  return { name, portNo, hwAddr: '02:00:00:00:00:01', config: 0, state: 4, ...speeds };
}

/** A meter that has dropped ten packets times its number. */
function meterStats(meterId: number) {
  const bandStats = [{ packetBandCount: BigInt(meterId) * 10n, byteBandCount: 0n }];
  return { meterId, flowCount: 1, packetInCount: 100n, byteInCount: 0n, durationSec: 1, durationNsec: 0, bandStats };
}
