/** From findings to what is wanted in the Response Policy Zone. */
import type { Config } from '../../config/schema.ts';
import type { Address } from '../../core/address.ts';
import type { Name } from '../../dns/name.ts';
import { isRegistrableDomain } from '../../dns/public-suffix.ts';
import type { Finding } from '../../findings/finding.ts';
import { MAX_ENTRIES, type Wanted } from '../../rpz/zone.ts';
import { type FoundServer, serverOfFinding } from './found-server.ts';

/** What the history knows of name servers that still holds, or once did. */
export interface ServerNames {
  nameServersOf(address: Address): readonly Name[];
  /** The addresses of a name server of this name; none: it is not known as one. */
  addressesOf(nameServer: Name): readonly Address[];
}

type ResponseConfig = Pick<Config['response'], 'rpz' | 'rules'>;

/** The kinds of findings that are about a server outside. */
const SERVER_KINDS = ['c2-server', 'download-server'] as const;
const DNS_PORTS: readonly number[] = [53, 853];
/** More than the zone takes, so that what finds no room is told of. */
const MAX_WANTED = MAX_ENTRIES + 1000;

/** A finding that calls for something now. */
interface Calling {
  readonly finding: Finding;
  /** Since a person has escalated it; 0: nobody has. */
  readonly escalatedUntilMs: number;
  /** 0: no rule names it. */
  readonly ruledUntilMs: number;
}

/**
 * Every trigger that some finding calls for, as far as the zone has room: what people have escalated first, then the surest. What a
 * person has escalated calls for all of its server; a rule calls for its full name alone: what else is at a registrable domain, or
 * served by a name server, a person has to judge.
 */
export function* wantedEntries(
  findings: Iterable<Finding>,
  config: ResponseConfig,
  servers: ServerNames,
  nowMs: number,
): Generator<Wanted, void> {
  for (const { finding, escalatedUntilMs, ruledUntilMs } of callingOnes(findings, config, nowMs)) {
    const server = serverOfFinding(finding);
    if (server === undefined) continue;
    for (const { trigger, behind } of triggersOf(server, servers)) {
      const isNarrow = trigger.kind === 'name' && !isRegistrableDomain(trigger.name);
      const expiresAtMs = Math.max(escalatedUntilMs, isNarrow ? ruledUntilMs : 0);
      if (expiresAtMs > nowMs) yield { trigger, behind, why: finding.id, expiresAtMs };
    }
  }
}

function callingOnes(findings: Iterable<Finding>, config: ResponseConfig, nowMs: number): readonly Calling[] {
  const calling: Calling[] = [];
  for (const finding of findings) {
    const one = callOf(finding, config);
    if (Math.max(one.escalatedUntilMs, one.ruledUntilMs) > nowMs) calling.push(one);
  }
  const isEscalated = (one: Calling) => Number(one.escalatedUntilMs > nowMs);
  return calling
    .sort((a, b) => isEscalated(b) - isEscalated(a) || b.finding.score - a.finding.score)
    .slice(0, MAX_WANTED);
}

function callOf(finding: Finding, { rpz, rules }: ResponseConfig): Calling {
  if (rpz === undefined || !isOfServer(finding) || finding.state === 'closed') {
    return { finding, escalatedUntilMs: 0, ruledUntilMs: 0 };
  }
  const ends = rules
    .filter(
      ({ action, findings, min_score }) =>
        action === 'rpz' && findings.includes(finding.kind) && finding.score >= min_score,
    )
    .map((rule) => finding.lastAtMs + rule.for);
  const escalatedUntilMs = finding.state === 'escalated' ? escalatedAtMs(finding) + rpz.keep : 0;
  return { finding, escalatedUntilMs, ruledUntilMs: Math.max(0, ...ends) };
}

export function isOfServer({ kind }: Pick<Finding, 'kind'>): boolean {
  return SERVER_KINDS.some((one) => one === kind);
}

/** Of what was seen long ago the time begins when a person says that it is true. */
function escalatedAtMs({ changes, lastAtMs }: Finding): number {
  return changes.reduce((latest, { atMs }) => Math.max(latest, atMs), lastAtMs);
}

function* triggersOf(
  { name, address, ports }: FoundServer,
  servers: ServerNames,
): Generator<Pick<Wanted, 'trigger' | 'behind'>, void> {
  if (name !== undefined) {
    const known = servers.addressesOf(name);
    const behind = [...new Set(address === undefined ? known : [address, ...known])];
    yield { trigger: { kind: 'name', name }, behind };
    if (known.length > 0) yield { trigger: { kind: 'server-name', name }, behind };
  }
  if (address === undefined) return;
  const names = servers.nameServersOf(address);
  // Of an address that serves no DNS no zone is blocked; what led to it is known by its name.
  const isServer = names.length > 0 || ports.some((port) => DNS_PORTS.includes(port));
  if (isServer) yield { trigger: { kind: 'server-address', address }, behind: [] };
  for (const server of names) yield { trigger: { kind: 'server-name', name: server }, behind: [address] };
}
