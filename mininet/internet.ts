/**
 * The mini-Internet as data: its hosts, which side of the gate each is on, its addresses, and the DNS server it runs.
 * Everything else (Mininet's topology, the servers' configuration and zone files) is made from this.
 */

/** A zone as an authoritative server has it: master file lines (RFC 1035 §5.1), names absolute. */
export interface ServedZone {
  /** Without the final dot, except for the root: `.`. */
  readonly origin: string;
  readonly records: readonly string[];
}

export type ServerRole =
  | { readonly kind: 'authoritative'; readonly zones: readonly ServedZone[] }
  | { readonly kind: 'resolver'; readonly localZones: readonly ServedZone[] }
  | { readonly kind: 'none' };

export interface InternetHost {
  readonly side: 'inside' | 'outside';
  readonly ipv4: string;
  readonly ipv6?: string;
  readonly role: ServerRole;
}

/** TTL of every delegation but one, seconds. */
export const LONG_TTL_SECONDS = 3600;
/** TTL of everything about short.example: its NS RRset, its glue and its answers, seconds. */
export const SHORT_TTL_SECONDS = 4;

/** The bridge under our control, and its one port to the outside. */
export const gate = { bridge: 's1', outsidePort: 's1-out', outsidePortNumber: 9 } as const;
/** The switch that stands for the Internet. */
export const outsideSwitch = { bridge: 's2', gatePort: 's2-in' } as const;

/** The networks of either side; every host has on-link routes to the other side's. */
export const networks = {
  inside: ['192.0.2.0/24', '2001:db8:1::/64'],
  outside: ['198.51.100.0/24', '203.0.113.0/24', '2001:db8:2::/64'],
} as const;

/** A zone's NS record with its addresses: the same lines in the parent (as glue) and in the zone itself. */
function nameServer(zone: string, name: string, ttlSeconds: number, addresses: readonly string[]): string[] {
  const owner = zone === '.' ? '.' : `${zone}.`;
  return [`${owner} ${ttlSeconds} IN NS ${name}.`, ...addressRecords(name, ttlSeconds, addresses)];
}

function addressRecords(name: string, ttlSeconds: number, addresses: readonly string[]): string[] {
  return addresses.map((address) => `${name}. ${ttlSeconds} IN ${address.includes(':') ? 'AAAA' : 'A'} ${address}`);
}

/** The root's NS and addresses, which resolvers also have as hints. */
export const rootServer = nameServer('.', 'a.root-servers', LONG_TTL_SECONDS, ['198.51.100.1', '2001:db8:2::1']);

const example = nameServer('example', 'a.nic.example', LONG_TTL_SECONDS, ['198.51.100.11', '2001:db8:2::11']);
const test = nameServer('test', 'a.nic.test', LONG_TTL_SECONDS, ['198.51.100.12', '2001:db8:2::12']);
const corp = nameServer('corp.example', 'ns1.corp.example', LONG_TTL_SECONDS, ['198.51.100.21', '2001:db8:2::21']);
const short = nameServer('short.example', 'ns1.short.example', SHORT_TTL_SECONDS, ['198.51.100.22']);
const open = nameServer('public.example', 'dns2.public.example', LONG_TTL_SECONDS, ['203.0.113.44']);
const bank = nameServer('bank.test', 'ns.bank.test', LONG_TTL_SECONDS, ['198.51.100.23']);
const fresh = nameServer('fresh.test', 'ns.fresh.test', LONG_TTL_SECONDS, ['198.51.100.24']);
const evil = nameServer('evil.test', 'ns.evil.test', LONG_TTL_SECONDS, ['203.0.113.66', '2001:db8:2::666']);

function authoritative(origin: string, ...records: readonly string[]): ServerRole {
  return { kind: 'authoritative', zones: [{ origin, records }] };
}

/** An authoritative server of one zone with a web host of two addresses in it. */
function site(origin: string, ns: readonly string[], address: string, ttlSeconds = LONG_TTL_SECONDS): ServerRole {
  return authoritative(origin, ...ns, ...addressRecords(`www.${origin}`, ttlSeconds, [address, '2001:db8:2::80']));
}

/** The hosts by name. */
export const hosts = {
  /** The trusted full-service resolver of the inside. */
  resolver: { side: 'inside', ipv4: '192.0.2.53', ipv6: '2001:db8:1::53', role: { kind: 'resolver', localZones: [] } },
  client: { side: 'inside', ipv4: '192.0.2.10', ipv6: '2001:db8:1::10', role: { kind: 'none' } },
  bot: { side: 'inside', ipv4: '192.0.2.66', ipv6: '2001:db8:1::66', role: { kind: 'none' } },
  root: {
    side: 'outside',
    ipv4: '198.51.100.1',
    ipv6: '2001:db8:2::1',
    role: authoritative('.', ...rootServer, ...example, ...test),
  },
  /** The servers of the two top-level domains. */
  example: {
    side: 'outside',
    ipv4: '198.51.100.11',
    ipv6: '2001:db8:2::11',
    role: authoritative('example', ...example, ...corp, ...short, ...open),
  },
  test: {
    side: 'outside',
    ipv4: '198.51.100.12',
    ipv6: '2001:db8:2::12',
    role: authoritative('test', ...test, ...bank, ...fresh),
  },
  corp: {
    side: 'outside',
    ipv4: '198.51.100.21',
    ipv6: '2001:db8:2::21',
    role: site('corp.example', corp, '198.51.100.121'),
  },
  /** Everything of its zone lives for SHORT_TTL_SECONDS only. */
  short: {
    side: 'outside',
    ipv4: '198.51.100.22',
    role: site('short.example', short, '198.51.100.122', SHORT_TTL_SECONDS),
  },
  bank: { side: 'outside', ipv4: '198.51.100.23', role: site('bank.test', bank, '198.51.100.123') },
  /** Nobody asks for its zone before the race does. */
  fresh: { side: 'outside', ipv4: '198.51.100.24', role: site('fresh.test', fresh, '198.51.100.124') },
  /** A public resolver that is also the registered name server of a zone: dns2.public.example. */
  public: {
    side: 'outside',
    ipv4: '203.0.113.44',
    role: {
      kind: 'resolver',
      localZones: [
        {
          origin: 'public.example',
          records: [...open, ...addressRecords('www.public.example', LONG_TTL_SECONDS, ['203.0.113.144'])],
        },
      ],
    },
  },
  /** A public resolver that no NS record names. */
  stranger: {
    side: 'outside',
    ipv4: '203.0.113.8',
    ipv6: '2001:db8:2::8',
    role: { kind: 'resolver', localZones: [] },
  },
  /** A bot's command server: it serves evil.test, which no parent delegates. */
  evil: {
    side: 'outside',
    ipv4: '203.0.113.66',
    ipv6: '2001:db8:2::666',
    role: authoritative(
      'evil.test',
      ...evil,
      ...addressRecords('www.evil.test', LONG_TTL_SECONDS, ['203.0.113.166']),
      'order.evil.test. 3600 IN TXT "sleep"',
    ),
  },
} as const satisfies Record<string, InternetHost>;

/** A host of the mini-Internet. */
export type HostName = keyof typeof hosts;
