import type { Config } from '../../config/schema.ts';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { consoleUrl } from '../accounts/console-url.ts';
import { ConsoleHost } from './console-host.ts';
import { consoleOrder } from './console-order.ts';
import { sayConsole } from './say-console.ts';

/** The console as the application begins and ends it. */
export interface RunningConsole {
  readonly figures: ConsoleHost['figures'];
  /** Where browsers reach it, without a slash at the end; undefined while it is not there. */
  readonly url: string | undefined;
  /** Begins, and says where it is. Rejects with a GluewallError when its address cannot be had. */
  start(): Promise<void>;
  /** Safe twice. */
  stop(): Promise<void>;
}

export interface ConsoleSurroundings {
  readonly socketPath: string;
  readonly version: string | undefined;
  /** Nobody asked for it: where its address cannot be had, gluewall runs without it. */
  readonly isByDefault: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** The console of a gluewall that is to run; undefined where there is to be none. Throws `tls-files` or `oidc-secret`. */
export function createConsole(config: Config, surroundings: ConsoleSurroundings): RunningConsole | undefined {
  const { socketPath, version = 'unknown', isByDefault, clock, log } = surroundings;
  const order = consoleOrder(config, socketPath, version, clock.nowMs());
  if (order === undefined) return undefined;
  const host = new ConsoleHost(order, clock, log);
  const urlAt = (port: number) => consoleUrl(config.console, { ...order.listen, port });
  const begin = async () => sayConsole(urlAt(await host.start()), socketPath, log);
  return {
    get figures() {
      return host.figures;
    },
    get url() {
      const { port } = host.figures;
      return port === undefined ? undefined : urlAt(port);
    },
    async start() {
      if (!isByDefault) return begin();
      // Nothing waits for what nobody has asked for.
      begin().catch((error: unknown) => log.warn({}, `there is no console: ${messageOf(error)}`));
    },
    stop: () => host.stop(),
  };
}
