/** The truth about query logs that were made elsewhere: `truth.json` beside them (docs/traceback-simulation.md). */
import { z } from 'zod';
import {
  type Address,
  formatAddress,
  type Network,
  networkContains,
  parseAddress,
  parseNetwork,
} from '../core/address.ts';
import { canonicalName, isAtOrBelow, type Name, parseName } from '../dns/name.ts';
import { FORMAT_NAMES } from '../querylog/format-names.ts';
import { isTimeZone } from '../querylog/source-time.ts';
import { nodeName } from '../traceback/messages.ts';

const MAX_NODES = 10_000;
const MAX_CASES = 1_000_000;
const MAX_ITEMS = 1024;

/** A text that `parse` reads. */
function read<T>(want: string, parse: (text: string) => T | undefined) {
  return z.string({ error: want }).transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: want });
    return z.NEVER;
  });
}

const address = read<Address>('want an IPv4 or IPv6 address', parseAddress);
const network = read<Network>('want a network, such as 192.0.2.0/24', parseNetwork);
const domainName = read<Name>('want a domain name', (text) => {
  const name = parseName(text);
  return name && canonicalName(name);
});
const instant = z.iso
  .datetime({ offset: true, error: 'want a time with its zone, such as 2026-11-20T12:00:05Z' })
  .transform((text) => Date.parse(text));

const logFile = z.strictObject({
  /** Relative to the folder. */
  file: z.string().min(1).max(4096),
  /** Without it, as it looks. */
  format: z.enum(FORMAT_NAMES, { error: `want one of ${FORMAT_NAMES.join(', ')}` }).optional(),
  /** The IANA name of the time zone of times without one. */
  zone: z.string().refine(isTimeZone, { error: 'want a time zone, such as Europe/Vienna' }).default('UTC'),
  /** The DNS server that wrote it, where it does not say so. */
  server: address.optional(),
});

const node = z.strictObject({
  name: nodeName,
  servers: z.array(address).min(1).max(MAX_ITEMS),
  zones: z.array(domainName).max(MAX_ITEMS).default([]),
  clients: z.array(network).max(MAX_ITEMS).default([]),
  forwarder: z.boolean().default(false),
  /** Without it: all others. */
  peers: z.array(nodeName).max(MAX_NODES).optional(),
  /** None: it takes no part. */
  logs: z.array(logFile).max(MAX_ITEMS).default([]),
});

const attack = z.strictObject({
  /** What the victim is called. */
  name: domainName,
  /** When the attack began. */
  at: instant,
  /** What the packets said they came from. */
  source: address,
  /** Those that did it. */
  hosts: z.array(address).min(1).max(MAX_ITEMS),
  /** Whether one of them asked for the name before; without it, as the logs say. */
  asked: z.boolean().optional(),
});

export const truthSchema = z.strictObject({
  nodes: z.array(node).min(1).max(MAX_NODES),
  cases: z.array(attack).min(1).max(MAX_CASES),
});
export type Truth = z.infer<typeof truthSchema>;
export type TruthNode = Truth['nodes'][number];
export type TruthCase = Truth['cases'][number];
export type TruthLog = TruthNode['logs'][number];

/** What cannot be, and where: of a truth that has the right shape. */
export interface TruthProblem {
  readonly path: readonly (string | number)[];
  readonly problem: string;
}

export function truthProblems({ nodes, cases }: Truth): readonly TruthProblem[] {
  const names = new Set(nodes.map(({ name }) => name));
  const first = new Map<string, number>();
  const problems: TruthProblem[] = [];
  for (const [index, { name, peers = [] }] of nodes.entries()) {
    const path = ['nodes', index];
    if (first.has(name))
      problems.push({ path: [...path, 'name'], problem: `${name} is nodes[${first.get(name)}], too` });
    first.set(name, index);
    for (const [place, peer] of peers.entries()) {
      if (!names.has(peer)) problems.push({ path: [...path, 'peers', place], problem: `there is no node ${peer}` });
    }
  }
  for (const [index, { name, hosts }] of cases.entries()) {
    const path = ['cases', index];
    if (destinationOf(nodes, name) === undefined) {
      const remedy = 'add the node of its zone, without logs where it takes no part';
      problems.push({ path: [...path, 'name'], problem: `no node has a zone that it is in: ${remedy}` });
    }
    for (const [place, host] of hosts.entries()) {
      if (sourceOf(nodes, host) !== undefined) continue;
      const remedy = 'add the node of its network, without logs where it takes no part';
      const problem = `${formatAddress(host)} is among the clients of no node: ${remedy}`;
      problems.push({ path: [...path, 'hosts', place], problem });
    }
  }
  return problems;
}

/** The node of the zone of a name: of several the one that has the longest. */
export function destinationOf(nodes: readonly TruthNode[], name: Name): TruthNode | undefined {
  const zoneOf = ({ zones }: TruthNode) =>
    Math.max(-1, ...zones.filter((zone) => isAtOrBelow(name, zone)).map(({ length }) => length));
  let best: TruthNode | undefined;
  for (const one of nodes) if (zoneOf(one) > (best === undefined ? -1 : zoneOf(best))) best = one;
  return best;
}

/** The node that serves a host: of several the one whose network is the smallest. */
export function sourceOf(nodes: readonly TruthNode[], host: Address): TruthNode | undefined {
  const prefixOf = ({ clients }: TruthNode) =>
    Math.max(-1, ...clients.filter((one) => networkContains(one, host)).map(({ prefixLength }) => prefixLength));
  let best: TruthNode | undefined;
  for (const one of nodes) if (prefixOf(one) > (best === undefined ? -1 : prefixOf(best))) best = one;
  return best;
}

/**
 * The nodes that a traceback goes by, the destination first: the shortest way among peers, with forwarders between; undefined:
 * there is none.
 */
export function wayBetween(
  nodes: readonly TruthNode[],
  from: TruthNode,
  to: TruthNode,
): readonly TruthNode[] | undefined {
  const byName = new Map(nodes.map((one) => [one.name, one]));
  const ways: (readonly TruthNode[])[] = [[from]];
  const seen = new Set([from]);
  for (let next = 0; next < ways.length; next++) {
    const way = ways[next]!;
    const last = way.at(-1)!;
    if (last === to) return way;
    if (last !== from && !last.forwarder) continue;
    for (const peer of peersOf(nodes, byName, last)) {
      if (seen.has(peer)) continue;
      seen.add(peer);
      ways.push([...way, peer]);
    }
  }
  return undefined;
}

function peersOf(
  nodes: readonly TruthNode[],
  byName: ReadonlyMap<string, TruthNode>,
  { peers }: TruthNode,
): readonly TruthNode[] {
  return peers === undefined ? nodes : peers.map((name) => byName.get(name)!);
}
