import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { chmodSync, readFileSync } from 'node:fs';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { type Clock, every } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { PacedLog } from '../core/paced-log.ts';
import { listenOnUnixSocket } from '../core/unix-socket.ts';
import type { BatchStore } from './batch-sender.ts';
import { MAX_LINE_OCTETS } from './line-splitter.ts';
import type { RecordSink } from './record-splitter.ts';
import type { SourceFigures } from './source-figures.ts';
import { SyslogFramer } from './syslog-framer.ts';
import { formatSyslogPlace, type SyslogPlace } from './syslog-place.ts';
import { type SyslogSource, SyslogStreams } from './syslog-streams.ts';
import { readUdpDrops } from './udp-drops.ts';

const MAX_CONNECTIONS = 256;
/** Of one address, that none keeps the others out. */
const MAX_CONNECTIONS_OF_A_SENDER = 64;
const RECEIVE_BUFFER_OCTETS = 4 * 1024 * 1024;
const LOOK_MS = 10_000;
/** A message that has begun is whole by then. */
const HALF_MESSAGE_MS = 60_000;
/** A connection on which nothing comes. Long, as senders lose the first message after one was ended. */
const SILENCE_MS = 24 * 3_600_000;
const KEEP_ALIVE_MS = 60_000;

interface Connection {
  readonly socket: Socket;
  readonly sender: string;
  readonly framer: SyslogFramer;
  /** When a whole message came last. */
  lastMs: number;
  /** Since when there is half a message. */
  halfSinceMs: number | undefined;
}

/**
 * Hears syslog: over UDP (RFC 5426), over TCP and unix stream sockets (RFC 6587); messages by RFC 3164 and RFC 5424. Datagrams
 * of unix sockets, as of /dev/log, are beyond Node.
 */
export class SyslogReceiver {
  readonly #place: SyslogPlace;
  readonly #source: SyslogSource;
  readonly #streams: SyslogStreams;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #problems: PacedLog;
  readonly #connections = new Set<Connection>();
  #datagrams: DatagramSocket | undefined;
  /** Datagrams that the system has lost. */
  #drops = 0;
  #server: Server | undefined;
  #endLooking: (() => void) | undefined;

  constructor(place: SyslogPlace, source: SyslogSource, store: BatchStore, clock: Clock, log: Log) {
    this.#place = place;
    this.#source = source;
    this.#streams = new SyslogStreams(source, store, clock, log);
    this.#clock = clock;
    this.#log = log;
    this.#problems = new PacedLog(clock, log, 'warn');
  }

  /** Resolves with the port, 0 for a unix socket. Rejects with GluewallError `syslog-listen`. */
  async start(): Promise<number> {
    const place = this.#place;
    const port = await (place.transport === 'udp' ? this.#bind(place) : this.#listen(place)).catch((cause: Error) => {
      const problem = `syslog: ${formatSyslogPlace(place)} ${cause.message}`;
      throw new GluewallError('syslog-listen', problem, { cause });
    });
    this.#endLooking = every(this.#clock, LOOK_MS, () => this.#look());
    const where = formatSyslogPlace(place.transport === 'unix' ? place : { ...place, port });
    this.#log.info(port === 0 ? {} : { port }, `listening for syslog on ${where}`);
    return port;
  }

  figures(): readonly SourceFigures[] {
    return this.#streams.figures();
  }

  /** Ends all connections, and hands over what came. Safe twice. */
  async stop(): Promise<void> {
    this.#endLooking?.();
    const [server, datagrams] = [this.#server, this.#datagrams];
    this.#server = undefined;
    this.#datagrams = undefined;
    for (const { socket } of this.#connections) socket.destroy();
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
    if (datagrams !== undefined) await new Promise<void>((resolve) => datagrams.close(() => resolve()));
    await this.#streams.stop();
    this.#problems.stop();
  }

  #bind({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
    const type = isIPv6(host) ? 'udp6' : 'udp4';
    const socket = createSocket({ type, recvBufferSize: RECEIVE_BUFFER_OCTETS });
    socket.on('message', (octets, { address }) => this.#datagram(octets, address));
    return new Promise((resolve, reject) => {
      const fail = ({ message }: Error) => {
        socket.close();
        reject(new Error(`cannot be listened on: ${message}`));
      };
      socket.once('error', fail);
      socket.bind(port, host, () => {
        socket.removeListener('error', fail);
        socket.on('error', ({ message }) => this.#problems.say({}, `a syslog datagram was not received: ${message}`));
        this.#datagrams = socket;
        this.#checkBuffer(socket);
        resolve(socket.address().port);
      });
    });
  }

  async #listen(place: Exclude<SyslogPlace, { readonly transport: 'udp' }>): Promise<number> {
    const server = createServer((socket) => this.#accept(socket));
    if (place.transport === 'unix') {
      await listenOnUnixSocket(server, place.path, 'syslog of the source');
      if (place.isForGroup === true) chmodSync(place.path, 0o660);
    } else {
      await new Promise<void>((resolve, reject) => {
        const fail = ({ message }: Error) => reject(new Error(`cannot be listened on: ${message}`));
        server.once('error', fail);
        server.listen(place.port, place.host, () => {
          server.removeListener('error', fail);
          resolve();
        });
      });
    }
    server.on('error', ({ message }) => this.#problems.say({}, `a syslog sender was not let in: ${message}`));
    this.#server = server;
    const bound = server.address();
    return bound !== null && typeof bound === 'object' ? bound.port : 0;
  }

  #datagram(octets: Buffer, sender: string): void {
    let end = octets.length;
    // Some end a datagram as a line, or as a string of C.
    while (end > 0 && (octets[end - 1] === 0 || octets[end - 1] === 10 || octets[end - 1] === 13)) end--;
    if (end === 0) this.#streams.refuse('an empty message', octets);
    else if (end > MAX_LINE_OCTETS) this.#streams.refuse(`a message of over ${MAX_LINE_OCTETS} octets`, octets);
    else void this.#streams.take(octets, 0, end, sender);
  }

  #accept(socket: Socket): void {
    // A broken connection is one that ends.
    socket.on('error', () => {});
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const sender = socket.remoteAddress ?? LOCAL;
    if (!this.#makeRoom(sender)) {
      socket.destroy();
      return;
    }
    const connection: Connection = {
      socket,
      sender,
      framer: new SyslogFramer(),
      lastMs: this.#clock.nowMs(),
      halfSinceMs: undefined,
    };
    let wait: Promise<void> | undefined;
    const sink = {
      record: (octets: Buffer, start: number, end: number) => {
        wait = this.#streams.take(octets, start, end, sender) ?? wait;
      },
      refused: (reason: string, octets: Buffer, start: number, end: number) =>
        this.#streams.refuse(reason, octets.subarray(start, end)),
    };
    socket.on('data', (octets: Buffer) => {
      this.#push(connection, octets, sink);
      if (wait === undefined) return;
      socket.pause();
      void wait.then(() => {
        // The wait was ours.
        if (connection.halfSinceMs !== undefined) connection.halfSinceMs = this.#clock.nowMs();
        socket.resume();
      });
      wait = undefined;
    });
    socket.on('end', () => connection.framer.end(sink));
    socket.on('close', () => this.#connections.delete(connection));
    this.#connections.add(connection);
  }

  #push(connection: Connection, octets: Buffer, sink: RecordSink): void {
    const { framer } = connection;
    const { messages } = framer;
    framer.push(octets, sink);
    const nowMs = this.#clock.nowMs();
    const isNext = framer.messages !== messages;
    if (isNext) connection.lastMs = nowMs;
    if (framer.isBetweenMessages) connection.halfSinceMs = undefined;
    else if (isNext) connection.halfSinceMs = nowMs;
    else connection.halfSinceMs ??= nowMs;
  }

  /** Where there is none the connection that was silent longest goes; false when all that could go only wait for the store. */
  #makeRoom(sender: string): boolean {
    const all = [...this.#connections];
    const ofSender = sender === LOCAL ? [] : all.filter((connection) => connection.sender === sender);
    const isSenderFull = ofSender.length >= MAX_CONNECTIONS_OF_A_SENDER;
    if (!isSenderFull && all.length < MAX_CONNECTIONS) return true;
    const most = isSenderFull ? `${MAX_CONNECTIONS_OF_A_SENDER} syslog connections of ${sender}` : MANY_CONNECTIONS;
    this.#problems.say({}, `more than ${most}: the one that was silent longest was ended`);
    const candidates = (isSenderFull ? ofSender : all).filter(({ socket }) => !socket.isPaused());
    const first = candidates[0];
    if (first === undefined) return false;
    this.#end(candidates.reduce((silent, one) => (one.lastMs < silent.lastMs ? one : silent), first));
    return true;
  }

  /** Ends connections that are silent, or do not end what they have begun; says what the system has lost. */
  #look(): void {
    this.#sayDrops();
    const nowMs = this.#clock.nowMs();
    for (const connection of this.#connections) {
      const { socket, lastMs, halfSinceMs } = connection;
      const isHalf = halfSinceMs !== undefined && nowMs - halfSinceMs >= HALF_MESSAGE_MS;
      if (socket.isPaused() || (!isHalf && nowMs - lastMs < SILENCE_MS)) continue;
      if (isHalf) this.#streams.refuse('a message that does not end', connection.framer.begun());
      this.#end(connection);
    }
  }

  #end(connection: Connection): void {
    this.#connections.delete(connection);
    connection.socket.destroy();
  }

  #sayDrops(): void {
    if (this.#datagrams === undefined) return;
    const { family, address, port } = this.#datagrams.address();
    const drops = udpDrops(family === 'IPv6' ? '/proc/net/udp6' : '/proc/net/udp', address, port);
    const more = drops - this.#drops;
    this.#drops = drops;
    if (more <= 0) return;
    const { name: source } = this.#source;
    this.#log.warn({ source, lost: more }, `syslog for ${source} came faster than it was read: datagrams lost ${more}`);
  }

  /** Linux gives twice what it is asked for, at most net.core.rmem_max, and loses without a word what has no room. */
  #checkBuffer(socket: DatagramSocket): void {
    const octets = socket.getRecvBufferSize() / 2;
    if (octets >= RECEIVE_BUFFER_OCTETS) return;
    const { name: source } = this.#source;
    const remedy = `sysctl -w net.core.rmem_max=${RECEIVE_BUFFER_OCTETS}`;
    this.#log.warn(
      { source },
      `the system holds ${octets} octets of syslog for ${source}, of ${RECEIVE_BUFFER_OCTETS} wanted, and loses what is more at once; to have more: ${remedy}`,
    );
  }
}

function udpDrops(path: string, address: string, port: number): number {
  try {
    return readUdpDrops(readFileSync(path, 'latin1'), address, port) ?? 0;
  } catch {
    // A system that hides it says nothing.
    return 0;
  }
}

/** Who sends over a unix socket. */
const LOCAL = 'local';
const MANY_CONNECTIONS = `${MAX_CONNECTIONS} syslog connections`;
