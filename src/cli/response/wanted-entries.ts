/** From findings to what is wanted in the Response Policy Zone. */
import type { Config } from '../../config/schema.ts';
import type { Address } from '../../core/address.ts';
import type { Name } from '../../dns/name.ts';
import type { Finding } from '../../findings/finding.ts';
import type { Wanted } from '../../rpz/zone.ts';
import { type FoundServer, serverOfFinding } from './found-server.ts';

/** What the history knows of name servers that still holds, or once did. */
export interface ServerNames {
  nameServersOf(address: Address): readonly Name[];
  /** The addresses of a name server of this name; none: it is not known as one. */
  addressesOf(nameServer: Name): readonly Address[];
}

type ResponseConfig = Pick<Config['response'], 'rpz' | 'rules'>;

/** The kinds of findings that are about a server outside. */
export const SERVER_KINDS = ['c2-server', 'download-server'] as const;
const DNS_PORTS: readonly number[] = [53, 853];

/** Every trigger that some finding calls for: a person has escalated it, or a rule names it. */
export function* wantedEntries(
  findings: Iterable<Finding>,
  config: ResponseConfig,
  servers: ServerNames,
): Generator<Wanted, void> {
  for (const finding of findings) {
    const expiresAtMs = holdsUntil(finding, config);
    const server = expiresAtMs === undefined ? undefined : serverOfFinding(finding);
    if (expiresAtMs === undefined || server === undefined) continue;
    for (const { trigger, behind } of triggersOf(server, servers)) {
      yield { trigger, behind, why: finding.id, expiresAtMs };
    }
  }
}

/** Undefined when nothing is to be done about it. */
function holdsUntil(finding: Finding, { rpz, rules }: ResponseConfig): number | undefined {
  if (rpz === undefined || !isOfServer(finding) || finding.state === 'closed') return undefined;
  const ends = rules
    .filter(
      ({ action, findings, min_score }) =>
        action === 'rpz' && findings.includes(finding.kind) && finding.score >= min_score,
    )
    .map((rule) => finding.lastAtMs + rule.for);
  if (finding.state === 'escalated') ends.push(escalatedAtMs(finding) + rpz.keep);
  return ends.length === 0 ? undefined : Math.max(...ends);
}

function isOfServer({ kind }: Finding): boolean {
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
