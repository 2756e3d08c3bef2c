/** What an operator does with the gluewall of a gated mini-Internet: types commands, edits the configuration, looks at the switch. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import type { ProgramResult } from '../../mininet/child.ts';
import type { DigQuestion } from '../../mininet/dig.ts';
import type { ConfigChange, GatedInternet } from '../../mininet/gated-internet.ts';
import type { LogLine } from '../../mininet/gluewall-process.ts';
import { hosts } from '../../mininet/internet.ts';
import type { MiniInternet } from '../../mininet/mini-internet.ts';
import { until } from '../../mininet/until.ts';
import { resultOf } from '../../src/control/answer.ts';
import { askControl } from '../../src/control/control-client.ts';
import type { ControlRequest } from '../../src/control/protocol.ts';
import { PIPELINE } from '../../src/controller/pipeline.ts';
import type { RuleAction } from '../../src/policy/rule.ts';
import type { WrittenMatch } from '../../src/policy/rule-text.ts';
import type { ReloadView } from '../../src/services/reload-view.ts';
import type { RuleChangeView, RuleView } from '../../src/services/rule-services.ts';
import { gluewall } from './gluewall-command.ts';

type HostName = Parameters<MiniInternet['dig']>[0];

/** A query to a name server that is learned of once a resolver asks for the name. */
export const CORP: DigQuestion = { server: hosts.corp.ipv4, name: 'www.corp.example' };
export const CORP6: DigQuestion = { ...CORP, server: hosts.corp.ipv6 };
/** A query to a resolver that nothing is known of. */
export const STRANGER: DigQuestion = { server: hosts.stranger.ipv4, name: 'www.bank.test' };
export const STRANGER6: DigQuestion = { ...STRANGER, server: hosts.stranger.ipv6 };

/** Within which a change of rules, groups or bypasses is on the switch. */
const PROMPT_MS = 1000;
const EVENT_MS = 5000;

/** Types a command for the running gluewall. */
export function type(world: GatedInternet, ...args: readonly string[]): Promise<ProgramResult> {
  return gluewall(process.env, ...args, '--socket', world.gluewall.socketPath);
}

/** As `type`, with `--json`; throws when it fails. */
export async function typeForJson<T>(world: GatedInternet, ...args: readonly string[]): Promise<T> {
  const { stdout, stderr } = await type(world, ...args, '--json');
  if (stdout === '') throw new Error(`gluewall ${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** Writes the configuration file with other values for some keys; undefined takes a key out. */
export function edit(world: GatedInternet, change: ConfigChange): void {
  const { configPath } = world.gluewall;
  const config = parse(readFileSync(configPath, 'utf8')) as object;
  writeFileSync(configPath, stringify({ ...config, ...change }));
}

/** As a command does, which takes a second and more to start. */
export async function request<T>(world: GatedInternet, asked: ControlRequest): Promise<T> {
  return (await resultOf(askControl(world.gluewall.socketPath, asked))) as T;
}

/** Edits the file and has it taken up. */
export async function reload(world: GatedInternet, change: ConfigChange): Promise<ReloadView> {
  edit(world, change);
  return request(world, { operation: 'reload', isTrial: false });
}

/** Adds a rule. */
export async function addRule(world: GatedInternet, action: RuleAction, match: WrittenMatch): Promise<RuleView> {
  const asked = { operation: 'rule add', action, match, reason: 'a test', owner: 'admin' } as const;
  return (await request<Required<RuleChangeView>>(world, asked)).rule;
}

/** Whether a query of a host is answered. */
export async function asks(world: GatedInternet, host: HostName, question: DigQuestion): Promise<boolean> {
  return (await world.internet.dig(host, question)).answered;
}

/** Rejects unless the probe is what is expected within the time in which changes take effect. */
export async function soon(what: string, probe: () => Promise<boolean>, withinMs = PROMPT_MS): Promise<void> {
  await until(what, withinMs, async () => ((await probe()) ? true : undefined));
}

/** The resolver of the inside asks for a name, and gluewall learns of its server. */
export async function teach(world: GatedInternet, name: string, server: string): Promise<void> {
  const question = { server: hosts.resolver.ipv4, name, timeoutSeconds: 5 };
  if (!(await asks(world, 'client', question))) throw new Error(`${name} is not resolved`);
  await soon(`${server} is learned`, async () => (await world.gluewall.lookup(server)).known, EVENT_MS);
}

/** The first verdict that was told from line `since` of the log on, about what `test` looks for. */
export function told(world: GatedInternet, since: number, test: (line: LogLine) => boolean): Promise<LogLine> {
  return world.gluewall.logged('the verdict', since, (line) => line.event === 'dns_verdict' && test(line));
}

/** Entries of the verdict table that verdicts and bypasses have made. */
export async function verdictFlows(world: GatedInternet): Promise<string[]> {
  const { drop, dropClient, allow, bypass } = PIPELINE.verdict.entries;
  const priorities = [drop, dropClient, allow, bypass].map(({ priority }) => priority);
  return (await world.flows('table=1')).filter((line) => priorities.includes(Number(/priority=(\d+)/.exec(line)?.[1])));
}
