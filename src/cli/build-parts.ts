/** Builds from the configuration the parts that a running gluewall and a resting store have in common. */
import { readFileSync } from 'node:fs';
import { teachingMode } from '../config/effective.ts';
import type { Config } from '../config/schema.ts';
import type { Address } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { HistoryOptions } from '../nsdb/history-options.ts';
import type { LearnerOptions } from '../nsdb/learner-options.ts';
import { NsHistory } from '../nsdb/ns-history.ts';
import {
  BUILT_IN_ROOT_HINTS_DATE,
  builtInRootHints,
  keepRootHints,
  parseRootHints,
  type RootHint,
} from '../nsdb/root-hints.ts';
import { OTHER_RULES } from '../nsdb/rules/list.ts';
import { keepSeed } from '../nsdb/seed.ts';
import type { EnforcementOptions } from '../policy/enforcement.ts';
import type { GroupNumbers } from '../policy/group-numbers.ts';
import type { PackSource } from '../policy/pack.ts';
import { PolicyBook } from '../policy/policy-book.ts';
import { RuleBook } from '../policy/rule-book.ts';
import { configuredGroups } from './configured-groups.ts';
import { configuredRules } from './configured-rules.ts';

/** Connections whose first messages are waited for, over all switches. */
export const TCP_OPENINGS = { connections: 8192, bytes: 16 * 1024 * 1024, timeMs: 5000 };

/** The most rules that commands add. */
const COMMANDED_RULES = 65_536;

/** The memory is reserved as a whole, and taken only as it is needed. */
function reserveHistory(config: Config, clock: TimeSource): NsHistory {
  try {
    return new NsHistory(clock, historyOptions(config));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const problem = `history.size: this machine cannot reserve memory for ${config.history.size} triples`;
    throw new GluewallError('config', `${problem}; lower it`, { cause });
  }
}

/** A history with the root servers and the seed. Throws GluewallError `config` or `root-hints`. */
export function buildHistory(config: Config, clock: TimeSource, log: Log): NsHistory {
  const history = reserveHistory(config, clock);
  keepRootHints(history, readRootHints(config, log));
  keepSeed(history, config.seed);
  if (history.refused > 0)
    log.warn({ refused: history.refused }, 'history.size is too small for the root hints and the seed');
  return history;
}

export function historyOptions({ ttl, history, learn }: Config): HistoryOptions {
  return {
    ttlFloorSeconds: ttl.floor / 1000,
    ttlCapSeconds: ttl.cap / 1000,
    size: history.size,
    keepMs: history.keep,
    staleMs: history.stale,
    isParentBound: !learn.rules_off.includes(OTHER_RULES.parentBound),
  };
}

/** The root servers: built in, or those of the file that is configured. Throws GluewallError `config` or `root-hints`. */
export function readRootHints(config: Config, log: Log): readonly RootHint[] {
  if (config.root_hints === undefined) {
    log.info({}, `root servers: the built-in list, as of ${BUILT_IN_ROOT_HINTS_DATE}`);
    return builtInRootHints();
  }
  const file = config.root_hints;
  try {
    return parseRootHints(readFileSync(file, 'utf8'), file);
  } catch (cause) {
    if (cause instanceof GluewallError) throw cause;
    throw new GluewallError('config', `root_hints: ${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`, {
      cause,
    });
  }
}

/** Rules and groups of the configuration, on a history. */
export function buildPolicies(
  config: Config,
  clock: TimeSource,
  history: NsHistory,
  packs: PackSource,
  numbering: GroupNumbers,
): PolicyBook {
  const rules = new RuleBook(COMMANDED_RULES);
  rules.configure(configuredRules(config, clock.nowMs()));
  return new PolicyBook(clock, history, rules, packs, configuredGroups(config, numbering));
}

export function enforcementOptions({ warmup, capture }: Config): EnforcementOptions {
  return { warmupMs: warmup, fallbackMs: capture.fallback };
}

/** `trustedResolvers` may change later: whoever is in it at the time is believed. */
export function learnerOptions(
  config: Config,
  trustedResolvers: ReadonlySet<Address> = new Set(config.trusted_resolvers),
): LearnerOptions {
  return {
    teach: teachingMode(config),
    trustUnmatched: false,
    trustedResolvers,
    resolverLinks: new Map(config.learn.resolver_links.map(({ address, mac, vlan }) => [address, { mac, vlan }])),
    insideNetworks: config.learn.inside_servers ? [] : config.inside.networks,
    pending: { timeMs: config.pending.time, size: config.pending.size },
    glueWaitMs: config.glue.wait,
    clientQuota: config.learn.client_quota,
    rulesOff: new Set(config.learn.rules_off),
  };
}
