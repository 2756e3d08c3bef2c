/** What an operator does with the gluewall of a gated mini-Internet: types commands, edits the configuration, looks at the switch. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import type { ConfigChange, GatedInternet } from '../../mininet/gated-internet.ts';
import type { DigQuestion } from '../../mininet/dig.ts';
import type { LogLine } from '../../mininet/gluewall-process.ts';
import { hosts } from '../../mininet/internet.ts';
import type { HostName } from '../../mininet/mini-internet.ts';
import { until } from '../../mininet/until.ts';
import type { ProgramResult } from '../../mininet/child.ts';
import { PIPELINE } from '../../src/controller/pipeline.ts';
import { gluewall } from './gluewall-command.ts';

/** Within which a change of rules, groups or bypasses is on the switch. */
export const PROMPT_MS = 1000;
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

/** Edits the file and has it taken up. */
export async function reload(world: GatedInternet, change: ConfigChange): Promise<ProgramResult> {
  edit(world, change);
  const result = await type(world, 'reload');
  if (result.status !== 0) throw new Error(`gluewall reload: ${result.stderr}`);
  return result;
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
  return (await world.flows('table=1')).filter((line) =>
    priorities.includes(Number(/priority=(\d+)/.exec(line)?.[1])),
  );
}
