/** A verdict explained step by step, in the order in which switch and controller take the steps. */
import { type Address, formatAddress, type Network, networkContains } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import { formatName, type Name } from '../dns/name.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import type { AllowList } from '../policy/allow-list.ts';
import { decide, describeVerdict } from '../policy/verdict.ts';
import { formatInstant } from './instant.ts';

/** A query somebody might send. */
export interface CheckQuestion {
  readonly destination: Address;
  readonly client: Address | undefined;
  /** Canonical. */
  readonly queryName: Name | undefined;
}

export interface CheckStep {
  readonly step: 'destination is inside' | 'trusted resolver' | 'allow-list' | 'history' | 'query name' | 'mode';
  readonly finding: string;
  /** True for the step that decides. */
  readonly decides: boolean;
}

export interface CheckView {
  readonly address: string;
  readonly client: string | null;
  readonly queryName: string | null;
  readonly verdict: 'allow' | 'block';
  readonly reason: string;
  /** False when the verdict would only be told: in monitor mode and in warm-up. */
  readonly enforced: boolean;
  readonly message: string;
  readonly steps: readonly CheckStep[];
}

/** What verdicts are made from. */
export interface PolicyParts {
  readonly clock: TimeSource;
  readonly history: NsHistory;
  readonly allowList: AllowList;
  readonly insideNetworks: readonly Network[];
  readonly trustedResolvers: readonly Address[];
  /** True while verdicts are carried out. */
  readonly isEnforcing: () => boolean;
}

interface Outcome {
  readonly verdict: 'allow' | 'block';
  readonly reason: string;
  readonly message: string;
  readonly steps: readonly CheckStep[];
}

export function explainVerdict(question: CheckQuestion, parts: PolicyParts): CheckView {
  const { destination, client, queryName } = question;
  const enforced = parts.isEnforcing();
  const outcome = unjudged(question, parts) ?? judged(question, parts, enforced);
  return {
    address: formatAddress(destination),
    client: client === undefined ? null : formatAddress(client),
    queryName: queryName === undefined ? null : formatName(queryName),
    enforced,
    ...outcome,
  };
}

/** What the switch lets pass before any verdict. */
function unjudged({ destination, client }: CheckQuestion, parts: PolicyParts): Outcome | undefined {
  const { insideNetworks, trustedResolvers } = parts;
  const text = formatAddress(destination);
  const pass = (reason: string, message: string, steps: readonly CheckStep[]): Outcome => ({
    verdict: 'allow',
    reason,
    message,
    steps,
  });
  const inside = insideNetworks.some((network) => networkContains(network, destination));
  const first = step('destination is inside', `${text} is ${inside ? '' : 'not '}in inside.networks`, inside);
  if (inside) return pass('inside', `${text} is inside and pass`, [first]);
  for (const [address, role] of [
    [client, 'the client'],
    [destination, 'the destination'],
  ] as const) {
    if (address === undefined || !trustedResolvers.includes(address)) continue;
    const resolver = formatAddress(address);
    const message = `${resolver} is a trusted resolver and pass`;
    return pass('trustedResolver', message, [first, step('trusted resolver', `${role} is one`, true)]);
  }
  return undefined;
}

function judged({ destination, client, queryName }: CheckQuestion, parts: PolicyParts, enforced: boolean): Outcome {
  const { history, allowList } = parts;
  const text = formatAddress(destination);
  const entry = allowList.get(destination);
  const verdict = decide(entry, history.standing(destination));
  const neither = client === undefined ? `${text} is none` : `neither ${formatAddress(client)} nor ${text} is one`;
  const steps: CheckStep[] = [
    step('destination is inside', `${text} is not in inside.networks`),
    step('trusted resolver', neither),
    step('allow-list', entry === undefined ? `${text} is not on it` : `on it: ${entry.reason}`, entry !== undefined),
  ];
  if (entry === undefined) steps.push(step('history', historyFinding(destination, history), true));
  if (queryName !== undefined) steps.push(step('query name', nameFinding(destination, queryName, history)));
  const inForce = enforced ? 'enforce: the verdict is carried out' : 'the verdict is only told, the query passes';
  steps.push(step('mode', inForce));
  return {
    verdict: verdict.kind,
    reason: verdict.reason,
    message: describeVerdict(destination, verdict, enforced),
    steps,
  };
}

function step(name: CheckStep['step'], finding: string, decides = false): CheckStep {
  return { step: name, finding, decides };
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

/** The verdict does not read the name; a person may want to know all the same. */
function nameFinding(destination: Address, queryName: Name, history: NsHistory): string {
  const zone = history.closestServedZone(destination, queryName);
  const name = formatName(queryName);
  const served =
    zone === undefined
      ? `the history knows no zone above ${name} that it serves`
      : `the history knows it to serve ${formatName(zone)}, at or above ${name}`;
  return `${served}; the verdict reads the destination only`;
}
