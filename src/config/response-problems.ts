import { formatName, isAtOrBelow, ROOT } from '../dns/name.ts';
import { isPublicSuffix } from '../dns/public-suffix.ts';
import { HOST_FINDING_KINDS } from '../findings/finding.ts';
import type { Contradiction } from './contradictions.ts';
import { formatDuration } from './fields.ts';
import { isLoopback } from './plain-places.ts';
import type { Config } from './schema.ts';

type RpzConfig = NonNullable<Config['response']['rpz']>;

type RuleConfig = Config['response']['rules'][number];

interface RuleProblem {
  /** Of the rule; undefined: all of it. */
  readonly key?: string;
  readonly problem: string;
}

/** 18 h; the hard timeout of a flow has 16 bits of seconds (OpenFlow 1.3.5 §7.3.4.1). */
const MAX_QUARANTINE_MS = 64_800_000;

/** Kinds of findings that have a name or address of a C&C server. */
const SERVER_KINDS: readonly string[] = ['c2-server', 'download-server'];

/** Keys below `response` that do not go together. */
export function responseProblems(config: Config): readonly Contradiction[] {
  const { rpz, rules } = config.response;
  return [
    ...rules.flatMap((rule, index) => {
      const problems = rule.action === 'rpz' ? zoneRuleProblems(rule, rpz) : quarantineRuleProblems(rule, config);
      return problems.map(({ key, problem }) => ({
        path: ['response', 'rules', index, ...(key === undefined ? [] : [key])],
        problem: `response.rules: ${problem}`,
      }));
    }),
    ...(rpz === undefined ? [] : rpzProblems(rpz, config)),
  ];
}

function zoneRuleProblems({ findings }: RuleConfig, rpz: RpzConfig | undefined): readonly RuleProblem[] {
  if (rpz === undefined) return [{ problem: 'action rpz needs response.rpz' }];
  const other = findings.find((kind) => !SERVER_KINDS.includes(kind));
  if (other === undefined) return [];
  const problem = `a finding of ${other} is about hosts, which a Response Policy Zone does not block: want ${SERVER_KINDS.join(' or ')}`;
  return [{ key: 'findings', problem }];
}

function quarantineRuleProblems(rule: RuleConfig, { inside, querylog }: Config): readonly RuleProblem[] {
  const { action, findings } = rule;
  const problems: RuleProblem[] = [];
  const other = findings.find((kind) => HOST_FINDING_KINDS.every((one) => one !== kind));
  if (other !== undefined) {
    const problem = `a finding of ${other} is not about one host that could be put in quarantine: want ${HOST_FINDING_KINDS.join(', ')}`;
    problems.push({ key: 'findings', problem });
  }
  if (rule.for > MAX_QUARANTINE_MS) {
    const problem = `action ${action} is for 18h at most, by which switches end it, and here for ${formatDuration(rule.for)}: set for, such as 4h`;
    problems.push({ key: 'for', problem });
  }
  if (inside.networks.length === 0) {
    problems.push({
      key: 'action',
      problem: `${action} needs inside.networks: nothing else says which hosts are ours`,
    });
  }
  if (querylog.anonymise !== undefined) {
    const problem = `${action} does not go with querylog.anonymise: a pseudonym may be the address of another host`;
    problems.push({ key: 'action', problem });
  }
  return problems;
}

function rpzProblems(rpz: RpzConfig, { inside }: Config): readonly Contradiction[] {
  const problems: Contradiction[] = [];
  const say = (key: string, problem: string) =>
    problems.push({ path: ['response', 'rpz', key], problem: `response.rpz.${key}: ${problem}` });
  const { listen, tsig, unsigned, notify, zone } = rpz;
  if (notify.length > 0 && listen === undefined) say('notify', 'who is told would ask in vain: set listen');
  if (listen !== undefined && tsig === undefined && unsigned === 'never') {
    say('listen', 'needs tsig, or unsigned: loopback, else nobody is answered');
  }
  if (unsigned === 'loopback' && (listen === undefined || !isLoopback(listen.host))) {
    say('unsigned', 'loopback is for a listener on a loopback address');
  }
  if (zone === ROOT || isPublicSuffix(zone)) say('zone', 'want a name with two labels or more, of no public suffix');
  const own = inside.zones.find((one) => isAtOrBelow(one, zone));
  if (own !== undefined) say('zone', `would take the place of ${formatName(own)} of inside.zones`);
  return problems;
}
