import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { parseAddress } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import { GluewallError } from '../core/errors.ts';
import { formatHostPort } from '../core/host-port.ts';
import type { Log } from '../core/log.ts';
import { type AnsweredRequest, type AnswerOutcome, answerRequest } from './answer-request.ts';
import { isLoopbackAddress } from './is-loopback.ts';
import { MAX_REQUEST_OCTETS } from './transfer-request.ts';
import type { TsigKey } from './tsig-key.ts';
import type { ZoneState } from './zone.ts';

export interface AxfrOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly key: TsigKey | undefined;
  /** Whether those on a loopback address need not sign. */
  readonly unsignedOnLoopback: boolean;
}

interface Connection {
  readonly peer: string;
  /** Whether it has asked what it may ask. */
  isGood: boolean;
}

const MAX_CONNECTIONS = 32;
const MAX_CONNECTIONS_OF_PEER = 8;
const MAX_REQUESTS = 64;
/** Until a connection has asked what it may ask. */
const FIRST_REQUEST_MS = 2000;
/** Nothing moves on a connection for so long. */
const SILENCE_MS = 10_000;
/** For all that is done on a connection. */
const CONNECTION_MS = 120_000;
const LENGTH_OCTETS = 2;
const GOOD: readonly AnswerOutcome[] = ['soa', 'transfer'];

/** Gives the zone to secondaries: SOA by UDP and TCP, AXFR by TCP, to those who sign with the key. */
export class AxfrServer {
  readonly counters = new Counters<AnswerOutcome | 'connections refused'>();
  readonly #options: AxfrOptions;
  readonly #zone: () => ZoneState | undefined;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #connections = new Map<Socket, Connection>();
  #tcp: Server | undefined;
  #udp: UdpSocket | undefined;

  /** `zone`: undefined while it is not known yet. */
  constructor(options: AxfrOptions, zone: () => ZoneState | undefined, clock: Clock, log: Log) {
    this.#options = options;
    this.#zone = zone;
    this.#clock = clock;
    this.#log = log;
  }

  /** Resolves with the port, the same for TCP and UDP. Rejects with GluewallError `rpz-listen` when the address cannot be had. */
  async start(): Promise<number> {
    const { host, port } = this.#options.listen;
    try {
      const tcp = createServer((socket) => this.#accept(socket));
      this.#tcp = tcp;
      tcp.listen(port, host);
      await once(tcp, 'listening');
      const bound = tcp.address();
      const boundPort = bound !== null && typeof bound === 'object' ? bound.port : port;
      const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
      this.#udp = udp;
      udp.bind(boundPort, host);
      await once(udp, 'listening');
      // Such as one for want of file descriptors: secondaries ask again.
      for (const socket of [tcp, udp]) {
        socket.on('error', (error: Error) => this.#log.warn({ error: error.message }, 'response.rpz: no answer'));
      }
      udp.on('message', (octets, peer) => this.#answerDatagram(octets, peer));
      return boundPort;
    } catch (cause) {
      await this.stop();
      const reason = (cause as Error).message;
      const problem = `response.rpz.listen: ${formatHostPort(host, port)} cannot be listened on (${reason})`;
      throw new GluewallError('rpz-listen', `${problem}; choose another, or end what has it`, { cause });
    }
  }

  /** Ends all connections. Safe twice. */
  async stop(): Promise<void> {
    const [tcp, udp] = [this.#tcp, this.#udp];
    this.#tcp = undefined;
    this.#udp = undefined;
    for (const socket of this.#connections.keys()) socket.destroy();
    udp?.close();
    if (tcp?.listening) await new Promise<void>((resolve) => tcp.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const peer = socket.remoteAddress ?? '';
    const ofPeer = Array.from(this.#connections.values()).filter((other) => other.peer === peer).length;
    if (ofPeer >= MAX_CONNECTIONS_OF_PEER || !this.#makeRoom()) {
      this.counters.add('connections refused');
      socket.destroy();
      return;
    }
    const connection = { peer, isGood: false };
    this.#connections.set(socket, connection);
    socket.setTimeout(SILENCE_MS, () => socket.destroy());
    const cancelFirst = this.#clock.after(FIRST_REQUEST_MS, () => connection.isGood || socket.destroy());
    const cancel = this.#clock.after(CONNECTION_MS, () => socket.destroy());
    socket.on('close', () => {
      cancelFirst();
      cancel();
      this.#connections.delete(socket);
    });
    this.#serve(socket, connection)
      .catch(() => undefined)
      .finally(() => socket.destroy());
  }

  /** True when there is room for a connection more: the oldest that has not asked what it may ask goes for it. */
  #makeRoom(): boolean {
    if (this.#connections.size < MAX_CONNECTIONS) return true;
    for (const [socket, { isGood }] of this.#connections) {
      if (isGood) continue;
      this.#connections.delete(socket);
      this.counters.add('connections refused');
      socket.destroy();
      return true;
    }
    return false;
  }

  /** Answers one request after the other; while one is answered nothing is read. */
  async #serve(socket: Socket, connection: Connection): Promise<void> {
    let held = Buffer.alloc(0);
    let requests = 0;
    for await (const octets of socket) {
      held = Buffer.concat([held, octets as Buffer]);
      for (let message = firstMessage(held); message !== undefined; message = firstMessage(held)) {
        held = held.subarray(LENGTH_OCTETS + message.length);
        const isOver = ++requests > MAX_REQUESTS || message.length > MAX_REQUEST_OCTETS;
        if (isOver || !(await this.#answerOnStream(socket, message, connection))) return;
      }
      if (held.length >= LENGTH_OCTETS && held.readUInt16BE(0) > MAX_REQUEST_OCTETS) return;
    }
  }

  /** False when the peer is not to ask on. */
  async #answerOnStream(socket: Socket, message: Buffer, connection: Connection): Promise<boolean> {
    const answered = this.#answer(message, connection.peer, 'tcp');
    if (answered === undefined) return false;
    const isGood = GOOD.includes(answered.outcome);
    connection.isGood ||= isGood;
    for (const octets of answered.messages) {
      const length = Buffer.alloc(LENGTH_OCTETS);
      length.writeUInt16BE(octets.length);
      if (!socket.write(Buffer.concat([length, octets]))) await drained(socket);
      if (socket.destroyed) return false;
    }
    if (isGood) return true;
    await new Promise<void>((resolve) => socket.end(resolve));
    return false;
  }

  #answerDatagram(octets: Buffer, { address, port }: RemoteInfo): void {
    if (octets.length > MAX_REQUEST_OCTETS || port === 0) return;
    const answered = this.#answer(octets, address, 'udp');
    // One that is lost on the way is asked for again.
    for (const message of answered?.messages ?? []) this.#udp?.send(message, port, address, () => undefined);
  }

  #answer(octets: Buffer, peer: string, transport: 'udp' | 'tcp'): AnsweredRequest | undefined {
    const answered = answerRequest(octets, {
      zone: this.#zone(),
      key: this.#options.key,
      mayBeUnsigned: this.#options.unsignedOnLoopback && isLoopbackAddress(peer),
      transport,
      nowMs: () => this.#clock.nowMs(),
    });
    if (answered === undefined) return undefined;
    this.counters.add(answered.outcome);
    const known = parseAddress(peer) === undefined ? 'a peer' : peer;
    if (answered.outcome === 'transfer') this.#log.info({ peer: known }, `response.rpz: ${known} takes the zone`);
    else if (answered.outcome !== 'soa') this.#log.debug({ peer: known }, `response.rpz: refused: ${answered.outcome}`);
    return answered;
  }
}

function firstMessage(held: Buffer): Buffer | undefined {
  if (held.length < LENGTH_OCTETS) return undefined;
  const end = LENGTH_OCTETS + held.readUInt16BE(0);
  return held.length < end ? undefined : held.subarray(LENGTH_OCTETS, end);
}

/** Also when the connection is over. */
async function drained(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      socket.off('drain', end);
      socket.off('close', end);
      resolve();
    };
    socket.on('drain', end);
    socket.on('close', end);
  });
}
