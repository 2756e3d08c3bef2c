import type { Config } from '../../config/schema.ts';
import { systemClock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { configOf } from '../ask.ts';
import { createLogger } from '../logger.ts';
import { begin } from '../process-life.ts';
import { readConfigAside } from '../read-config-aside.ts';
import { Reloader } from '../reloader.ts';
import { defaultSocketPath } from '../socket-path.ts';
import { describeNode } from './describe-node.ts';
import { NodeApplication } from './node-application.ts';

export interface RunNodeOptions {
  readonly config?: string;
  readonly socket?: string;
}

/** `gluewall node`: a traceback node without a gate, in the foreground, until SIGINT or SIGTERM. */
export async function runNode(options: RunNodeOptions, version: string | undefined): Promise<void> {
  const { config, file, warnings } = configOf(options);
  if (config.node === undefined) throw noNode(file);
  const { log, flush } = createLogger(config.log.level);
  for (const warning of warnings) log.warn({ file }, warning);
  let reload = () => {};
  process.on('SIGHUP', () => {
    log.info({}, 'SIGHUP: the configuration is read');
    reload();
  });
  const reloader: Reloader = new Reloader({
    clock: systemClock,
    log,
    file,
    read: readConfigAside,
    config,
    apply: (next) => application.configure(next),
  });
  const socketPath = options.socket ?? config.control.socket ?? defaultSocketPath();
  const application = new NodeApplication(config, socketPath, systemClock, log, reloader, version);
  const stop = () => {
    reloader.stop();
    return application.stop();
  };
  const farewell = 'stopping; cases that are worked on are kept as far as they have come';
  const port = await begin({ start: () => application.start(), stop }, { log, flush, farewell });
  sayWhatItIs(log, config, port ?? config.node.listen.port);
  reload = () => {
    reloader.reload(false).catch(() => undefined);
  };
  reloader.start();
}

function sayWhatItIs(log: Log, config: Config, port: number): void {
  for (const line of describeNode(config, port)) log.info({}, line);
  const { sources } = config.querylog;
  if (sources.length > 0 || config.dnstap.listen !== undefined) return;
  log.warn(
    {},
    'no log of a DNS server is followed: name them in querylog.sources, or fill the query log with `gluewall log import`',
  );
}

function noNode(file: string): GluewallError {
  const example = [
    'node:',
    '  name: node.example.net          # in its certificate',
    '  tls: {key: node-key.pem, certificate: node-cert.pem, ca: ca-cert.pem}',
    '  zones: [example.net]            # whose authoritative servers it has the logs of, and',
    '  clients: [192.0.2.0/24]         # whose queries it has',
    '  peers:',
    '    - {name: node.example.org, url: "https://192.0.2.1:8853", servers: [192.0.2.53]}',
  ];
  const remedy = `write one; keys for a lab: gluewall pki init --node NAME (docs/traceback.md)`;
  return new GluewallError('config', `${file}: there is no \`node\` in it; ${remedy}\n${example.join('\n')}`);
}
