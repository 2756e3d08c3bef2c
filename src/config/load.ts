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
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  if (document.errors.length > 0) {
    throw mistakes(
      file,
      document.errors.map(({ pos, message }) => ({ line: lineAt(pos[0]), text: message })),
    );
  }
  const lineOf = (path: readonly PropertyKey[]) => lineAt(offsetOf(document.contents, path));
  const result = configSchema.safeParse(plainValue(document, file, lineAt) ?? {});
  if (!result.success)
    throw mistakes(
      file,
      result.error.issues.flatMap((issue) => describe(issue, lineOf)),
    );
  const problems = contradictions(result.data);
  if (problems.length > 0) {
    throw mistakes(
      file,
      problems.map(({ key, problem }) => ({ line: lineOf([key]), text: problem })),
    );
  }
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
    throw mistakes(file, [{ line: lineAt(offset), text: (cause as Error).message }]);
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

interface Mistake {
  readonly line: number;
  readonly text: string;
}

function describe(issue: z.core.$ZodIssue, lineOf: LineOf): Mistake[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((unknown) => {
      const path = [...issue.path, unknown];
      const text = `unknown key "${path.join('.')}" (docs/configuration.md lists all keys)`;
      return { line: lineOf(path), text };
    });
  }
  const key = issue.path.length === 0 ? 'the file' : issue.path.join('.');
  return [{ line: lineOf(issue.path), text: `${key}: ${wanted(issue)}` }];
}

/** What should stand there. Kinds of values with a message of their own say it themselves. */
function wanted(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return WANTED_TYPES[issue.expected] ?? issue.message;
    case 'invalid_value':
      return `want one of: ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return issue.origin === 'int' || issue.origin === 'number'
        ? `want ${issue.minimum} or more`
        : 'want at least one character';
    case 'too_big':
      return issue.origin === 'array' ? `want at most ${issue.maximum} of them` : `want ${issue.maximum} or less`;
    default:
      return issue.message;
  }
}

const WANTED_TYPES: Readonly<Record<string, string>> = {
  array: 'want a list, such as [192.0.2.53]',
  object: 'want keys below it, such as "hold: {time: 50ms}"',
  int: 'want a whole number',
  number: 'want a whole number',
  string: 'want text',
};

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

/** One line each, in the order of the file. */
function mistakes(file: string, found: readonly Mistake[]): GluewallError {
  const sorted = [...found].sort((a, b) => a.line - b.line);
  return new GluewallError('config', sorted.map(({ line, text }) => `${file}:${line}: ${text}`).join('\n'));
}
