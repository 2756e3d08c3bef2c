import { askControl } from '../control/control-client.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { ServerKeys } from '../core/tls-settings.ts';
import { AskRoom } from './ask-room.ts';
import { ConsoleServer } from './console-server.ts';
import { createApp } from './create-app.ts';
import { LiveFeed } from './live-feed.ts';
import { OidcDoor, type OidcOptions } from './oidc.ts';
import { placeOf } from './own-hosts.ts';
import { readPageFiles } from './page-files.ts';

export interface ConsoleOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** Such as https://gluewall.example.net; undefined: it is reached where it listens. */
  readonly publicOrigin: string | undefined;
  /** Undefined: plain HTTP. */
  readonly keys: ServerKeys | undefined;
  readonly oidc: OidcOptions | undefined;
  /** The control socket of the gluewall whose console it is. */
  readonly socketPath: string;
  /** The folder of the built page. */
  readonly pageFolder: string;
  readonly version: string;
}

export interface ConsoleFigures {
  readonly viewers: number;
  readonly requests: number;
  /** Requests and connections that found no room. */
  readonly refused: number;
}

/** Fewer than the control socket takes: the rest is for commands. */
const ASK_LIMITS = { atOnce: 48, waiting: 256, perUser: 16 };

/** The console: pages and API over HTTP, which ask a gluewall on its control socket. */
export class Console {
  readonly #options: ConsoleOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #room: AskRoom;
  readonly #feed: LiveFeed;
  readonly #server: ConsoleServer;
  #requests = 0;

  constructor(options: ConsoleOptions, clock: Clock, log: Log) {
    const { socketPath, listen, keys } = options;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#room = new AskRoom((request, as, signal) => askControl(socketPath, request, signal, as), ASK_LIMITS);
    this.#feed = new LiveFeed(this.#room.ask, clock, log);
    this.#server = new ConsoleServer(listen, keys, log);
  }

  get figures(): ConsoleFigures {
    const refused = this.#room.refused + this.#server.refused;
    return { viewers: this.#feed.viewers, requests: this.#requests, refused };
  }

  /** Resolves with the port. Rejects with GluewallError `console-listen` or `page-files`. */
  async start(): Promise<number> {
    const { listen, publicOrigin, keys, oidc, pageFolder, version } = this.#options;
    const app = createApp({
      ask: this.#room.ask,
      place: placeOf(listen.host, keys !== undefined, publicOrigin),
      version,
      files: readPageFiles(pageFolder),
      feed: this.#feed,
      oidc: oidc === undefined ? undefined : new OidcDoor(oidc, this.#clock, this.#log),
      clock: this.#clock,
      log: this.#log,
      counted: () => {
        this.#requests++;
      },
    });
    return this.#server.start(app.fetch);
  }

  /** Ends the live streams, then lets the other answers end. Safe twice. */
  async stop(): Promise<void> {
    this.#feed.stop();
    await this.#server.stop();
  }
}
