/** What a configuration would do, in sentences, and what its author may not have meant. */
import { formatAddress, type Network, networkContains } from '../core/address.ts';
import { formatName } from '../dns/name.ts';
import { captureInterfaces, hasGate, hasOtherSource, isEnforced, isJudging, teachingMode } from './effective.ts';
import { capturePlace, formatDuration, formatSwitchTarget, listenAddress, network } from './fields.ts';
import { isLoopback, plainPlaces } from './plain-places.ts';
import type { Config } from './schema.ts';

export interface ConfigSummary {
  /** What it would do. */
  readonly sentences: readonly string[];
  /** What is allowed, and may be a mistake all the same. */
  readonly warnings: readonly string[];
}

/** The most members of a list that are named. */
const MAX_NAMED = 8;

export function summarise(config: Config): ConfigSummary {
  const isGate = hasGate(config);
  return {
    sentences: [
      ...(isGate ? gateSentences(config) : []),
      queryLogSentence(config, isGate),
      ...nodeSentences(config),
      ...(isGate ? responseSentences(config) : []),
      ...(isGate ? consoleSentences(config) : []),
    ],
    warnings: [...(isGate ? GATE_WARNINGS : []), ...WARNINGS].flatMap(({ holds, warning }) =>
      holds(config) ? [warning] : [],
    ),
  };
}

function gateSentences(config: Config): readonly string[] {
  const { inside, outside, trusted_resolvers } = config;
  const networks = inside.networks.map((one: Network) => network.encode(one));
  const interfaces = captureInterfaces(config);
  return [
    modeSentence(config),
    `inside: ${listed(networks)}; outside ports: ${listed(outside.ports.map(String))}`,
    `trusted resolvers: ${listed(trusted_resolvers.map(formatAddress))}; allowed destinations: ${config.allow.length}`,
    `learns from ${TEACHERS[teachingMode(config)]}, captured ${captureText(config, interfaces)}`,
    connectionSentence(config),
    storeSentence(config),
  ];
}

const TEACHERS: Readonly<Record<ReturnType<typeof teachingMode>, string>> = {
  resolvers: 'responses to the trusted resolvers',
  chain: 'responses of servers known to serve a zone above',
  matched: 'every response that matches a query',
};

function captureText({ capture, openflow }: Config, interfaces: readonly string[]): string {
  const byInterfaces = `on ${listed(interfaces)}`;
  const byCopies = interfaces.length === 0 ? 'by the switches' : `by the switches and ${byInterfaces}`;
  if (capture.listen === undefined) return openflow.learn ? byCopies : byInterfaces;
  return `${openflow.learn ? 'by the switches and ' : ''}by \`gluewall capture\`, which connects to ${capturePlace.encode(capture.listen)}`;
}

function modeSentence(config: Config): string {
  const { mode, groups, warmup, on_failure } = config;
  if (!isEnforced(config)) return 'monitor: every query passes, verdicts are only told';
  const start = warmup === 0 ? 'at once' : `after a warm-up of ${formatDuration(warmup)}`;
  const failure = on_failure === 'open' ? 'pass' : 'stay blocked';
  const others = groups.flatMap(({ name, mode: own = mode }) => (own === mode ? [] : [name]));
  const whose = mode === 'enforce' ? 'enforce' : `enforce for ${listed(others)}, monitor for all others`;
  const but = mode === 'enforce' && others.length > 0 ? ` but monitor for ${listed(others)}` : '';
  return `${whose}${but}: unknown destinations are blocked ${start}; while no controller answers they ${failure}`;
}

function connectionSentence({ openflow }: Config): string {
  const { listen, tls, connect, switches } = openflow;
  const how = tls === undefined ? 'by plain TCP' : `by TLS, with a certificate of ${tls.ca}`;
  const dialed = connect.length === 0 ? '' : `; it connects to ${listed(connect.map(formatSwitchTarget))}`;
  return `up to ${switches} switches, which connect to ${listenAddress.encode(listen)} ${how}${dialed}`;
}

function storeSentence({ store, eve }: Config): string {
  const kept =
    store.kind === 'memory'
      ? 'nothing is kept beyond a restart'
      : `kept in ${store.kind === 'sqlite' ? 'SQLite' : 'MariaDB'} (written every ${formatDuration(store.flush)}, ${store.events} events)`;
  return `${kept}; events ${eve.file === undefined ? 'are not written to a file' : `are written to ${eve.file}`}`;
}

function queryLogSentence({ querylog, dnstap }: Config, isGate: boolean): string {
  const { keep, sources, anonymise, capture } = querylog;
  const heard = dnstap.listen !== undefined && querylog.dnstap;
  const ofGate = [...(capture ? ['the capture'] : []), 'what the gate blocks'];
  const others = [...(heard ? ['dnstap'] : []), ...(isGate ? ofGate : [])];
  const kept = keep === undefined ? '' : `, kept for ${formatDuration(keep)}`;
  const clients = anonymise === undefined ? '' : ', clients as pseudonyms';
  return `query log: ${listed([...sources.map(({ name }) => name), ...others])}${kept}${clients}`;
}

function nodeSentences({ node }: Config): readonly string[] {
  if (node === undefined) return [];
  const { name, listen, zones, clients, forwarder, peers } = node;
  const roles = [
    ...(zones.length === 0 ? [] : [`destination of ${listed(zones.map(formatName))}`]),
    ...(clients.length === 0 ? [] : [`source of ${listed(clients.map((one: Network) => network.encode(one)))}`]),
    ...(forwarder ? ['forwarder'] : []),
  ];
  const known = listed(peers.map((peer) => peer.name));
  return [
    `traceback node ${name} on ${listenAddress.encode(listen)}: ${roles.join('; ') || 'it only asks'}; peers: ${known}`,
  ];
}

function responseSentences({ response }: Config): readonly string[] {
  const { rpz, rules, most_hosts } = response;
  const sentences: string[] = [];
  if (rpz !== undefined) {
    const ways = [
      `written to ${rpz.file}`,
      ...(rpz.listen === undefined ? [] : [`given to secondaries on ${listenAddress.encode(rpz.listen)}`]),
    ];
    const byRule = rules.some(({ action }) => action === 'rpz') ? ', or a rule names' : '';
    sentences.push(
      `Response Policy Zone ${formatName(rpz.zone)}: ${listed(ways)}; in it is what a person escalates${byRule}`,
    );
  }
  const kinds = rules.flatMap(({ action, findings }) => (action === 'rpz' ? [] : findings));
  if (kinds.length > 0)
    sentences.push(`rules put hosts in quarantine, ${most_hosts} at once at most: ${listed([...new Set(kinds)])}`);
  return sentences;
}

function consoleSentences({ console: keys }: Config): readonly string[] {
  const { listen, tls, public_url, session, oidc } = keys;
  if (listen === undefined) return [];
  const place = public_url ?? `${tls === undefined ? 'http' : 'https'}://${listenAddress.encode(listen)}`;
  const by = oidc === undefined ? '' : `, sign-in by ${oidc.issuer} too`;
  const idle = formatDuration(session.idle);
  return [
    `console at ${place}: sessions end after ${idle} without use, and after ${formatDuration(session.absolute)}${by}`,
  ];
}

function listed(members: readonly string[]): string {
  if (members.length === 0) return 'none';
  const more = members.length - MAX_NAMED;
  return `${members.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

interface Warning {
  holds(config: Config): boolean;
  readonly warning: string;
}

const GATE_WARNINGS: readonly Warning[] = [
  {
    holds: (config) => !isJudging(config),
    warning: 'nothing is judged: inside.networks or outside.ports is empty',
  },
  {
    holds: (config) => captureInterfaces(config).length === 0 && !hasOtherSource(config),
    warning:
      'nothing is captured and so nothing learned, and warm-up never ends: name an interface in outside.ports or capture.interfaces, or set openflow.learn',
  },
  {
    holds: (config) => isEnforced(config) && config.warmup === 0 && config.seed.length === 0,
    warning: 'without a warm-up every destination that is not in the store yet is blocked from the first query on',
  },
  {
    holds: (config) => isEnforced(config) && config.store.kind === 'memory',
    warning: 'store.kind memory: every restart begins the warm-up again, and forgets the rules of commands',
  },
  {
    holds: (config) => !isEnforced(config) && config.on_failure === 'closed',
    warning: 'on_failure: closed does nothing in monitor mode: every query passes, with a controller and without',
  },
  {
    holds: (config) => config.trusted_resolvers.length > 0 && teachingMode(config) === 'matched',
    warning: 'teach: matched lets any host teach by its own queries, though there are trusted resolvers',
  },
  {
    holds: ({ capture, inside, trusted_resolvers }) =>
      capture.direction === 'networks' &&
      trusted_resolvers.some((resolver) => !inside.networks.some((one: Network) => networkContains(one, resolver))),
    warning:
      'a trusted resolver is in none of inside.networks: with capture.direction networks its queries are not seen leaving',
  },
  {
    holds: ({ seed }) => seed.length > 0,
    warning: 'seed is for demonstration and measurement: its addresses pass for ever',
  },
  {
    holds: (config) => plainPlaces(config).length > 0,
    warning:
      'OpenFlow without TLS is neither authenticated nor encrypted (openflow.plain: anywhere): let only your switches reach gluewall',
  },
];

const WARNINGS: readonly Warning[] = [
  {
    holds: ({ querylog }) =>
      querylog.sources.some(({ syslog }) => syslog !== undefined && 'host' in syslog && !isLoopback(syslog.host)),
    warning: 'querylog.sources: whoever reaches a syslog source can write into the query log: let only your servers',
  },
  {
    holds: ({ node, querylog }) =>
      node !== undefined && node.clients.length > 0 && querylog.anonymise !== undefined && querylog.sources.length > 0,
    warning:
      'querylog.anonymise: the traceback node names hosts by their pseudonyms, which only who has the key can tell from others',
  },
  {
    holds: ({ node }) =>
      node?.peers.some(({ url, servers, zones }) => url !== undefined && servers.length + zones.length === 0) === true,
    warning: 'node.peers: one has a url but neither servers nor zones, so it is never asked',
  },
  {
    holds: ({ node }) =>
      node !== undefined && node.servers === undefined && node.zones.length + node.clients.length > 0,
    warning:
      'node.servers is not set: our own DNS servers are taken to be trusted_resolvers; others of ours are unknown servers',
  },
];
