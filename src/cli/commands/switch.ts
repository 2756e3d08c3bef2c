/** `switch`: the bridges under gluewall, with and without a running controller. */
import { type Command, Option } from 'commander';
import { parseDuration } from '../../config/fields.ts';
import { loadConfig } from '../../config/load.ts';
import { resultOf } from '../../control/answer.ts';
import { askControl } from '../../control/control-client.ts';
import { systemClock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import { bridgeFindings } from '../../doctor/bridge-findings.ts';
import { readBridgeFacts } from '../../switches/bridge-facts.ts';
import { type BridgePlace, bridgePlace, openVswitchRunDirectory } from '../../switches/bridge-place.ts';
import { readDatabase } from '../../switches/database-facts.ts';
import { type PrimeOptions, primeUnattended, releaseUnattended } from '../../switches/unattended.ts';
import { configOf, DEFAULT_CONFIG_FILE } from '../ask.ts';
import { bridgeWishes, primeSettings } from '../bridge-settings.ts';
import { EXIT } from '../exit-codes.ts';
import { printJson, printLines } from '../output.ts';
import { printFindings } from '../print-findings.ts';
import { type PrimeAnswer, printPrimed, printReleased, printSwitches, type RunningSwitch } from '../print-switch.ts';
import { defaultSocketPath } from '../socket-path.ts';
import { joinSwitches } from '../switch-rows.ts';

const MAX_WAIT_MS = 3_600_000;

interface SharedOptions {
  readonly config?: string;
  readonly json?: true;
}

export function addSwitchCommands(program: Command): void {
  const parent = program.command('switch').description('the bridges of the Open vSwitch on this machine');
  switchCommand(parent, 'list', 'bridges of this machine, and switches of the running gluewall', [
    'gluewall switch list',
    'gluewall switch list --json',
  ])
    .option('--socket <path>', 'control socket of the running gluewall')
    .action(list);
  switchCommand(parent, 'check <bridge>', 'whether a bridge is as gluewall needs it; each finding has its remedy', [
    'gluewall switch check br0',
    'gluewall switch check br0 --json',
  ]).action(check);
  switchCommand(parent, 'prime <bridge...>', 'put the base flows on bridges, without a running controller', [
    'gluewall switch prime br0 --config /etc/gluewall/gluewall.yaml',
    'gluewall switch prime br0 br1 --wait 60s',
  ])
    .option('--wait <duration>', 'how long to wait for a bridge that is not there yet, such as 60s', '0')
    .addOption(forceOption())
    .action(prime);
  switchCommand(parent, 'release <bridge>', 'take the flows of gluewall away and let the bridge switch everything', [
    'gluewall switch release br0',
  ])
    .addOption(forceOption())
    .action(release);
}

function switchCommand(parent: Command, usage: string, about: string, examples: readonly string[]): Command {
  return parent
    .command(usage)
    .description(about)
    .option('--config <file>', `configuration (default ./${DEFAULT_CONFIG_FILE})`)
    .option('--json', 'answer as JSON')
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`);
}

function forceOption(): Option {
  return new Option('--force', 'do it although a controller is connected');
}

function placeOf(bridge: string): BridgePlace {
  return bridgePlace(bridge, openVswitchRunDirectory(process.env));
}

async function list(options: SharedOptions & { readonly socket?: string }): Promise<void> {
  const { config } = configOf(options);
  const socket = options.socket ?? config.control.socket ?? defaultSocketPath();
  const [database, running] = await Promise.all([
    readDatabase(openVswitchRunDirectory(process.env)),
    runningSwitches(socket),
  ]);
  if (!database.ok && running === undefined) {
    const message = `no Open vSwitch answers (${database.problem}), and no gluewall on ${socket}; ${database.remedy}`;
    throw new GluewallError('switch-unreachable', message);
  }
  const rows = joinSwitches(database.ok ? database.facts.bridges : [], running ?? []);
  if (options.json === true) return printJson(rows);
  const remarks = [
    ...(database.ok ? [] : [`bridges of this machine are not known: ${database.problem}; ${database.remedy}`]),
    ...(running === undefined ? [`no gluewall answers on ${socket}`] : []),
  ];
  await printLines([...(rows.length === 0 ? ['no bridges'] : printSwitches(rows)), ...remarks]);
}

/** Undefined when no gluewall answers. */
async function runningSwitches(socket: string): Promise<readonly RunningSwitch[] | undefined> {
  try {
    const status = await resultOf(askControl(socket, { operation: 'status' }));
    return (status as { readonly switches: readonly RunningSwitch[] }).switches;
  } catch (error) {
    if (error instanceof GluewallError) return undefined;
    throw error;
  }
}

async function check(bridge: string, options: SharedOptions): Promise<void> {
  const place = placeOf(bridge);
  const { config } = configOf(options);
  const findings = bridgeFindings(await readBridgeFacts(place, systemClock), bridgeWishes(config));
  if (options.json === true) await printJson(findings);
  else await printLines(printFindings(findings));
  process.exitCode = findings.some(({ ok }) => ok === false) ? EXIT.refused : EXIT.done;
}

async function prime(
  bridges: readonly string[],
  options: SharedOptions & { readonly wait: string; readonly force?: true },
): Promise<void> {
  const places = bridges.map(placeOf);
  const waitMs = parseDuration(options.wait);
  if (waitMs === undefined || waitMs > MAX_WAIT_MS) {
    throw new GluewallError('usage', `"${options.wait}" is no time to wait: want one such as 60s, at most 1h`);
  }
  // Without a configuration nothing would be judged: to be told so beats a bridge that is open by mistake.
  const settings = primeSettings(loadConfig(options.config ?? DEFAULT_CONFIG_FILE));
  const answers: PrimeAnswer[] = [];
  for (const place of places) {
    const answer = await primeOne(place, settings, { force: options.force === true, waitMs });
    answers.push(answer);
    if (options.json !== true) await printLines(printPrimed(answer));
  }
  if (options.json === true) await printJson(answers);
  process.exitCode = answers.some(({ outcome }) => outcome === 'refused') ? EXIT.refused : EXIT.done;
}

/** One bridge that cannot be primed does not keep the others from it. */
async function primeOne(
  place: BridgePlace,
  settings: ReturnType<typeof primeSettings>,
  options: PrimeOptions,
): Promise<PrimeAnswer> {
  try {
    return await primeUnattended(place, settings, options, systemClock);
  } catch (error) {
    if (!(error instanceof GluewallError)) throw error;
    return { bridge: place.bridge, outcome: 'refused', code: error.code, message: error.message };
  }
}

async function release(bridge: string, options: SharedOptions & { readonly force?: true }): Promise<void> {
  const outcome = await releaseUnattended(placeOf(bridge), options.force === true, systemClock);
  if (options.json === true) await printJson(outcome);
  else await printLines(printReleased(outcome));
}
