/** A group with its addresses and names as text (`BotGroup` says what they are). */
export interface PicturedGroup {
  readonly id: string;
  readonly hosts: readonly { readonly host: string; readonly score: number; readonly matches: number }[];
  readonly candidates: readonly PicturedServer[];
  readonly victims: readonly {
    readonly address: string;
    readonly attackedBy: readonly string[];
    readonly syns: number;
  }[];
}

export interface PicturedServer {
  readonly role: 'c2' | 'download';
  readonly address: string | null;
  readonly name: string | null;
  readonly ports: readonly number[];
  readonly score: number;
  /** Hosts of the group that did. */
  readonly contactedBy: readonly string[];
  readonly suspects: number;
  readonly others: number;
}

export type BotnetNodeKind = 'c2' | 'download' | 'host' | 'victim';

export interface BotnetNode {
  /** Unique in the picture. */
  readonly id: string;
  readonly kind: BotnetNodeKind;
  /** An address, or a name. */
  readonly label: string;
  /** 0 to 1: of a host how suspect, of a server how likely; null of a victim. */
  readonly score: number | null;
  /** What more there is to say, in one line. */
  readonly about: string;
}

/** `commands`: between a server and a host; `attacks`: from a host to a victim. */
export interface BotnetEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'commands' | 'attacks';
}

/** The topology of a bot group (paper 1, figure 1; paper 2, figure 10): its servers, its hosts, its victims. */
export interface Botnet {
  readonly group: string;
  readonly nodes: readonly BotnetNode[];
  readonly edges: readonly BotnetEdge[];
  /** Hosts and victims that found no room. */
  readonly leftOut: number;
}

export const MAX_BOTNET_HOSTS = 300;
export const MAX_BOTNET_VICTIMS = 40;
const MAX_SERVERS = 10;

/** The most suspect hosts, the likeliest servers and the victims of most hosts, as far as there is room. */
export function botnetOf({ id, hosts, candidates, victims }: PicturedGroup): Botnet {
  const shownHosts = hosts.slice(0, MAX_BOTNET_HOSTS);
  const shownVictims = [...victims]
    .sort((one, other) => other.attackedBy.length - one.attackedBy.length)
    .slice(0, MAX_BOTNET_VICTIMS);
  const isShown = new Set(shownHosts.map(({ host }) => host));
  const nodes: BotnetNode[] = [];
  const edges: BotnetEdge[] = [];
  for (const [index, candidate] of candidates.slice(0, MAX_SERVERS).entries()) {
    const server = `server-${index + 1}`;
    nodes.push(serverNode(server, candidate));
    for (const host of candidate.contactedBy) {
      if (isShown.has(host)) edges.push({ from: server, to: `host-${host}`, kind: 'commands' });
    }
  }
  for (const { host: label, score, matches } of shownHosts) {
    const about = `score ${score.toFixed(2)}, shares ${matches} features`;
    nodes.push({ id: `host-${label}`, kind: 'host', label, score, about });
  }
  for (const { address: label, attackedBy, syns } of shownVictims) {
    const about = `${syns} SYNs of ${attackedBy.length} hosts`;
    nodes.push({ id: `victim-${label}`, kind: 'victim', label, score: null, about });
    for (const host of attackedBy) {
      if (isShown.has(host)) edges.push({ from: `host-${host}`, to: `victim-${label}`, kind: 'attacks' });
    }
  }
  const leftOut = hosts.length - shownHosts.length + victims.length - shownVictims.length;
  return { group: id, nodes, edges, leftOut };
}

function serverNode(id: string, { role, name, address, ports, score, suspects, others }: PicturedServer): BotnetNode {
  const label = name ?? address ?? id;
  const at = name !== null && address !== null ? `${address}, ` : '';
  const where = ports.length === 0 ? '' : `ports ${ports.slice(0, 4).join(', ')}; `;
  const about = `${at}${where}${suspects} suspected hosts, ${others} others`;
  return { id, kind: role, label, score, about };
}
