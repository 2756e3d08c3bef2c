/** What whoever writes a rule should know: that it can never decide, or what it costs. */
import { type Address, formatAddress, isIpv4, type Network, networkContains } from '../core/address.ts';
import { isAtOrBelow } from '../dns/name.ts';
import type { Pack } from './pack.ts';
import { readsMessage } from './policy.ts';
import type { PolicyBook } from './policy-book.ts';
import type { ClientSelector, DestinationSelector, Rule, RuleMatch } from './rule.ts';
import { compareSteps } from './rule-step.ts';
import { describeMatch } from './rule-text.ts';

/** Finds a pack; undefined when there is none of that name. */
export type FindPack = (name: string) => Pack | undefined;

/** Warnings about a rule that is to be added to those there are; empty when there is nothing to say. */
export function ruleWarnings(
  rule: Rule,
  policies: PolicyBook,
  trustedResolvers: readonly Address[],
): readonly string[] {
  const packs: FindPack = (name) => policies.packs.get(name);
  const others = [...policies.rules.all()]
    .map((state) => state.rule)
    .filter(({ id, expiresAtMs }) => id !== rule.id && expiresAtMs > rule.createdAtMs);
  const rival = others.find((other) => outdoes(other, rule, packs));
  return [
    ...missing(rule, policies),
    ...unasked(rule, trustedResolvers),
    ...(rival === undefined ? [] : [describeRival(rule, rival)]),
    ...costs(rule, packs),
  ];
}

/** Whether `other` decides about every query that `rule` is about, before it does. */
export function outdoes(
  other: Pick<Rule, 'action' | 'match'>,
  rule: Pick<Rule, 'action' | 'match'>,
  packs: FindPack,
): boolean {
  if (compareSteps(other, rule) > 0) return false;
  // Of two equal ones of one step neither takes the other's place: the second is the same decision once more.
  return covers(other.match, rule.match, packs);
}

export function describeRival(rule: Rule, rival: Rule): string {
  const what = `${rival.action} rule ${rival.id} (${describeMatch(rival.match)}: ${rival.reason})`;
  return rival.action === rule.action
    ? `${what} decides the same already: this one never will while that stands`
    : `this ${rule.action} cannot win: ${what} is asked first, and is about all of it`;
}

/** Whether every query that `narrow` holds for is one that `wide` holds for, as far as the matches themselves tell. */
export function covers(wide: RuleMatch, narrow: RuleMatch, packs: FindPack): boolean {
  return (
    (wide.protocol === undefined || wide.protocol === narrow.protocol) &&
    (wide.types === undefined || (narrow.types?.every((type) => wide.types!.includes(type)) ?? false)) &&
    (wide.zone === undefined || (narrow.zone !== undefined && isAtOrBelow(narrow.zone, wide.zone))) &&
    (wide.from === undefined || (narrow.from !== undefined && coversClient(wide.from, narrow.from))) &&
    (wide.to === undefined || coversDestination(wide.to, narrow, packs))
  );
}

function coversClient(wide: ClientSelector, narrow: ClientSelector): boolean {
  if (wide.kind === 'network') return isWithin(wide.network, narrow);
  if (wide.kind === 'address') return narrow.kind === 'address' && narrow.address === wide.address;
  if (wide.kind === 'mac') return narrow.kind === 'mac' && narrow.mac === wide.mac;
  if (wide.kind === 'port') return narrow.kind === 'port' && narrow.port === wide.port;
  return narrow.kind === 'group' && narrow.group === wide.group;
}

function coversDestination(wide: DestinationSelector, { to: narrow, zone }: RuleMatch, packs: FindPack): boolean {
  if (wide.kind === 'pack') {
    const pack = packs(wide.pack);
    if (narrow?.kind === 'pack' && narrow.pack === wide.pack) return true;
    if (pack === undefined) return false;
    if (zone !== undefined && pack.hasName(zone)) return true;
    return narrow?.kind === 'address' && pack.hasDestination(narrow.address);
  }
  if (narrow === undefined) return false;
  if (wide.kind === 'network') return isWithin(wide.network, narrow);
  if (wide.kind === 'address') return narrow.kind === 'address' && narrow.address === wide.address;
  return narrow.kind === 'name' && narrow.name === wide.name;
}

function isWithin(wide: Network, narrow: ClientSelector | DestinationSelector): boolean {
  if (narrow.kind === 'address') return networkContains(wide, narrow.address);
  if (narrow.kind !== 'network') return false;
  const { base, prefixLength } = narrow.network;
  return isIpv4(base) === isIpv4(wide.base) && prefixLength >= wide.prefixLength && networkContains(wide, base);
}

/** Names that stand for nothing yet: the rule holds for no query. */
function missing({ match: { from, to } }: Rule, policies: PolicyBook): string[] {
  const problems: string[] = [];
  if (from?.kind === 'group' && policies.groups.get(from.group) === undefined) {
    problems.push(`there is no group ${from.group}: the rule holds for nobody until \`groups\` has one of that name`);
  }
  if (to?.kind === 'pack' && policies.packs.get(to.pack) === undefined) {
    problems.push(`there is no pack ${to.pack}: the rule holds for nothing until there is (gluewall pack list)`);
  }
  return problems;
}

/** Trusted resolvers come before all rules. */
function unasked({ match: { from, to } }: Rule, trustedResolvers: readonly Address[]): string[] {
  return [from, to].flatMap((place) =>
    place?.kind === 'address' && trustedResolvers.includes(place.address)
      ? [`${formatAddress(place.address)} is a trusted resolver: its queries, and queries to it, are not judged at all`]
      : [],
  );
}

function costs(rule: Rule, packs: FindPack): string[] {
  const { match } = rule;
  if (!readsMessage(rule)) return [];
  const { from, to, zone, types } = match;
  const isPackAlone = to?.kind === 'pack' && zone === undefined && types === undefined;
  if (isPackAlone && packs(to.pack)?.hasNames !== true) return [];
  const whose = from === undefined ? 'every direct query' : `every direct query ${describeMatch({ from })}`;
  const where = match.to === undefined || match.to.kind === 'pack' ? '' : ` ${describeMatch({ to: match.to })}`;
  return [
    `it reads the message of the query, which no flow can match on: ${whose}${where} is judged by the controller, one by one`,
  ];
}
