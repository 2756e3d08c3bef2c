/** `rule`: what is allowed and denied beside what the history says. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { GluewallError } from '../../core/errors.ts';
import type { RuleAction } from '../../policy/rule.ts';
import type { RulePreviewView } from '../../services/rule-preview.ts';
import type { RuleChangeView, RuleView } from '../../services/rule-services.ts';
import { currentUser, laterArgument, reasonArgument } from '../arguments.ts';
import { type AskOptions, answerTo, ask, askingCommand, DEFAULT_CONFIG_FILE } from '../ask.ts';
import { printJsonArray, printLines } from '../output.ts';
import { isChanged, type PlacedRule, printRule, printRuleChange, STEP_HEADINGS, stepOfView } from '../print-rules.ts';
import { type GivenReason, type MatchOptions, matchArgument, matchOptions, reasonOptions } from '../rule-arguments.ts';
import { ruleLines } from '../rule-lines.ts';

const TO_TEXT = 'only to an address, a network, pack:NAME or name:NAME-SERVER';

export type AddOptions = AskOptions & MatchOptions & GivenReason;

export function addRuleCommands(program: Command): void {
  const rule = program.command('rule').description('what is allowed and denied beside what the history says');
  const add = askingCommand(rule, 'add <action>', 'allow or deny queries, from now on', [
    'gluewall rule add allow --to 192.0.2.53 --from group:servers --reason "ticket 4711"',
    'gluewall rule add deny --to 198.51.100.0/24 --reason "seen in an attack" --expires 7d',
    'gluewall rule add deny --zone tunnel.example --type TXT,TYPE10 --reason "tunnel"',
  ]);
  matchOptions(add).option('--to <servers>', TO_TEXT);
  reasonOptions(add).action((action: string, options: AddOptions) => addRule(actionArgument(action), options));
  const preview = askingCommand(
    rule,
    'preview <action>',
    'which blocked queries on record a rule would have let pass, or which allowed ones it would have stopped',
    ['gluewall rule preview allow --to 192.0.2.53', 'gluewall rule preview deny --zone tunnel.example --json'],
  );
  matchOptions(preview)
    .option('--to <servers>', TO_TEXT)
    .action((action: string, options: AskOptions & MatchOptions) => previewRule(actionArgument(action), options));
  askingCommand(rule, 'change <id>', 'give a rule another reason or end; what it is about stays', [
    'gluewall rule change 1f3a9c04 --reason "ticket 4712"',
    'gluewall rule change 1f3a9c04 --expires 7d',
    'gluewall rule change 1f3a9c04 --expires never',
  ])
    .option('--reason <text>', 'why; shown with the rule', reasonArgument)
    .option('--expires <duration>', 'how long it holds from now on, such as 8h, or `never`')
    .action(changeRule);
  askingCommand(rule, 'remove <id>', 'take a rule out of force', ['gluewall rule remove 1f3a9c04']).action(
    (id: string, options: AskOptions) =>
      ask<RuleChangeView>(options, { operation: 'rule remove', id }, printRuleChange, isChanged),
  );
  askingCommand(
    rule,
    'list',
    'all rules in the order in which they are asked, who made them, and how often they decided',
    ['gluewall rule list', 'gluewall rule list --json'],
  ).action((options: AskOptions) => listRules(options, undefined, 'there are no rules: the history decides'));
}

/** Also of what is given as `allow add`. */
export function addRule(action: RuleAction, options: AddOptions): Promise<void> {
  const { reason, expires } = options;
  return ask<RuleChangeView>(
    options,
    {
      operation: 'rule add',
      action,
      match: matchArgument(options),
      reason,
      owner: currentUser(),
      expires: expires === undefined ? undefined : laterArgument(expires, Date.now()),
    },
    printRuleChange,
    isChanged,
  );
}

async function previewRule(action: RuleAction, options: AskOptions & MatchOptions): Promise<void> {
  const { printPreview } = await import('../print-preview.ts');
  const request = { operation: 'rule preview', action, match: matchArgument(options) } as const;
  await ask<RulePreviewView>(options, request, (view) => printPreview(action, view));
}

async function changeRule(
  id: string,
  { reason, expires, ...options }: AskOptions & Partial<GivenReason>,
): Promise<void> {
  if (reason === undefined && expires === undefined)
    throw new GluewallError('usage', 'say what is to be another: --reason or --expires');
  const ends = expires === undefined || expires === 'never' ? null : laterArgument(expires, Date.now());
  const request = {
    operation: 'rule change',
    id,
    reason,
    ...(expires === undefined ? {} : { expires: ends }),
  } as const;
  await ask<RuleChangeView>(options, request, printRuleChange, isChanged);
}

/** Prints the rules, or those of one action; `none` is said when there are none. */
export async function listRules(options: AskOptions, action: RuleAction | undefined, none: string): Promise<void> {
  const rules = placed(answerTo(options, { operation: 'rule list', action }), options);
  if (options.json === true) {
    await printJsonArray(rules);
    return;
  }
  let step: string | undefined;
  for await (const rule of rules) {
    const heading = stepOfView(rule);
    // Of one action alone there is nothing to tell apart.
    const isNew = action === undefined && heading !== step;
    step = heading;
    await printLines([...(isNew ? [STEP_HEADINGS[heading]] : []), ...printRule(rule)]);
  }
  if (step === undefined) await printLines([none]);
}

/** The rules with their lines, as far as this command has the configuration that they are from. */
async function* placed(items: AsyncIterable<unknown>, options: AskOptions): AsyncGenerator<PlacedRule, void> {
  const file = options.config ?? DEFAULT_CONFIG_FILE;
  const lines = existsSync(file) ? ruleLines(file) : undefined;
  for await (const item of items) {
    const rule = item as RuleView;
    yield { ...rule, line: rule.origin === 'configuration' ? (lines?.get(rule.id) ?? null) : null };
  }
}

export function actionArgument(text: string): RuleAction {
  if (text === 'allow' || text === 'deny') return text;
  throw new GluewallError('usage', `"${text}" is no action: want allow or deny`);
}
