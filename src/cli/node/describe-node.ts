import type { Config } from '../../config/schema.ts';
import { formatHostPort } from '../../core/host-port.ts';
import { counted } from '../../core/words.ts';
import { formatName } from '../../dns/name.ts';

const MAX_NAMED = 5;

/** What a node is to its peers, and where it listens, in sentences for who starts it; the last says what to do next. */
export function describeNode({ node }: Config, port: number): readonly string[] {
  if (node === undefined) return [];
  const { name, listen, peers } = node;
  const asked = peers.filter(({ url }) => url !== undefined).length;
  const next =
    asked === 0
      ? 'it can ask nobody yet: name peers with their url in node.peers (docs/traceback.md)'
      : 'to trace an attack: gluewall traceback request --name VICTIM --at TIME --source ADDRESS';
  return [
    `traceback node ${name}: ${rolesOf(node)}`,
    `peers ask at https://${formatHostPort(listen.host, port)}, with a certificate; known: ${listed(peers.map((peer) => peer.name))}`,
    next,
  ];
}

function rolesOf({ zones, clients, forwarder }: NonNullable<Config['node']>): string {
  const roles = [
    ...(zones.length === 0 ? [] : [`destination of ${listed(zones.map(formatName))}`]),
    ...(clients.length === 0 ? [] : [`source of ${counted(clients.length, 'client network')}`]),
    ...(forwarder ? ['forwarder'] : []),
  ];
  return roles.length === 0 ? 'it asks, and has nothing to be asked about' : roles.join('; ');
}

function listed(words: readonly string[]): string {
  if (words.length === 0) return 'none';
  const more = words.length - MAX_NAMED;
  return `${words.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
