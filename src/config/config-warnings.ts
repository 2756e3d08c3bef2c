/** What is right in a configuration and yet hardly what somebody meant. */

import { findRivals } from '../policy/rule-rivals.ts';
import { describeMatch } from '../policy/rule-text.ts';
import { responseWarnings } from './response-warnings.ts';
import type { Config } from './schema.ts';

/** `path` leads to the key to look at; `other` to one that it has to do with. */
export interface ConfigWarning {
  readonly path: readonly PropertyKey[];
  readonly other?: readonly PropertyKey[];
  readonly problem: string;
}

type ConfigRule = Config['rules'][number];

/** Rules that never decide (expired, outdone by another one, or about a group that there is not) or decide everything. */
export function configWarnings(config: Config, nowMs: number): readonly ConfigWarning[] {
  return [
    ...expired(config, nowMs),
    ...outdone(config, nowMs),
    ...groupless(config),
    ...boundless(config),
    ...responseWarnings(config),
    ...unguarded(config),
  ];
}

function expired({ rules }: Config, nowMs: number): ConfigWarning[] {
  return rules.flatMap(({ expires }, index) => {
    if (expires === undefined || expires > nowMs) return [];
    const problem = `this rule expired at ${new Date(expires).toISOString()} and decides nothing: take it out, or give it another time`;
    return [{ path: ['rules', index, 'expires'], problem }];
  });
}

function outdone({ rules }: Config, nowMs: number): ConfigWarning[] {
  const decisions = rules.map((rule) => ({
    action: rule.action,
    match: matchOf(rule),
    expiresAtMs: rule.expires ?? Number.POSITIVE_INFINITY,
  }));
  return findRivals(decisions, () => undefined).flatMap(({ index, rival }) => {
    const [lost, won] = [decisions[index]!, decisions[rival]!];
    if (lost.expiresAtMs <= nowMs) return [];
    const problem =
      lost.action === won.action
        ? `this rule never decides: one before it ${won.action === 'allow' ? 'allows' : 'denies'} the same (${describeMatch(won.match)})`
        : `this ${lost.action} cannot win: a ${won.action} is asked first that is about all of it (${describeMatch(won.match)})`;
    return [{ path: ['rules', index], other: ['rules', rival], problem }];
  });
}

function groupless({ rules, groups }: Config): ConfigWarning[] {
  const names = new Set(['default', ...groups.map(({ name }) => name)]);
  return rules.flatMap(({ from }, index) => {
    if (from?.kind !== 'group' || names.has(from.group)) return [];
    const problem = `there is no group ${from.group}: the rule holds for nobody until \`groups\` has one of that name`;
    return [{ path: ['rules', index, 'from'], problem }];
  });
}

function boundless(config: Config): ConfigWarning[] {
  return config.rules.flatMap((rule, index) => {
    if (Object.keys(matchOf(rule)).length > 0) return [];
    const problem = `this rule ${rule.action === 'allow' ? 'allows' : 'denies'} every query: say which with from, to, zone, types or protocol`;
    return [{ path: ['rules', index], problem }];
  });
}

function unguarded({ inside, node, response }: Config): ConfigWarning[] {
  if (response.rpz === undefined || inside.zones.length + (node?.zones.length ?? 0) > 0) return [];
  const problem =
    'nothing keeps zones of your own out of the Response Policy Zone: name them in inside.zones, or allow them by a rule';
  return [{ path: ['response', 'rpz'], problem }];
}

function matchOf({ from, to, zone, types, protocol }: ConfigRule) {
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(zone === undefined ? {} : { zone }),
    ...(types === undefined ? {} : { types }),
    ...(protocol === undefined ? {} : { protocol }),
  };
}
