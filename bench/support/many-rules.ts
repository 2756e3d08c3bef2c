/** Rules as a large site may have them, with queries that they decide. All addresses are reserved ones, and never on a wire. */
import type { WrittenMatch } from '../../src/policy/rule-text.ts';

/** A rule as gluewall.yaml has it. */
export interface WrittenRule extends WrittenMatch {
  readonly action: 'allow' | 'deny';
  readonly reason: string;
}

/** A query as text. */
export interface WrittenQuery {
  readonly client: string;
  readonly mac: string;
  readonly port: number;
  readonly destination: string;
  readonly protocol: 'udp' | 'tcp';
  readonly name: string;
  readonly type: 'A' | 'TXT' | 'MX';
}

/** Rules of one kind. */
interface RuleKind {
  readonly perThousand: number;
  readonly action: 'allow' | 'deny';
  readonly match: (n: number) => WrittenMatch;
  /** What about a query makes rule `n` decide it; another one for each `k`. The rest of it does not matter. */
  readonly query: (n: number, k: number) => Partial<WrittenQuery>;
}

/** Groups of a site, each a /20 of the clients; names of clients in the last are checked by zone. */
export const GROUPS = 16;
export const STRICT_GROUP = GROUPS - 1;
export const groupName = (group: number) => `group${group}`;
export const groupNetwork = (group: number) => `198.18.${group * 16}.0/20`;

/** Client `k` of a group, at most 4,000. */
export const clientOf = (group: number, k: number) => `198.18.${group * 16 + ((k >> 8) & 15)}.${k & 255}`;

const ipv4 = (first: number, n: number) => `${first}.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
/** Half of each are IPv6 addresses. */
export const unknownAddress = (n: number) => (n % 2 === 0 ? ipv4(240, n) : ipv6('f000', n));
export const allowedAddress = (n: number) => (n % 2 === 0 ? ipv4(241, n) : ipv6('f001', n));

function ipv6(part: string, n: number): string {
  return `2001:db8:${part}:${(n >>> 16).toString(16)}:${(n & 0xffff).toString(16)}::53`;
}

const mac = (n: number) =>
  `02:00:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
/** There are 240 networks whose queries of a type are denied. */
const deniedType = (n: number) => (n < 240 ? 'TXT' : 'MX');
const laxGroup = (n: number) => n % STRICT_GROUP;

const KINDS: readonly RuleKind[] = [
  {
    perThousand: 300,
    action: 'deny',
    match: (n) => ({ zone: `bad${n}.example` }),
    query: (n, k) => ({ name: `h${k}.bad${n}.example` }),
  },
  {
    perThousand: 200,
    action: 'allow',
    match: (n) => ({ from: groupNetwork(laxGroup(n)), to: ipv4(242, n) }),
    query: (n, k) => ({ client: clientOf(laxGroup(n), k), destination: ipv4(242, n) }),
  },
  {
    perThousand: 100,
    action: 'deny',
    match: (n) => ({ to: `${ipv4(243, n << 8)}/24` }),
    query: (n, k) => ({ destination: ipv4(243, (n << 8) | (k & 255)) }),
  },
  {
    perThousand: 120,
    action: 'deny',
    match: (n) => ({ to: ipv6('f002', n) }),
    query: (n) => ({ destination: ipv6('f002', n) }),
  },
  {
    perThousand: 100,
    action: 'allow',
    match: (n) => ({ from: clientOf(laxGroup(n), n), zone: `lab${n}.example` }),
    query: (n, k) => ({ client: clientOf(laxGroup(n), n), name: `h${k}.lab${n}.example` }),
  },
  {
    perThousand: 60,
    action: 'allow',
    match: (n) => ({ from: `group:${groupName(laxGroup(n))}`, zone: `partner${n}.example` }),
    query: (n, k) => ({ client: clientOf(laxGroup(n), k), name: `h${k}.partner${n}.example` }),
  },
  {
    perThousand: 30,
    action: 'deny',
    match: (n) => ({ from: `${clientOf(laxGroup(n), (n % 16) << 8)}/24`, types: [deniedType(n)] }),
    query: (n, k) => ({ client: clientOf(laxGroup(n), ((n % 16) << 8) | (k & 255)), type: deniedType(n) }),
  },
  {
    perThousand: 50,
    action: 'allow',
    match: (n) => ({ from: `mac:${mac(n)}`, to: ipv6('f003', n) }),
    query: (n) => ({ mac: mac(n), destination: ipv6('f003', n) }),
  },
  {
    perThousand: 20,
    action: 'allow',
    match: (n) => ({ from: `port:${n + 1}`, to: ipv4(244, n) }),
    query: (n) => ({ port: n + 1, destination: ipv4(244, n) }),
  },
  {
    perThousand: 20,
    action: 'deny',
    match: (n) => ({ to: ipv4(245, n), protocol: 'tcp' }),
    query: (n) => ({ destination: ipv4(245, n), protocol: 'tcp' }),
  },
];

/** `count` rules, a multiple of a thousand, those of one kind behind the other. `mark` goes into the reason of each. */
export function manyRules(count: number, mark: string): readonly WrittenRule[] {
  return KINDS.flatMap(({ perThousand, action, match }) =>
    Array.from({ length: (perThousand * count) / 1000 }, (_, n) => ({ action, ...match(n), reason: `${mark} ${n}` })),
  );
}

/** What makes rule `index` of as many as `count` decide a query, another one for each `k`. */
export function queryOfRule(index: number, count: number, k: number): Partial<WrittenQuery> {
  let n = index;
  for (const { perThousand, query } of KINDS) {
    const ofKind = (perThousand * count) / 1000;
    if (n < ofKind) return query(n, k);
    n -= ofKind;
  }
  throw new Error(`there is no rule ${index} of ${count}`);
}
