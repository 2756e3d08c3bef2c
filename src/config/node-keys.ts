/** The keys below `node`. */
import { z } from 'zod';
import { formatAddress, isIpv4, type Network, parseAddress, parseNetwork } from '../core/address.ts';
import { MAX_WINDOW_MS, nodeName, REQUEST_KINDS } from '../traceback/messages.ts';
import { NODE_DEFAULTS } from '../traceback/node-options.ts';
import {
  duration,
  facts,
  formatDuration,
  IPV4_NETWORK,
  IPV6_NETWORK,
  listenAddress,
  neededPath,
  network,
  refuse,
  whole,
  written,
} from './fields.ts';
import { rangePattern } from './range-pattern.ts';
import { domainName } from './rule-fields.ts';

const MAX_PEERS = 1024;
const MAX_NETWORKS = 1024;
const MAX_ZONES = 10_000;
const MAX_WINDOW = formatDuration(MAX_WINDOW_MS);

const WANT_URL = 'want https://HOST:PORT, an IPv6 address in brackets';
const URL_PATTERN = `https://(?:\\[[0-9A-Fa-f:.]+\\]|[0-9A-Za-z._-]+)(?::${rangePattern(1, 65535)})?/?`;

const nodeUrl = z
  .string({ error: WANT_URL })
  .regex(new RegExp(`^${URL_PATTERN}$`), { error: WANT_URL })
  .refine((text) => URL.canParse(text), { error: WANT_URL });

const WANT_SERVERS = 'want an address, or a network ADDRESS/LENGTH with no bits set beyond LENGTH';

/** DNS servers: an address, or a network of them. */
const servers = z.codec(
  z.string({ error: WANT_SERVERS }).meta({
    anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }, written(`${IPV4_NETWORK}|${IPV6_NETWORK}`, WANT_SERVERS)],
  }),
  z.custom<Network>(),
  {
    decode: (text, context) => parseServers(text) ?? refuse(context, text, `is no DNS server: ${WANT_SERVERS}`),
    encode: ({ base, prefixLength }) =>
      prefixLength === (isIpv4(base) ? 32 : 128) ? formatAddress(base) : `${formatAddress(base)}/${prefixLength}`,
  },
);

function parseServers(text: string): Network | undefined {
  const base = parseAddress(text);
  return base === undefined ? parseNetwork(text) : { base, prefixLength: isIpv4(base) ? 32 : 128 };
}

function probability(about: string, defaultValue: number) {
  return z
    .number()
    .min(0)
    .max(1)
    .default(defaultValue)
    .describe(about)
    .meta(facts('share', String(defaultValue), '0 to 1'));
}

const peerKeys = z.strictObject({
  name: nodeName
    .describe('The DNS name in its certificate (subjectAltName)')
    .meta(facts('host name', 'none', '253 characters')),
  url: nodeUrl
    .optional()
    .describe('Where it is asked, such as https://192.0.2.1:8853; without it this peer only asks')
    .meta(facts('URL', 'none: it is not asked', 'https')),
  servers: z
    .array(servers)
    .max(MAX_NETWORKS)
    .default([])
    .describe('DNS servers whose logs it has, by the addresses that our log shows of them')
    .meta(facts('addresses or networks', 'none', `${MAX_NETWORKS} networks`)),
  zones: z
    .array(domainName)
    .max(MAX_ZONES)
    .default([])
    .describe('Zones of whose authoritative servers it has the logs')
    .meta(facts('domain names', 'none', `${MAX_ZONES} names`)),
  requests: z
    .array(z.enum(REQUEST_KINDS))
    .max(REQUEST_KINDS.length)
    .default([...REQUEST_KINDS])
    .describe('What it may ask')
    .meta(facts('words', 'all', REQUEST_KINDS.join(', '))),
  names: z
    .array(domainName)
    .max(MAX_ZONES)
    .optional()
    .describe('The names it may ask about: at or below one of these; `.` is all of them')
    .meta(facts('domain names', 'its zones, and ours', `${MAX_ZONES} names`)),
  per_minute: whole('Requests that it may make at once, and in each minute after; more are refused', 'requests', {
    default: 60,
    min: 0,
    max: 1_000_000,
  }),
  per_day: whole('Requests that it may make at once, and in each day after; more are refused', 'requests', {
    default: 1000,
    min: 0,
    max: 100_000_000,
  }),
});

export const nodeKeys = z
  .strictObject({
    name: nodeName
      .describe('What this node is called by its peers: the DNS name in its certificate (subjectAltName)')
      .meta(facts('host name', 'none', '253 characters')),
    listen: listenAddress
      .prefault('127.0.0.1:8853')
      .describe('Where peers ask: HTTPS with TLS 1.3, with a certificate at both ends')
      .meta(facts('host:port', '127.0.0.1:8853', 'one address')),
    tls: z.strictObject({
      key: neededPath
        .describe('Private key in PEM, mode 0600, relative to this file')
        .meta(facts('path', 'none', '4095 characters')),
      certificate: neededPath
        .describe('Certificate of that key in PEM, for server and client, and those between it and the authority')
        .meta(facts('path', 'none', '4095 characters')),
      ca: neededPath
        .describe(
          'Certificates in PEM of the authorities of the federation; peers that show none of theirs are refused',
        )
        .meta(facts('path', 'none', '4095 characters')),
      crl: neededPath
        .optional()
        .describe('Lists of revoked certificates (CRL) in PEM, of those authorities')
        .meta(facts('path', 'none', '4095 characters')),
    }),
    folder: neededPath
      .optional()
      .describe('Where cases and the audit log are kept, relative to this file')
      .meta(facts('path', '`node` in the folder of store.file', '4095 characters')),
    servers: z
      .array(servers)
      .max(MAX_NETWORKS)
      .optional()
      .describe('Our own DNS servers: no clients in our log, and nobody is asked about them')
      .meta(facts('addresses or networks', 'trusted_resolvers', `${MAX_NETWORKS} networks`)),
    zones: z
      .array(domainName)
      .max(MAX_ZONES)
      .default([])
      .describe('As destination: the zones of whose authoritative servers our query log has the queries')
      .meta(facts('domain names', 'none: it is no destination', `${MAX_ZONES} names`)),
    clients: z
      .array(network)
      .max(MAX_NETWORKS)
      .default([])
      .describe('As source: the clients whose queries our query log has, and who may be named')
      .meta(facts('networks', 'none: it is no source', `${MAX_NETWORKS} networks`)),
    forwarder: z
      .boolean()
      .default(false)
      .describe(
        'As forwarder: whether requests about DNS servers behind ours are passed on to their peers, for any zone',
      )
      .meta(facts('boolean', 'false', 'true, false')),
    window: z
      .strictObject({
        before: duration('How long before the attack hosts may have asked for the name', {
          default: formatDuration(NODE_DEFAULTS.window.beforeMs),
          min: '0',
          max: MAX_WINDOW,
        }),
        after: duration('How long after the attack began, for clocks that differ', {
          default: formatDuration(NODE_DEFAULTS.window.afterMs),
          min: '0',
          max: MAX_WINDOW,
        }),
      })
      .prefault({}),
    cache: duration('How long before hosts their resolver may have asked: what the name lives in caches', {
      default: formatDuration(NODE_DEFAULTS.cacheMs),
      min: '0',
      max: '7d',
    }),
    confirm: z
      .enum(['oblivious', 'hash'])
      .default('oblivious')
      .describe('How an address is confirmed to be spoofed, unless told otherwise (docs/traceback.md)')
      .meta(facts('word', 'oblivious', 'oblivious, hash')),
    named_hosts: whole('Hosts of a case that are named at most, the likeliest', 'hosts', {
      default: NODE_DEFAULTS.namedHosts,
      min: 1,
      max: 64,
    }),
    min_confidence: probability('The confidence below which no host is named', NODE_DEFAULTS.minConfidence),
    model: z
      .strictObject({
        query_rate: probability('How likely a bot asks for the name in the window: q', NODE_DEFAULTS.model.queryRate),
        same_bot: probability('How likely two cases of one source are of the same bot', NODE_DEFAULTS.model.sameBot),
      })
      .prefault({}),
    peers: z
      .array(peerKeys)
      .max(MAX_PEERS)
      .default([])
      .describe('Nodes of other organisations: the registry of who has the logs of which DNS servers, and who may ask')
      .meta(facts('peers', 'none', `${MAX_PEERS} peers`)),
  })
  .optional();
