import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { Agent } from 'node:https';
import { type ConnectionOptions, connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import { isNamed } from '../../core/tls-settings.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import { untilAborted } from '../../core/until-aborted.ts';
import { PeerFailure } from '../node-options.ts';
import { connectionFailure } from './connection-failure.ts';
import { type HttpLimits, MAX_HEADER_FIELDS } from './http-limits.ts';
import type { NodeCertificates } from './node-certificates.ts';
import { postHttp1, postHttp2 } from './post.ts';
import type { HttpReply } from './read-answer.ts';

/** How long a connection may take to be there. */
const CONNECT_MS = 5000;

/** What a peer is asked over: a session of HTTP/2, or connections of HTTP/1.1 where it speaks nothing newer. */
type Way = { readonly session: ClientHttp2Session } | { readonly agent: Agent };

/** The way to one peer: made when it is needed, kept, and made anew when it has broken. */
export class PeerConnection {
  readonly url: string;
  readonly #name: string;
  readonly #certificates: NodeCertificates;
  readonly #limits: HttpLimits;
  readonly #clock: Clock;
  /** While it is being made, all who come wait for the same one. */
  #way: Promise<Way> | undefined;
  readonly #ending = new AbortController();

  constructor(name: string, url: string, certificates: NodeCertificates, limits: HttpLimits, clock: Clock) {
    this.#name = name;
    this.url = url;
    this.#certificates = certificates;
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Rejects with PeerFailure `unreachable`, `late` when `signal` aborts, or `nonsense` when the answer is too large. */
  async post(path: string, text: string, signal: AbortSignal): Promise<HttpReply> {
    const isKept = this.#way !== undefined;
    try {
      return await this.#postOnce(path, text, signal);
    } catch (error) {
      const isBroken = error instanceof PeerFailure && error.reason === 'unreachable';
      // A connection that was kept may have ended since; who gets a request twice refuses the second.
      if (!isKept || !isBroken || signal.aborted || this.#ending.signal.aborted) throw error;
      return this.#postOnce(path, text, signal);
    }
  }

  /** Ends it, and the requests on it. Safe twice. */
  end(): void {
    this.#ending.abort();
    this.#way?.then((way) => {
      if ('agent' in way) way.agent.destroy();
      else way.session.destroy();
    }, ignore);
  }

  /** Ends what is idle; what is under way goes on, and the next request makes another connection. */
  retire(): void {
    const made = this.#way;
    this.#way = undefined;
    made?.then((way) => {
      if ('session' in way) way.session.close();
      else for (const sockets of Object.values(way.agent.freeSockets)) for (const one of sockets ?? []) one.destroy();
    }, ignore);
  }

  async #postOnce(path: string, text: string, signal: AbortSignal): Promise<HttpReply> {
    if (this.#ending.signal.aborted) throw new PeerFailure('unreachable', 'the connection has been ended');
    this.#way ??= this.#connect();
    const made = this.#way;
    try {
      // Whatever the other end does, it is over when the time is.
      return await untilAborted(this.#postOver(made, path, text, signal), signal);
    } catch (error) {
      const failure = signal.aborted
        ? new PeerFailure('late', 'no answer in time', { cause: error })
        : connectionFailure(error);
      // Late, it may be dead without having said so.
      if (failure.reason !== 'nonsense') this.#forget(made);
      throw failure;
    }
  }

  async #postOver(made: Promise<Way>, path: string, text: string, signal: AbortSignal): Promise<HttpReply> {
    const way = await made;
    if (signal.aborted) throw signal.reason;
    return 'session' in way
      ? postHttp2(way.session, path, text, this.#limits, signal)
      : postHttp1(way.agent, new URL(path, this.url), text, this.#limits, signal);
  }

  /** The next request makes another; what is under way on a session goes on. */
  #forget(made: Promise<Way> | undefined): void {
    made?.then(
      (way) => {
        // An agent makes new connections by itself.
        if ('agent' in way) return;
        if (this.#way === made) this.#way = undefined;
        if (!way.session.closed) way.session.close();
      },
      () => {
        if (this.#way === made) this.#way = undefined;
      },
    );
  }

  async #connect(): Promise<Way> {
    const socket = connectTls(this.#tlsOptions(['h2', 'http/1.1']));
    const cancel = this.#clock.after(CONNECT_MS, () => socket.destroy(coded('ETIMEDOUT')));
    try {
      await once(socket, 'secureConnect', { signal: this.#ending.signal });
    } catch (error) {
      socket.on('error', ignore);
      socket.destroy();
      throw error;
    } finally {
      cancel();
    }
    socket.on('error', ignore);
    if (socket.alpnProtocol === 'h2') return { session: this.#startSession(socket) };
    socket.end();
    const agent = new Agent({
      ...this.#tlsOptions(['http/1.1']),
      keepAlive: true,
      maxSockets: this.#limits.connectionsPerPeer,
      maxFreeSockets: 1,
      maxCachedSessions: 0,
    });
    return { agent };
  }

  #startSession(socket: TLSSocket): ClientHttp2Session {
    const session = connectHttp2(this.url, {
      createConnection: () => socket,
      maxHeaderListPairs: MAX_HEADER_FIELDS,
      settings: { enablePush: false },
    });
    const made = this.#way;
    const forget = () => this.#forget(made);
    session.on('error', ignore).on('close', forget).on('goaway', forget);
    const frames = new TokenBucket(this.#clock, this.#limits.framesPerSecond, this.#limits.framesAtOnce);
    const take = () => {
      if (!frames.take()) session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    };
    session.on('ping', take).on('remoteSettings', take);
    return session;
  }

  #tlsOptions(ALPNProtocols: string[]): ConnectionOptions {
    const { hostname, port } = new URL(this.url);
    return {
      ...this.#certificates.settings,
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: port === '' ? 443 : Number(port),
      servername: this.#name,
      ALPNProtocols,
      checkServerIdentity: (_host: string, { raw }: PeerCertificate) =>
        isNamed(new X509Certificate(raw), this.#name) ? undefined : coded('ERR_TLS_CERT_ALTNAME_INVALID'),
    };
  }
}

function ignore(): void {}

/** An error as the machine has them. */
function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}
