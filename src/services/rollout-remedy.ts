/** How queries that would be blocked are let pass, and whether they are already. */
import { formatAddress } from '../core/address.ts';
import type { PolicyBook } from '../policy/policy-book.ts';
import { queryOfEvent } from './event-query.ts';
import type { RolloutPair, RolloutRow } from './report-rollout.ts';

/** From so many clients of a group on, one command for the group is better than one for each. */
const MANY_CLIENTS = 5;

/** Whether the newest query of a row would pass by now: rules have come since, or the history has learned. */
export function isAllowedNow({ last }: RolloutPair, policies: PolicyBook, nowMs: number): boolean {
  return policies.current.decide(queryOfEvent(last, policies), nowMs).kind === 'allow';
}

/** `clients` is how many of the group ask the same destination. */
export function remedyFor(
  { client, destination, group, reason, last }: RolloutPair,
  clients: number,
  policies: PolicyBook,
): Pick<RolloutRow, 'command' | 'remark'> {
  if (reason === 'denyRule') return deniedBy(last.ruleId, policies);
  const isGroup = clients >= MANY_CLIENTS;
  const from = isGroup ? `group:${group}` : formatAddress(client);
  const remarks = [
    ...(isGroup ? [`${clients} clients of group ${group} ask it`] : []),
    ...(reason === 'unreadable' ? ['no use where a deny rule reads messages: give that rule a from'] : []),
  ];
  return {
    command: `gluewall allow add ${formatAddress(destination)} --from ${from} --reason "found in monitoring"`,
    remark: remarks.length === 0 ? null : remarks.join('; '),
  };
}

/** Deny rules are asked before allow rules: to add one is no use. */
function deniedBy(id: string | undefined, policies: PolicyBook): Pick<RolloutRow, 'command' | 'remark'> {
  const rule = id === undefined ? undefined : policies.rules.get(id)?.rule;
  if (rule === undefined) return { command: null, remark: 'a deny rule did it that is there no more' };
  const remark = `deny rule ${rule.id} (${rule.reason}) is asked before any allow rule`;
  if (rule.origin === 'command') return { command: `gluewall rule remove ${rule.id}`, remark };
  return { command: null, remark: `${remark}: change it in the configuration` };
}
