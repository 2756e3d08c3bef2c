import { existsSync } from 'node:fs';
import { DEFAULT_CONSOLE } from '../config/console-keys.ts';
import { listenAddress } from '../config/fields.ts';
import { plainPlaces } from '../config/plain-places.ts';
import type { Config } from '../config/schema.ts';
import { systemClock, turnClock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import { formatHostPort } from '../core/host-port.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../storage/store.ts';
import { Application } from './application.ts';
import { configOf } from './ask.ts';
import { connectAnyBridge } from './connect-command.ts';
import { withConsole } from './console/console-order.ts';
import { createConsole } from './console/create-console.ts';
import { createLogger } from './logger.ts';
import { openJournal, openStore, withStore } from './open-store.ts';
import { begin } from './process-life.ts';
import { createQueryLog } from './query-log/create-query-log.ts';
import { readConfigAside } from './read-config-aside.ts';
import { Reloader } from './reloader.ts';
import { defaultSocketPath } from './socket-path.ts';

export interface RunOptions {
  readonly config?: string;
  readonly socket?: string;
  readonly store?: string;
  readonly strict?: true;
  readonly console?: string;
}

/** `gluewall run`: the controller in the foreground, until SIGINT or SIGTERM. */
export async function run(options: RunOptions, version: string | undefined): Promise<void> {
  const { config: configured, file, warnings } = configOf(options);
  // Who has no configuration yet looks for one thing first: where to begin.
  const isByDefault = options.console === undefined && !existsSync(file);
  const place = isByDefault ? listenAddress.encode(DEFAULT_CONSOLE) : options.console;
  const config = withConsole(withStore(configured, options.store), place);
  const { log, flush } = createLogger(config.log.level);
  for (const warning of warnings) log.warn({ file }, warning);
  const socketPath = options.socket ?? config.control.socket ?? defaultSocketPath();
  // From the first moment on: a log rotation must not end a gluewall that is still starting.
  let reopenFiles = () => {};
  let reload = () => {};
  process.on('SIGHUP', () => {
    log.info({}, 'SIGHUP: files that are written to are opened anew, and the configuration is read');
    reopenFiles();
    reload();
  });
  const store = options.strict === true ? await openWholeStore(config, log) : await openStore(config, log);
  const clock = turnClock(systemClock);
  const journal = await openJournal(config, log);
  const door = createConsole(config, { socketPath, version, isByDefault, clock: systemClock, log });
  const kept = { store, journal, queryLog: createQueryLog(config, clock, log), console: door };
  const reloader: Reloader = new Reloader({
    clock: systemClock,
    log,
    file,
    read: readConfigAside,
    config: configured,
    apply: (next) => application.configure(withStore(next, options.store)),
  });
  const application = new Application(config, socketPath, kept, clock, log, reloader, version);
  reopenFiles = () => application.reopenFiles();
  const stop = () => {
    reloader.stop();
    return application.stop();
  };
  const life = { log, flush, farewell: 'stopping; the flows stay on the switches' };
  sayHowToConnect(log, config, await begin({ start: () => application.start(), stop }, life));
  reload = () => {
    reloader.reload(false).catch(() => undefined);
  };
  reloader.start();
  if (!existsSync(file)) sayWhatToFill(log, file);
}

/** With `--strict` there is no start without what the store holds. Throws GluewallError `store-strict`. */
async function openWholeStore(config: Config, log: Log): Promise<Store> {
  let store: Store | undefined;
  try {
    store = await openStore(config, log, true);
    await store.contents();
    return store;
  } catch (cause) {
    await store?.close();
    if (!(cause instanceof GluewallError)) throw cause;
    throw new GluewallError('store-strict', `${cause.message} (--strict: not started without it)`, { cause });
  }
}

function sayHowToConnect(log: Log, config: Config, port: number): void {
  const { listen, tls } = config.openflow;
  const { host } = listen;
  const target = formatHostPort(host, port);
  log.info({ host, port }, `listening for switches on ${target}${tls === undefined ? '' : ', by TLS'}`);
  log.info({}, `connect a bridge: ${connectAnyBridge(config.openflow, port)}`);
  const effect = 'setting the first controller of a bridge removes all its flows';
  log.warn({}, `${effect}; traffic stops until this controller has set its own`);
  const plain = plainPlaces(config).map(({ what }) => what);
  if (plain.length === 0) return;
  log.warn({}, `OpenFlow is neither authenticated nor encrypted (${plain.join(', ')}): let only your switches there`);
}

function sayWhatToFill(log: Log, file: string): void {
  const keys = 'inside.networks, outside.ports and trusted_resolvers';
  log.warn({}, `no ${file}: to begin, write one with ${keys} (docs/configuration.md lists all keys)`);
}
