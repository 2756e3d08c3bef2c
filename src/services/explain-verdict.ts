/** A verdict explained step by step, in the order in which switch and controller take the steps. */
import { type Address, formatAddress, type Network, networkContains } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import { formatMac } from '../core/mac-address.ts';
import { formatName, type Name } from '../dns/name.ts';
import type { Transport } from '../dns/observation.ts';
import { RECORD_TYPE } from '../dns/registry.ts';
import type { Bypasses, BypassOrder } from '../firewall/bypasses.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import type { ClientGroup, Strictness } from '../policy/client-group.ts';
import type { Mode } from '../policy/mode.ts';
import type { PolicyBook } from '../policy/policy-book.ts';
import type { PolicyQuery, QueryClient } from '../policy/query.ts';
import type { RuleState } from '../policy/rule-book.ts';
import { describeMatch } from '../policy/rule-text.ts';
import { describeVerdict, MESSAGE_FIELDS, scopeFields, type Verdict } from '../policy/verdict.ts';
import { formatInstant } from './instant.ts';

/** A query somebody might send; what is left out is left open. */
export interface CheckQuestion {
  readonly destination: Address;
  readonly client?: Address | undefined;
  /** 48 bits. */
  readonly mac?: number | undefined;
  /** A port of a switch, by name or OpenFlow number. */
  readonly port?: string | number | undefined;
  /** Canonical. */
  readonly queryName?: Name | undefined;
  readonly queryType?: number | undefined;
  readonly recursionDesired?: boolean | undefined;
  readonly protocol?: Transport | undefined;
}

export interface CheckStep {
  readonly step:
    | 'destination is inside'
    | 'trusted resolver'
    | 'client group'
    | 'deny rules'
    | 'allow rules'
    | 'deny packs'
    | 'history'
    | 'strictness'
    | 'query name'
    | 'flow'
    | 'mode';
  readonly finding: string;
  /** True for the step that decides. */
  readonly decides: boolean;
}

export interface CheckView {
  readonly address: string;
  readonly client: string | null;
  readonly queryName: string | null;
  /** The client's group; null where no verdict is made. */
  readonly group: string | null;
  readonly verdict: 'allow' | 'block';
  readonly reason: string;
  /** The rule that decides, if one does. */
  readonly rule: string | null;
  /** False when the verdict would only be told: in monitor mode and in warm-up. */
  readonly enforced: boolean;
  readonly message: string;
  readonly steps: readonly CheckStep[];
}

/** What verdicts are made from. */
export interface ExplainedParts {
  readonly clock: TimeSource;
  readonly history: NsHistory;
  readonly policies: PolicyBook;
  readonly insideNetworks: () => readonly Network[];
  readonly trustedResolvers: () => readonly Address[];
  /** The mode in force for the clients of a group. */
  readonly modeOf: (group: ClientGroup) => Mode;
  /** Undefined where gluewall does not run. */
  readonly bypasses?: Bypasses | undefined;
}

type Outcome = Pick<CheckView, 'verdict' | 'reason' | 'message' | 'steps' | 'group' | 'rule' | 'enforced'>;

export function explainVerdict(question: CheckQuestion, parts: ExplainedParts): CheckView {
  const { destination, client, queryName } = question;
  return {
    address: formatAddress(destination),
    client: client === undefined ? null : formatAddress(client),
    queryName: queryName === undefined ? null : formatName(queryName),
    ...(unjudged(question, parts) ?? judged(question, parts)),
  };
}

/** What the switch lets pass before any verdict. */
function unjudged({ destination, client }: CheckQuestion, parts: ExplainedParts): Outcome | undefined {
  const { insideNetworks, trustedResolvers } = parts;
  const text = formatAddress(destination);
  const pass = (reason: string, message: string, steps: readonly CheckStep[]): Outcome => ({
    verdict: 'allow',
    reason,
    group: null,
    rule: null,
    enforced: false,
    message,
    steps,
  });
  const inside = insideNetworks().some((network) => networkContains(network, destination));
  const first = step('destination is inside', `${text} is ${inside ? '' : 'not '}in inside.networks`, inside);
  if (inside) return pass('inside', `${text} is inside and pass`, [first]);
  for (const [address, role] of [
    [client, 'the client'],
    [destination, 'the destination'],
  ] as const) {
    if (address === undefined || !trustedResolvers().includes(address)) continue;
    const resolver = formatAddress(address);
    const message = `${resolver} is a trusted resolver and pass`;
    return pass('trustedResolver', message, [first, step('trusted resolver', `${role} is one`, true)]);
  }
  return undefined;
}

function judged(question: CheckQuestion, parts: ExplainedParts): Outcome {
  const { destination, client } = question;
  const text = formatAddress(destination);
  const policy = parts.policies.current;
  const query = queryOf(question, parts);
  const { group } = query;
  const verdict = policy.decide(query, parts.clock.nowMs());
  const bypass = bypassOf(group, parts);
  const enforced = parts.modeOf(group) === 'enforce' && bypass === undefined;
  const neither = client === undefined ? `${text} is none` : `neither ${formatAddress(client)} nor ${text} is one`;
  return {
    verdict: verdict.kind,
    reason: verdict.reason,
    group: group.name,
    rule: verdict.by?.rule.id ?? null,
    enforced,
    message: describeVerdict(destination, verdict, enforced),
    steps: [
      step('destination is inside', `${text} is not in inside.networks`),
      step('trusted resolver', neither),
      step('client group', groupFinding(query.client, group)),
      ...policySteps(query, verdict, parts),
      ...nameStep(question, verdict, parts.history),
      step('flow', flowFinding(verdict)),
      step('mode', modeFinding(group, enforced, bypass)),
    ],
  };
}

function queryOf(question: CheckQuestion, { policies }: ExplainedParts): PolicyQuery {
  const { destination, client, mac, port, queryName, queryType = RECORD_TYPE.A, recursionDesired = false } = question;
  const from: QueryClient = {
    address: client,
    mac,
    inPort: typeof port === 'number' ? port : undefined,
    portName: typeof port === 'string' ? port : undefined,
  };
  return {
    client: from,
    group: policies.groups.groupOf(from),
    destination,
    transport: question.protocol ?? 'udp',
    message: queryName === undefined ? 'unseen' : { name: queryName, type: queryType, recursionDesired },
  };
}

/** The steps of the policy, up to the one that decides. */
function policySteps(query: PolicyQuery, verdict: Verdict, { policies, history }: ExplainedParts): CheckStep[] {
  const found = policies.current.rulesFor(query);
  const steps = [
    ruleStep('deny rules', found.deny),
    ruleStep('allow rules', found.allow),
    ruleStep('deny packs', found['deny packs']),
    step('history', historyFinding(query.destination, history), true),
  ];
  const shown = steps.slice(0, steps.findIndex(({ decides }) => decides) + 1);
  const isByStrictness = verdict.by === undefined && verdict.reason !== 'unknown' && verdict.kind === 'block';
  if (!isByStrictness) return shown;
  const last = shown.pop()!;
  return [...shown, { ...last, decides: false }, step('strictness', strictnessFinding(query, verdict), true)];
}

function ruleStep(name: CheckStep['step'], found: RuleState | undefined): CheckStep {
  if (found === undefined) return step(name, 'none holds');
  const { id, reason, match } = found.rule;
  return step(name, `rule ${id} (${describeMatch(match)}): ${reason}`, true);
}

function step(name: CheckStep['step'], finding: string, decides = false): CheckStep {
  return { step: name, finding, decides };
}

function groupFinding({ address, mac, portName, inPort }: QueryClient, group: ClientGroup): string {
  const known = [
    ...(address === undefined ? [] : [formatAddress(address)]),
    ...(mac === undefined ? [] : [formatMac(mac)]),
    ...(portName === undefined && inPort === undefined ? [] : [`port ${portName ?? inPort}`]),
  ];
  return known.length === 0 ? `no client given: group ${group.name}` : `${known.join(', ')}: group ${group.name}`;
}

function historyFinding(destination: Address, history: NsHistory): string {
  const text = formatAddress(destination);
  const memory = history.memory(destination);
  if (memory === undefined) return `${text} is not in the history`;
  const role = `name server ${formatName(memory.nameServer)} of ${formatName(memory.zone)}`;
  const known = history.standing(destination);
  const until = formatInstant(known?.untilMs ?? memory.expiresAtMs);
  if (known?.isStale === true)
    return `${text} was ${role}; that has expired, and counts until ${until} (history.stale)`;
  if (known === undefined) return `${text} is not in the history any more: it was ${role}, until ${until}`;
  return `${text} is ${role}${until === null ? ', for good' : `, known until ${until}`}`;
}

function strictnessFinding({ group }: PolicyQuery, { reason }: Verdict): string {
  const { minimumAgeMs, minimumZones, minimumTeachers }: Strictness = group.strictness;
  const wanted: Readonly<Record<string, string>> = {
    tooYoung: `minimum_age: the address must have been known for ${minimumAgeMs / 1000} s`,
    tooFewZones: `minimum_zones: the address must serve ${minimumZones} zones`,
    tooFewTeachers: `minimum_teachers: ${minimumTeachers} servers must have taught the address`,
    notServed: 'check: zone: the query name must lie in a zone that the address is known to serve',
    recursionDesired: 'recursion: block: RD is set, and the address is known as an authoritative server only',
  };
  return `group ${group.name}: ${wanted[reason] ?? reason}`;
}

/** The verdict may not have read the name; a person may want to know all the same. */
function nameStep({ destination, queryName }: CheckQuestion, { reads }: Verdict, history: NsHistory): CheckStep[] {
  const isRead = (reads & MESSAGE_FIELDS) !== 0;
  if (queryName === undefined) {
    return isRead ? [step('query name', 'none given: another verdict may follow when it is known (--name)')] : [];
  }
  const zone = history.closestServedZone(destination, queryName);
  const name = formatName(queryName);
  const served =
    zone === undefined
      ? `the history knows no zone above ${name} that it serves`
      : `the history knows it to serve ${formatName(zone)}, at or above ${name}`;
  return [step('query name', isRead ? served : `${served}; this verdict does not read the name`)];
}

function flowFinding({ kind, reads }: Verdict): string {
  if ((reads & MESSAGE_FIELDS) !== 0) return 'none: the verdict reads the message, so each query is judged by itself';
  const fields = scopeFields(reads).join(', ');
  return kind === 'allow'
    ? `one that matches on ${fields}`
    : `one that drops, which matches on the client and ${fields}`;
}

/** What lets the clients of a group pass unjudged, on all switches. */
function bypassOf({ id }: ClientGroup, { bypasses }: ExplainedParts): BypassOrder | undefined {
  return bypasses?.orders.find(
    ({ group, datapathId }) => datapathId === undefined && (group === undefined || group.id === id),
  );
}

function modeFinding(group: ClientGroup, enforced: boolean, bypass: BypassOrder | undefined): string {
  if (bypass !== undefined)
    return `bypassed until ${formatInstant(bypass.untilMs)}: the query passes (gluewall bypass list)`;
  if (enforced) return 'enforce: the verdict is carried out';
  const why = group.mode === 'enforce' ? 'enforce waits for the history to learn: ' : 'monitor: ';
  return `${why}the verdict is only told, the query passes`;
}
