/** From findings to which hosts rules put in quarantine, and which they let go: pure. */
import type { Config } from '../../config/schema.ts';
import type { Quarantine } from '../../controller/quarantine-flows.ts';
import { type Address, formatAddress, parseAddress } from '../../core/address.ts';
import { isAlone } from '../../correlation/host-detail.ts';
import type { Finding } from '../../findings/finding.ts';
import { isClearlyMore } from '../../findings/speaks-against.ts';
import type { QuarantineOrder } from '../../firewall/quarantines.ts';
import { standingOf } from './quarantine-standing.ts';

/** Who begins the quarantines that rules call for. */
export const RULE_OWNER = 'rule';
/** What a switch says of the rest of a flow is so far off at most. */
const NEAR_MS = 5000;
/** The surest for which there is no room; more are not looked at. */
const MAX_NO_ROOM = 1000;

/** A quarantine that a rule calls for. */
export interface CalledFor {
  readonly finding: Finding;
  readonly host: Address;
  readonly scope: Quarantine['scope'];
  readonly forMs: number;
  /** Its place in `response.rules`, from 1 on. */
  readonly ruleNumber: number;
}

export interface QuarantineDecision {
  /** The surest first. */
  readonly begin: readonly CalledFor[];
  /** What rules began and nothing calls for any more. */
  readonly end: readonly QuarantineOrder[];
  /** Called for, and beyond `response.most_hosts`: the surest, 1000 at most. */
  readonly noRoom: readonly CalledFor[];
}

/** What quarantines stand on at one moment. */
export interface QuarantineSituation {
  /** Of the kinds that rules are about, closed ones too. */
  readonly findings: readonly Finding[];
  /** All that are in force. */
  readonly orders: readonly QuarantineOrder[];
  readonly response: Pick<Config['response'], 'rules' | 'most_hosts'>;
  /** Whether no rule may put this host in quarantine. */
  readonly isProtected: (host: Address) => boolean;
  readonly nowMs: number;
}

export function decideQuarantines(situation: QuarantineSituation): QuarantineDecision {
  const { ofRules, ofOthers, end } = sortOrders(situation);
  const begin: CalledFor[] = [];
  const noRoom: CalledFor[] = [];
  const begun = new Set<Address>();
  let taken = ofRules.size;
  for (const called of calledFor(situation)) {
    const { host, finding } = called;
    if (ofOthers.has(host) || begun.has(host)) continue;
    const held = ofRules.get(host);
    if (held !== undefined && !isBegunFor(finding, held)) continue;
    if (held === undefined && taken >= situation.response.most_hosts) {
      noRoom.push(called);
      if (noRoom.length >= MAX_NO_ROOM) break;
      continue;
    }
    if (held === undefined) taken++;
    begun.add(host);
    begin.push(called);
  }
  return { begin, end, noRoom };
}

/** By who began them; `end`: those of rules that nothing calls for any more. */
function sortOrders(situation: QuarantineSituation) {
  const ofRules = new Map<Address, QuarantineOrder>();
  const ofOthers = new Set<Address>();
  const end: QuarantineOrder[] = [];
  for (const { order, host, findings } of findingsOfOrders(situation)) {
    const begunFor = findings.filter((finding) => isBegunFor(finding, order));
    if (begunFor.length === 0) ofOthers.add(host);
    else if (begunFor.some((finding) => maySpeakFor(finding, host, situation))) ofRules.set(host, order);
    else end.push(order);
  }
  return { ofRules, ofOthers, end };
}

/** Each quarantine of an address, with all findings about that. */
function findingsOfOrders({ orders, findings }: QuarantineSituation) {
  const bySubject = new Map(
    orders.flatMap((order) => {
      if (!('address' in order.host)) return [];
      const { address: host } = order.host;
      return [[formatAddress(host), { order, host, findings: [] as Finding[] }] as const];
    }),
  );
  for (const finding of findings) bySubject.get(finding.subject)?.findings.push(finding);
  return bySubject.values();
}

/** What rules call for that was not done yet for its finding, the surest first. */
function* calledFor(situation: QuarantineSituation): Generator<CalledFor, void> {
  const rules = situation.response.rules.filter(({ action }) => action !== 'rpz');
  const named = situation.findings
    .filter(({ state, kind, score }) => {
      if (state === 'closed') return false;
      return rules.some(({ findings, min_score }) => score >= min_score && findings.includes(kind));
    })
    .sort((one, other) => other.score - one.score);
  for (const finding of named) {
    const called = wantedFor(finding, situation);
    if (called !== undefined) yield called;
  }
}

function wantedFor(finding: Finding, situation: QuarantineSituation): CalledFor | undefined {
  const { response, isProtected, nowMs } = situation;
  const host = parseAddress(finding.subject);
  if (host === undefined) return undefined;
  const [widest] = response.rules
    .flatMap((rule, index): CalledFor[] => {
      const { action, findings, min_score, for: forMs } = rule;
      if (action === 'rpz' || !findings.includes(finding.kind) || finding.score < min_score) return [];
      // What was over before is no reason to begin now, such as when a rule is new.
      if (finding.lastAtMs + forMs <= nowMs) return [];
      return [{ finding, host, scope: action === 'quarantine' ? 'all' : 'dns', forMs, ruleNumber: index + 1 }];
    })
    .toSorted((one, other) => width(other) - width(one) || other.forMs - one.forMs);
  if (widest === undefined || isProtected(host)) return undefined;
  // It may be that a neighbour sends in its name: which of them it is, a person has to say.
  if (!isAlone(finding.detail)) return undefined;
  const standing = standingOf(finding);
  if (standing === undefined) return widest;
  if (standing === 'ended') return undefined;
  const isMore = width(widest) > width(standing) || isClearlyMore(finding.score, standing.score);
  return isMore ? widest : undefined;
}

/** Whether a finding still has its host in quarantine: it is open, its kind is that of a rule, and the host is nobody's who is protected. */
function maySpeakFor({ state, kind }: Finding, host: Address, { response, isProtected }: QuarantineSituation): boolean {
  const isNamed = response.rules.some(({ action, findings }) => action !== 'rpz' && findings.includes(kind));
  return state !== 'closed' && isNamed && !isProtected(host);
}

/** One that was found on a switch after a restart has no owner, and is known by its end. */
function isBegunFor(finding: Finding, { owner, untilMs }: QuarantineOrder): boolean {
  if (owner !== RULE_OWNER && owner !== '') return false;
  const standing = standingOf(finding);
  return standing !== undefined && standing !== 'ended' && Math.abs(standing.untilMs - untilMs) <= NEAR_MS;
}

function width({ scope }: Pick<CalledFor, 'scope'>): number {
  return scope === 'all' ? 1 : 0;
}
