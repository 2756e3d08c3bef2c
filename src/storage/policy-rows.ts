/** Rows of the tables `rules` and `warmup`. */
import type { WarmupProgress } from '../policy/mode.ts';
import type { Rule, RuleAction, RuleMatch } from '../policy/rule.ts';
import { composeMatch, parseMatch } from '../policy/rule-text.ts';
import {
  type ColumnValue,
  endlessMilliseconds,
  readEndlessMilliseconds,
  readMilliseconds,
  readText,
  readWord,
} from './column-values.ts';

export const RULE_COLUMNS = [
  'id',
  'action',
  'match_json',
  'reason',
  'owner',
  'created_at_ms',
  'expires_at_ms',
] as const;

const ACTIONS: Readonly<Record<RuleAction, true>> = { allow: true, deny: true };
const PROTOCOLS = { udp: true, tcp: true } as const;
const MATCH_KEYS: Readonly<Record<keyof RuleMatch, true>> = {
  from: true,
  to: true,
  zone: true,
  types: true,
  protocol: true,
};

/** The values of RULE_COLUMNS. */
export function ruleRow({ id, action, match, reason, owner, createdAtMs, expiresAtMs }: Rule): ColumnValue[] {
  const written = JSON.stringify(composeMatch(match));
  return [id, action, written, reason, owner, createdAtMs, endlessMilliseconds(expiresAtMs)];
}

/** Reads the values of RULE_COLUMNS; undefined when they are no rule. */
export function readRule(row: readonly unknown[]): Rule | undefined {
  const id = readText(row[0]);
  const action = readWord(row[1], ACTIONS);
  const match = readMatch(readText(row[2]));
  const reason = readText(row[3]);
  const owner = readText(row[4]);
  const createdAtMs = readMilliseconds(row[5]);
  const expiresAtMs = readEndlessMilliseconds(row[6]);
  if (id === undefined || id === '' || action === undefined || match === undefined) return undefined;
  if (reason === undefined || owner === undefined || createdAtMs === undefined || expiresAtMs === undefined)
    return undefined;
  return { id, action, match, origin: 'command', reason, owner, createdAtMs, expiresAtMs };
}

/** A key that is not known here may narrow the match: without it the rule would hold for more than was meant. */
function readMatch(text: string | undefined): RuleMatch | undefined {
  const written = parseObject(text);
  if (written === undefined || !Object.keys(written).every((key) => Object.hasOwn(MATCH_KEYS, key))) return undefined;
  const { from, to, zone, types, protocol } = written;
  const texts = [from, to, zone];
  if (!texts.every((value) => value === undefined || typeof value === 'string')) return undefined;
  if (types !== undefined && !isListOfTexts(types)) return undefined;
  const word = readWord(protocol, PROTOCOLS);
  if (protocol !== undefined && word === undefined) return undefined;
  const [fromText, toText, zoneText] = texts.map(readText);
  const match = parseMatch({ from: fromText, to: toText, zone: zoneText, types, protocol: word });
  return 'problem' in match ? undefined : match;
}

function parseObject(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string');
}

/** Reads the values of `learned_for_ms` and `last_learned_at_ms`; undefined when they make no sense. */
export function readWarmup(row: readonly unknown[]): WarmupProgress | undefined {
  const learnedForMs = readEndlessMilliseconds(row[0]);
  const lastLearnedAtMs = readMilliseconds(row[1]);
  if (learnedForMs === undefined || learnedForMs < 0 || lastLearnedAtMs === undefined) return undefined;
  return { learnedForMs, lastLearnedAtMs };
}
