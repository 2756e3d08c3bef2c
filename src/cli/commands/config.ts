/** `config`: what a configuration says, without running it. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { composeConfig, composeYaml } from '../../config/compose.ts';
import { ConfigError } from '../../config/config-error.ts';
import { captureInterfaces, teachingMode } from '../../config/effective.ts';
import { configJsonSchema } from '../../config/json-schema.ts';
import { loadConfigWithWarnings } from '../../config/load.ts';
import { type Config, MAX_INTERFACE_NAME } from '../../config/schema.ts';
import { summarise } from '../../config/summary.ts';
import { systemClock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import { silentLog } from '../../core/log.ts';
import { loadTlsSettings } from '../../core/tls-settings.ts';
import { readLogFileFacts } from '../../doctor/log-findings.ts';
import { configOf, DEFAULT_CONFIG_FILE } from '../ask.ts';
import { EXIT } from '../exit-codes.ts';
import { storeFile } from '../open-store.ts';
import { type PaintedLine, printJson, printLines } from '../output.ts';
import { clientsKey } from '../query-log/log-clients.ts';
import { defaultSocketPath } from '../socket-path.ts';

interface JsonOption {
  readonly json?: true;
}

export function addConfigCommands(program: Command): void {
  const config = program.command('config').description('look at a configuration without running it');
  config
    .command('check')
    .argument('[file]', 'configuration', DEFAULT_CONFIG_FILE)
    .description('say what a configuration would do, or what is wrong with it and where')
    .option('--json', 'answer as JSON')
    .addHelpText('after', examples('gluewall config check', 'gluewall config check /etc/gluewall.yaml --json'))
    .action(check);
  config
    .command('show')
    .argument('[file]', `configuration (default ./${DEFAULT_CONFIG_FILE} if it is there)`)
    .description('print the configuration in force, defaults filled in, as YAML that reads back to the same')
    .option('--json', 'print it as JSON')
    .addHelpText('after', examples('gluewall config show', 'gluewall config show /etc/gluewall.yaml --json'))
    .action(show);
  config
    .command('schema')
    .description('print the JSON Schema of the configuration, for editors')
    .addHelpText('after', examples('gluewall config schema > gluewall.schema.json'))
    .action(() => printLines(JSON.stringify(configJsonSchema(), undefined, 2).split('\n')));
}

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

async function check(file: string, { json }: JsonOption): Promise<void> {
  try {
    const { config, warnings: ofRules } = loadConfigWithWarnings(file);
    const { sentences, warnings } = summarise(config);
    const found = [...ofRules, ...warnings, ...(await complaintsOfParts(config))];
    if (json === true) await printJson({ file, ok: true, sentences, warnings: found });
    else await printLines([`${file} is fine`, ...sentences.map((one) => `  ${one}`), ...found.map(warningLine)]);
  } catch (error) {
    if (json !== true || !(error instanceof GluewallError)) throw error;
    const mistakes =
      error instanceof ConfigError ? error.mistakes : [{ line: null, column: null, message: error.message }];
    await printJson({ file, ok: false, mistakes });
    process.exitCode = EXIT.usage;
  }
}

function warningLine(warning: string): PaintedLine {
  return { text: `warning: ${warning}`, paint: pc.yellow };
}

/** What `run` would complain of beyond the file itself. Rejects with what it would throw. */
async function complaintsOfParts(config: Config): Promise<readonly string[]> {
  const complaints: string[] = [];
  const log = { ...silentLog, warn: (_fields: object, message: string) => complaints.push(message) };
  // Other commands need not load the history.
  const { buildHistory } = await import('../build-parts.ts');
  buildHistory(config, systemClock, log);
  const { tls } = config.openflow;
  if (tls !== undefined) loadTlsSettings(tls, systemClock.nowMs());
  const { tls: captureTls } = config.capture;
  if (captureTls !== undefined) loadTlsSettings(captureTls, systemClock.nowMs(), 'capture.tls');
  clientsKey(config, log);
  return [...complaints, ...complaintsOfSources(config)];
}

function complaintsOfSources({ querylog }: Config): readonly string[] {
  return querylog.sources.flatMap(({ name, file }) => {
    if (file === undefined || readLogFileFacts(name, file).state !== 'no file') return [];
    return [`querylog.sources: ${file} of ${name} is no file that can be followed: name another`];
  });
}

async function show(file: string | undefined, { json }: JsonOption): Promise<void> {
  const source = configOf(file === undefined ? {} : { config: file });
  const config = inForce(source.config);
  if (json === true) await printJson(composeConfig(config));
  else await printLines(composeYaml(config).trimEnd().split('\n'));
}

/** Fills in what depends on other keys and on the machine. */
function inForce(config: Config): Config {
  const { store, control } = config;
  return {
    ...config,
    teach: teachingMode(config),
    capture: captureOf(config),
    store: store.kind === 'sqlite' ? { ...store, file: storeFile(config) } : store,
    control: control.socket === undefined ? { ...socketHere() } : control,
  };
}

/** A port may have a name that is too long for an interface: such a list cannot be written, only be left to its default. */
function captureOf(config: Config): Config['capture'] {
  const interfaces = [...captureInterfaces(config)];
  const isWritable = interfaces.every((name) => name.length <= MAX_INTERFACE_NAME);
  return isWritable ? { ...config.capture, interfaces } : config.capture;
}

/** Nothing where there is no safe place for one. */
function socketHere(): { readonly socket?: string } {
  try {
    return { socket: defaultSocketPath() };
  } catch (error) {
    if (error instanceof GluewallError) return {};
    throw error;
  }
}
