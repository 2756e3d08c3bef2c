import { formatAddress } from '../core/address.ts';
import { formatName } from '../dns/name.ts';
import { MIN_WINDOW_MS } from '../traceback/messages.ts';
import type { Contradiction } from './contradictions.ts';
import type { Config } from './schema.ts';

/** In the audit log, where peers stand by their names: what is asked here. */
const OWN = 'here';

type NodeConfig = NonNullable<Config['node']>;
type PeerConfig = NodeConfig['peers'][number];

/** Keys below `node` that do not go together. */
export function nodeProblems({ node, store }: Config): readonly Contradiction[] {
  if (node === undefined) return [];
  const { name, peers, window, zones, clients, forwarder } = node;
  const problems: Contradiction[] = [];
  const say = (key: string, problem: string) => problems.push({ path: ['node', key], problem: `node: ${problem}` });
  if (name === OWN) say('name', 'that name is not to be had: the audit log calls this node so');
  if (zones.length === 0 && clients.length === 0 && !forwarder && peers.length === 0) {
    say('name', 'it answers nothing and asks nobody: set zones, clients or forwarder, and name peers');
  }
  if (window.before + window.after < MIN_WINDOW_MS) {
    say('window', `window: nodes take ${MIN_WINDOW_MS / 1000} s in all at least; make before longer`);
  }
  if (store.kind === 'memory' && node.folder === undefined) {
    say('name', 'store.kind is memory, so name the folder for cases and the audit log: set node.folder');
  }
  return [...problems, ...peers.flatMap((peer, index) => peerProblems(node, peer, index))];
}

function peerProblems(node: NodeConfig, peer: PeerConfig, index: number): readonly Contradiction[] {
  const problems: Contradiction[] = [];
  const say = (key: keyof PeerConfig, problem: string) =>
    problems.push({ path: ['node', 'peers', index, key], problem: `the peer ${peer.name}: ${problem}` });
  const before = node.peers.slice(0, index);
  if (peer.name === node.name) say('name', 'this node has that name itself');
  if (peer.name === OWN) say('name', 'that name is not to be had: the audit log calls this node so');
  if (before.some(({ name }) => name === peer.name))
    say('name', 'there is another one of that name: put them into one');
  if (peer.url === undefined && peer.servers.length + peer.zones.length > 0) {
    say(
      'name',
      'it has servers or zones, but no url to ask it at: name its url, or write what it may ask about as names',
    );
  }
  if (peer.url === undefined && peer.requests.length === 0)
    say('requests', 'it may ask nothing, and has no url to be asked at');
  for (const zone of peer.zones) {
    const other = before.find(({ zones }) => zones.includes(zone));
    if (other !== undefined)
      say('zones', `${formatName(zone)} is a zone of ${other.name}, too: one of them is to be asked`);
    if (node.zones.includes(zone)) say('zones', `${formatName(zone)} is a zone of this node (node.zones)`);
  }
  for (const network of peer.servers) {
    const isSame = (one: typeof network) => one.base === network.base && one.prefixLength === network.prefixLength;
    const other = before.find(({ servers }) => servers.some(isSame));
    const what = `${formatAddress(network.base)}/${network.prefixLength}`;
    if (other !== undefined) say('servers', `${what} is of ${other.name}, too: one of them is to be asked`);
    if (node.servers?.some(isSame) === true) say('servers', `${what} is of this node (node.servers)`);
  }
  return problems;
}
