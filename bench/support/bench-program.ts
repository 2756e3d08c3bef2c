/** What every benchmark program does around its work. */
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** One call of a benchmark. */
export interface Bench {
  /** Of this call alone, and gone after it. */
  readonly folder: string;
  /** Aborted when the call is to end early. */
  readonly signal: AbortSignal;
  /** The value of an option; undefined where it is not given. */
  option(name: string): string | undefined;
  has(flag: string): boolean;
  /** Progress, and figures for people: standard output, which `--json` keeps for the last line. */
  say(line: string): void;
}

/** The names that may follow `npm run bench -- NAME`, besides `--json`. */
export interface Arguments {
  readonly flags?: readonly string[];
  readonly options?: readonly string[];
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs `body`, and prints the line that it resolves with as the last one. Exit code 1 when it rejects, 2 for arguments
 * nobody knows, that of the signal when one ended it: `body` sees the abort, and is waited for.
 */
export async function runBench(name: string, known: Arguments, body: (bench: Bench) => Promise<string>): Promise<void> {
  const values = readArguments(name, known);
  if (values === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'gluewall-bench-'));
  const abort = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    process.exitCode = 128 + constants.signals[signal];
    abort.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  const out = values.json === true ? process.stderr : process.stdout;
  const say = (line: string) => out.write(`${line}\n`);
  const option = (key: string) => {
    const value = values[key];
    return typeof value === 'string' ? value : undefined;
  };
  try {
    say(`${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}`);
    const line = await body({ folder, signal: abort.signal, option, has: (flag) => values[flag] === true, say });
    process.stdout.write(`${line}\n`);
  } catch (error) {
    process.stderr.write(`${name}: ${abort.signal.aborted ? 'stopped' : (error as Error).message}\n`);
    process.exitCode ??= 1;
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The whole number from `least` to `most` that an option gives. Throws on anything else. */
export function countOption(bench: Bench, name: string, ifMissing: number, least: number, most: number): number {
  const text = bench.option(name);
  if (text === undefined) return ifMissing;
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < least || count > most)
    throw new Error(`--${name} is a number from ${least} to ${most}, not ${text}`);
  return count;
}

function readArguments(
  name: string,
  { flags = [], options = [] }: Arguments,
): Readonly<Record<string, unknown>> | undefined {
  const known: Record<string, { readonly type: 'boolean' | 'string' }> = {};
  for (const key of ['json', ...flags]) known[key] = { type: 'boolean' };
  for (const key of options) known[key] = { type: 'string' };
  try {
    return parseArgs({ options: known }).values;
  } catch (error) {
    const usage = [...flags.map((key) => `[--${key}]`), ...options.map((key) => `[--${key} N]`)].join(' ');
    process.stderr.write(`${(error as Error).message}\nusage: npm run bench -- ${name} [--json] ${usage}\n`);
    process.exitCode = 2;
    return undefined;
  }
}
