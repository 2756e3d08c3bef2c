import { readFileSync } from 'node:fs';
import { type Document, isMap, isNode, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { GluewallError } from '../core/errors.ts';
import { type Config, configSchema } from './schema.ts';

const MAX_CONFIG_BYTES = 64 * 1024 * 1024;

/** Reads a configuration file. Throws GluewallError `config` whose message has a `file:line: reason` line per mistake. */
export function loadConfig(file: string): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new GluewallError('config', `${file}: cannot be read (${code}); give another with --config FILE`, { cause });
  }
  return parseConfig(text, file);
}

/** The configuration of an empty file: every key at its default. */
export function defaultConfig(): Config {
  return configSchema.parse({});
}

/** Reads configuration text; `file` is named in messages. Throws as loadConfig does. */
export function parseConfig(text: string, file: string): Config {
  if (text.length > MAX_CONFIG_BYTES)
    throw new GluewallError('config', `${file}: larger than ${MAX_CONFIG_BYTES} octets`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  if (document.errors.length > 0) {
    throw mistakes(document.errors.map((error) => `${file}:${lineAt(error.pos[0])}: ${error.message}`));
  }
  const lineOf = (path: readonly PropertyKey[]) => lineAt(offsetOf(document.contents, path));
  const result = configSchema.safeParse(plainValue(document, file, lineAt) ?? {});
  if (!result.success) throw mistakes(result.error.issues.flatMap((issue) => describe(issue, file, lineOf)));
  const problems = contradictions(result.data);
  if (problems.length > 0) throw mistakes(problems.map(({ key, problem }) => `${file}:${lineOf([key])}: ${problem}`));
  return result.data;
}

/** Aliases are followed here, and so their mistakes come to light here. */
function plainValue(document: Document, file: string, lineAt: (offset: number) => number): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    let offset = 0;
    visit(document, {
      Alias(_key, alias) {
        offset = alias.range?.[0] ?? 0;
        return alias.resolve(document) === undefined ? visit.BREAK : undefined;
      },
    });
    throw mistakes([`${file}:${lineAt(offset)}: ${(cause as Error).message}`]);
  }
}

/** Where the key that `path` leads to is written, or as much of the path as the file has. */
function offsetOf(contents: unknown, path: readonly PropertyKey[]): number {
  let node = contents;
  let offset = 0;
  for (const step of path) {
    const pair = isMap(node) ? node.items.find(({ key }) => String(key) === String(step)) : undefined;
    const place = isSeq(node) ? node.items[Number(step)] : pair?.key;
    if (!isNode(place)) break;
    offset = place.range?.[0] ?? offset;
    node = pair === undefined ? place : pair.value;
  }
  return offset;
}

type LineOf = (path: readonly PropertyKey[]) => number;

function describe(issue: z.core.$ZodIssue, file: string, lineOf: LineOf): string[] {
  const key = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((unknown) => {
      const path = [...issue.path, unknown];
      return `${file}:${lineOf(path)}: unknown key "${path.join('.')}" (docs/configuration.md lists all keys)`;
    });
  }
  return [`${file}:${lineOf(issue.path)}: ${key === '' ? 'the file' : key}: ${issue.message}`];
}

function contradictions(config: Config): { key: string; problem: string }[] {
  const problems: { key: string; problem: string }[] = [];
  const { inside, outside, ttl } = config;
  if (config.mode === 'enforce' && (inside.networks.length === 0 || outside.ports.length === 0)) {
    const problem =
      'mode: enforce needs inside.networks and outside.ports, else nobody can tell which queries are outbound';
    problems.push({ key: 'mode', problem });
  }
  if (config.teach === 'resolvers' && config.trusted_resolvers.length === 0) {
    const problem = 'teach: resolvers needs trusted_resolvers, else nobody teaches';
    problems.push({ key: 'teach', problem });
  }
  if (ttl.floor > ttl.cap) problems.push({ key: 'ttl', problem: 'ttl.floor is above ttl.cap' });
  if (config.drop_flow.life % 1000 !== 0) {
    problems.push({ key: 'drop_flow', problem: 'drop_flow.life must be whole seconds: the switch counts in seconds' });
  }
  return problems;
}

function mistakes(lines: readonly string[]): GluewallError {
  return new GluewallError('config', lines.join('\n'));
}
