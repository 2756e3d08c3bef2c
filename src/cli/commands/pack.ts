/** `pack`: named lists of destinations and names, and threat lists. */
import type { Command } from 'commander';
import type { ControlRequest } from '../../control/protocol.ts';
import { systemClock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import { silentLog } from '../../core/log.ts';
import { composeMatch } from '../../policy/rule-text.ts';
import {
  type PackRule,
  type PackServices,
  type PackView,
  packServices,
  type RefreshView,
} from '../../services/pack-services.ts';
import { type AskOptions, answerTo, askingCommand, configOf, openRunning, printItems } from '../ask.ts';
import { configuredRules } from '../configured-rules.ts';
import { EXIT } from '../exit-codes.ts';
import { packEntryPrinter, printPack, printRefresh } from '../print-packs.ts';
import { matchOptions, reasonOptions } from '../rule-arguments.ts';
import { stderrLog } from '../stderr-log.ts';
import { type AddOptions, actionArgument, addRule } from './rule.ts';

interface EnableOptions extends AddOptions {
  readonly as: string;
}

interface RefreshOptions extends AskOptions {
  readonly force?: true;
}

const NAMES_WARNING =
  'the pack holds names, and whoever asks for one of them may ask any server: narrow the rule with --from, for a bot can hide in such names';

export function addPackCommands(program: Command): void {
  const pack = program.command('pack').description('packs of destinations and names, and threat lists');
  askingCommand(pack, 'list', 'which there are, how large and old, and which rules make use of them', [
    'gluewall pack list',
    'gluewall pack list --json',
  ]).action((options: AskOptions) =>
    show(options, { operation: 'pack list' }, (packs) => packs.packList(), printPack, 'there are no packs'),
  );
  askingCommand(pack, 'show <name>', 'what is in one, and where it was published', [
    'gluewall pack show public-resolvers',
    'gluewall pack show av-lookups --json',
  ]).action((name: string, options: AskOptions) =>
    show(options, { operation: 'pack show', name }, (packs) => packs.packShow(name), packEntryPrinter(), 'it is empty'),
  );
  const enable = askingCommand(pack, 'enable <name>', 'allow or deny what is in a pack: makes the rule for it', [
    'gluewall pack enable public-resolvers --as allow --from group:guests --reason "guests may choose"',
    'gluewall pack enable doh-endpoints --as deny --reason "policy 12"',
  ]).requiredOption('--as <action>', 'allow or deny');
  reasonOptions(matchOptions(enable)).action(enablePack);
  askingCommand(pack, 'refresh [name]', 'fetch a threat list now, or all of them', [
    'gluewall pack refresh',
    'gluewall pack refresh botnets --force',
  ])
    .option('--force', 'take it even when it has shrunk')
    .action(refresh);
}

async function enablePack(name: string, { as, ...options }: EnableOptions): Promise<void> {
  const action = actionArgument(as);
  const view = await findPack(name, options);
  if (action === 'allow' && view.names > 0) stderrLog.warn({}, NAMES_WARNING);
  await addRule(action, { ...options, to: `pack:${name}` });
}

/** Throws GluewallError `pack-unknown`. */
async function findPack(name: string, options: AskOptions): Promise<PackView> {
  const running = await openRunning(options);
  for await (const view of running?.ask({ operation: 'pack list' }) ?? (await restingPacks(options)).packList()) {
    if ((view as Partial<PackView>).name === name) return view as PackView;
  }
  throw new GluewallError('pack-unknown', `there is no pack ${name}; gluewall pack list shows what there is`);
}

/** Prints what the running gluewall says, or what the files say when none runs. */
async function show<V>(
  options: AskOptions,
  request: ControlRequest,
  resting: (packs: PackServices) => AsyncGenerator<V, void>,
  print: (view: V) => readonly string[],
  none: string,
): Promise<void> {
  const running = await openRunning(options);
  await printItems(options, running?.ask(request) ?? resting(await restingPacks(options)), print, none);
}

/** Packs and the last good copies of lists as they lie on the disk. */
async function restingPacks(options: AskOptions): Promise<PackServices> {
  // Loading what reads packs takes longer than most other commands.
  const { buildPackBook } = await import('../build-packs.ts');
  const packs = buildPackBook(configOf(options).config, systemClock, silentLog);
  await packs.load();
  return packServices({ clock: systemClock, packs, rules: () => restingRules(options) });
}

/** Without a store there are only the rules of the configuration. */
async function* restingRules(options: AskOptions): AsyncGenerator<PackRule, void> {
  try {
    for await (const rule of answerTo(options, { operation: 'rule list', action: undefined })) yield rule as PackRule;
  } catch (cause) {
    if (!(cause instanceof GluewallError) || cause.code !== 'not-running') throw cause;
    const rules = configuredRules(configOf(options).config, systemClock.nowMs());
    for (const { id, action, match } of rules) yield { id, action, match: composeMatch(match) };
  }
}

async function refresh(name: string | undefined, options: RefreshOptions): Promise<void> {
  const running = await openRunning(options);
  if (running === undefined) {
    throw new GluewallError('not-running', 'lists are fetched only while gluewall runs: start it with `gluewall run`');
  }
  const request: ControlRequest = { operation: 'pack refresh', name, force: options.force === true };
  let failures = 0;
  const views = async function* () {
    for await (const view of running.ask(request)) {
      if ((view as RefreshView).error !== null) failures++;
      yield view as RefreshView;
    }
  };
  await printItems(options, views(), printRefresh, 'there are no threat lists');
  process.exitCode = failures === 0 ? EXIT.done : EXIT.refused;
}
