import type { z } from 'zod';
import { nearest } from '../core/nearest.ts';
import type { Mistake } from './config-error.ts';
import { knownKeys } from './known-keys.ts';
import { quoted } from './quoted.ts';
import type { YamlText } from './read-yaml.ts';
import { configSchema } from './schema.ts';
import { nearestKeys } from './suggest.ts';

/** Mistakes of an unknown key each; more are as one. */
const MAX_UNKNOWN_KEYS = 1000;

/** What zod found wrong, as mistakes in words of ours at places in the file. */
export function describeIssue(issue: z.core.$ZodIssue, text: YamlText): readonly Mistake[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, MAX_UNKNOWN_KEYS).map((key) => ({
      ...text.placeOfKey([...issue.path, key]),
      message: describeUnknownKey(issue.path, key),
    }));
  }
  const key = issue.path.length === 0 ? 'the file' : issue.path.join('.');
  return [{ ...text.placeOfValue(issue.path), message: `${key}: ${wanted(issue)}` }];
}

const KNOWN = knownKeys(configSchema);
const KEYS = KNOWN.map(({ path }) => path);
const UNITS: ReadonlyMap<string, string> = new Map(KNOWN.map(({ path, facts }) => [path, facts.unit]));
const GROUPS = [...new Set(KEYS.filter((path) => path.includes('.')).map((path) => path.split('.')[0]!))];

function describeUnknownKey(parents: readonly PropertyKey[], unknown: string): string {
  const group = keyPath(parents);
  const path = keyPath([...parents, unknown]);
  const isNested = KEYS.includes(path);
  const what = `unknown key ${quoted(isNested ? unknown : path)}`;
  if (isNested) return `${what}; write ${nested(path)}`;
  const meant = nearestKeys(group, unknown, [...KEYS, ...GROUPS]);
  if (meant.length > 0) return `${what}; did you mean ${either(meant)}?`;
  const beside = KEYS.filter((key) => group !== '' && key.startsWith(`${group}.`)).map((key) =>
    key.slice(group.length + 1),
  );
  return beside.length > 0
    ? `${what}; ${group} has ${beside.join(', ')}`
    : `${what} (docs/configuration.md lists all keys)`;
}

/** As KnownKey has it: places in lists are left out. */
function keyPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}

/** `hold.time` as `hold: {time: …}`. */
function nested(path: string): string {
  const [group, ...names] = path.split('.');
  return `${group}: {${names.join(': {')}: …${'}'.repeat(names.length)}`;
}

function either(words: readonly string[]): string {
  const last = quoted(words.at(-1)!);
  return words.length === 1 ? last : `${words.slice(0, -1).map(quoted).join(', ')} or ${last}`;
}

/** What should stand there. Kinds of values with a message of their own say it themselves. */
function wanted(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `${issue.input === undefined ? 'is missing: ' : ''}${wantedType(issue)}`;
    case 'invalid_value':
      return wantedWord(issue.values.map(String), issue.input);
    case 'too_small':
      return issue.origin === 'int' || issue.origin === 'number'
        ? `want ${issue.minimum} or more`
        : `want at least one${issue.origin === 'array' ? '' : ' character'}`;
    case 'too_big':
      return wantedLess(issue.origin, issue.maximum);
    default:
      return issue.message;
  }
}

function wantedWord(words: readonly string[], input: unknown): string {
  const meant = typeof input === 'string' ? nearest(input, words) : undefined;
  const all = `want one of: ${words.join(', ')}`;
  return meant === undefined ? all : `${all}; did you mean ${quoted(meant)}?`;
}

function wantedLess(origin: string, maximum: number | bigint): string {
  if (origin === 'array') return `want at most ${maximum} of them`;
  return origin === 'string' ? `want at most ${maximum} characters` : `want ${maximum} or less`;
}

function wantedType({ expected, path, message }: z.core.$ZodIssueInvalidType): string {
  if (expected !== 'int' && expected !== 'number') return WANTED_TYPES[expected] ?? message;
  const unit = UNITS.get(keyPath(path));
  if (expected === 'number' && unit === 'share') return 'want a number from 0 to 1';
  return `want a whole number${unit === undefined ? '' : ` of ${unit}`}`;
}

const WANTED_TYPES: Readonly<Record<string, string>> = {
  array: 'want a list, such as [ONE, OTHER]',
  object: 'want keys below it, such as "hold: {time: 50ms}"',
  boolean: 'want true or false',
  string: 'want text',
};
