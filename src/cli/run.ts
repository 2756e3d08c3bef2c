import { existsSync } from 'node:fs';
import { plainPlaces } from '../config/plain-places.ts';
import type { Config } from '../config/schema.ts';
import { systemClock, turnClock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { Application } from './application.ts';
import { configOf } from './ask.ts';
import { connectCommand } from './connect-command.ts';
import { EXIT } from './exit-codes.ts';
import { createLogger } from './logger.ts';
import { openStore } from './open-store.ts';
import { defaultSocketPath } from './socket-path.ts';

/** `gluewall run`: the controller in the foreground, until SIGINT or SIGTERM. */
export async function run(options: { readonly config?: string; readonly socket?: string }): Promise<void> {
  const { config, file } = configOf(options);
  const { log, flush } = createLogger(config.log.level);
  const socketPath = options.socket ?? config.control.socket ?? defaultSocketPath();
  // From the first moment on: a log rotation must not end a gluewall that is still starting.
  let reopenFiles = () => {};
  process.on('SIGHUP', () => {
    log.info({}, 'SIGHUP: files that are written to are opened anew');
    reopenFiles();
  });
  const application = new Application(config, socketPath, await openStore(config, log), turnClock(systemClock), log);
  reopenFiles = () => application.reopenFiles();
  try {
    const port = await application.start();
    sayHowToConnect(log, config, port);
  } catch (error) {
    await application.stop();
    await flush();
    throw error;
  }
  if (!existsSync(file)) sayWhatToFill(log, file);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stopping; the flows stay on the switches');
      application
        .stop()
        .then(() => EXIT.done)
        .catch((error: Error) => {
          log.error({ error }, `stopping failed: ${error.message}`);
          return EXIT.refused;
        })
        .then((code) => flush().then(() => process.exit(code)));
    });
  }
}

function sayHowToConnect(log: Log, config: Config, port: number): void {
  const { listen, tls } = config.openflow;
  const { host } = listen;
  const target = host.includes(':') ? `[${host}]` : host;
  log.info({ host, port }, `listening for switches on ${target}:${port}${tls === undefined ? '' : ', by TLS'}`);
  const isEverywhere = host === '0.0.0.0' || host === '::';
  const scheme = tls === undefined ? 'tcp' : 'ssl';
  const command = connectCommand('BRIDGE', `${scheme}:${isEverywhere ? 'ADDRESS-OF-THIS-HOST' : target}:${port}`);
  log.info({}, `connect a bridge: ${command}`);
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
