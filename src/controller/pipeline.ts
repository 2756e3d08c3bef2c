/**
 * The OpenFlow pipeline as data. Every flow entry that gluewall installs is an entry of this declaration; the docs page
 * and the tests are made from it too.
 */
import { GluewallError } from '../core/errors.ts';
import { checkPrerequisites, type Match } from '../openflow/match.ts';
import type { OxmName } from '../openflow/oxm.ts';
import type { PacketInView } from '../openflow/packet-in.ts';
import type { Instruction } from '../openflow/schema/instructions.ts';

/** A kind of flow entry: where it stands in its table, and the rule id that its cookie carries. */
export interface EntryKind {
  readonly rule: number;
  /** The highest, where entries of this kind stand at falling priorities. */
  readonly priority: number;
  /** Undefined for a kind whose entries all have one priority. */
  readonly lowestPriority?: number;
  readonly about: string;
}

interface Band {
  readonly lowestPriority: number;
}

interface TableDeclaration {
  readonly id: number;
  readonly about: string;
  readonly matchFields: readonly OxmName[];
  readonly next: readonly string[];
  readonly entries: Readonly<Record<string, EntryKind>>;
}

const entry = (rule: number, priority: number, about: string): EntryKind => ({ rule, priority, about });
const band = (rule: number, priority: number, lowestPriority: number, about: string): EntryKind & Band => ({
  rule,
  priority,
  lowestPriority,
  about,
});

export const PIPELINE = {
  classify: {
    id: 0,
    about: 'Finds outbound DNS and writes the group of the client',
    matchFields: [
      'in_port',
      'eth_src',
      'eth_type',
      'ip_proto',
      'ipv4_src',
      'ipv4_dst',
      'ipv6_src',
      'ipv6_dst',
      'udp_src',
      'udp_dst',
      'tcp_src',
      'tcp_dst',
      'nw_frag',
      'icmpv6_type',
    ],
    next: ['verdict', 'forward'],
    entries: {
      outsideResponse: entry(8, 600, 'openflow.learn: a DNS response that came in on an outside port'),
      outsideFragment: entry(9, 600, 'openflow.learn: a later fragment of a UDP datagram, which may be a DNS response'),
      outsidePort: entry(1, 500, 'came in on an outside port: not outbound'),
      quarantinePass: entry(
        12,
        460,
        'what a host in quarantine may still send: DHCP, neighbour discovery, to a remediation address',
      ),
      quarantine: entry(11, 450, 'of a host in quarantine: its DNS, or all; dropped'),
      insideNetwork: entry(2, 400, 'to an inside network: not outbound'),
      fromResolver: entry(3, 300, 'DNS from a trusted resolver'),
      toResolver: entry(4, 300, 'DNS to a trusted resolver'),
      hiddenPorts: entry(
        7,
        290,
        'where any group is enforced: a first fragment too short to show its ports, dropped (RFC 1858, RFC 7112)',
      ),
      groupDns: band(10, 275, 20, 'a direct outbound DNS query of a client of a group, the first group on top'),
      outboundDns: entry(5, 10, 'a direct outbound DNS query of a client of no other group'),
      other: entry(6, 0, 'everything else, later fragments too'),
    },
  },
  verdict: {
    id: 1,
    about: 'Direct outbound DNS queries only: what the controller decided, or a question to it',
    matchFields: [
      'in_port',
      'metadata',
      'eth_src',
      'eth_type',
      'ip_proto',
      'ipv4_src',
      'ipv4_dst',
      'ipv6_src',
      'ipv6_dst',
      'udp_src',
      'tcp_src',
    ],
    next: ['forward', 'copy'],
    entries: {
      bypass: entry(22, 400, 'nothing is judged for a while, of one group or of all: forwarded and copied'),
      allow: entry(16, 300, 'allowed: a destination, and whatever else the verdict read'),
      drop: entry(17, 200, 'refused: a destination of one client, and whatever else the verdict read'),
      dropClient: entry(18, 100, 'a client with too many refused destinations: all that is not allowed'),
      ask: entry(19, 10, 'a group in enforce: no verdict yet, the packet goes to the controller'),
      failOpen: entry(20, 0, 'a group in enforce, on_failure open: no controller has renewed the entry above'),
      observe: entry(21, 0, 'a group in monitor: forwarded and copied'),
    },
  },
  forward: {
    id: 2,
    about: 'Switches the packet as a learning switch does, then on to the copy',
    matchFields: [],
    next: ['copy'],
    entries: { normal: entry(32, 0, 'output NORMAL') },
  },
  copy: {
    id: 3,
    about:
      'Copies to the controller, one meter per reason; stands behind the output so that a meter never drops a query',
    matchFields: ['metadata'],
    next: [],
    entries: {
      observed: entry(48, 10, 'a query that was forwarded'),
      blocked: entry(49, 10, 'a query that a drop flow drops'),
      query: entry(50, 10, 'openflow.learn: a query that was forwarded without a question, as those of resolvers are'),
      response: entry(51, 10, 'openflow.learn: a response from outside'),
      fragment: entry(52, 10, 'openflow.learn: a later fragment from outside'),
      allowed: entry(53, 10, 'copy.allowed_rate: a query that an allow flow let pass'),
    },
  },
} as const satisfies Record<string, TableDeclaration>;

export type TableName = keyof typeof PIPELINE;
export type EntryName<T extends TableName> = keyof (typeof PIPELINE)[T]['entries'] & string;

/** Metadata bits 0 to 15: the client's group. */
export const GROUP_MASK = 0xffffn;
/** Metadata bits 16 to 19: why a copy is wanted. */
export const REASON_MASK = 0xf0000n;
export const COPY_REASON = {
  observed: 0x10000n,
  blocked: 0x20000n,
  query: 0x30000n,
  response: 0x40000n,
  fragment: 0x50000n,
  allowed: 0x60000n,
} as const;
export type CopyReason = keyof typeof COPY_REASON;

const REASON_OF_RULE: ReadonlyMap<number, CopyReason> = new Map(
  Object.entries(PIPELINE.copy.entries).map(([reason, { rule }]) => [rule, reason as CopyReason]),
);

/** Which way the packet of a copy went that is there to learn from; undefined for the others, about which verdicts are told. */
export function learningDirection(reason: CopyReason | undefined): 'outbound' | 'inbound' | undefined {
  if (reason === 'query') return 'outbound';
  return reason === 'response' || reason === 'fragment' ? 'inbound' : undefined;
}

/** Whether a copy may wait behind the packets that ask: nobody's query, and no verdict, depends on when it is read. */
export function mayWait(reason: CopyReason | undefined): boolean {
  return reason === 'allowed' || learningDirection(reason) !== undefined;
}

/** The first 16 bits of the cookie of every flow entry of ours: "gW". */
export const COOKIE_TAG = 0x6757;
export const COOKIE_TAG_MASK = 0xffffn << 48n;
/** The last 32 bits are the rule id. */
export const RULE_MASK = 0xffffffffn;

/** Cookie: tag 16 bits, generation of the rule set 16 bits, rule id 32 bits. */
export function cookieOf(generation: number, rule: number): bigint {
  return (BigInt(COOKIE_TAG) << 48n) | (BigInt(generation) << 32n) | BigInt(rule);
}

/** Whether a flow entry with this cookie is ours. */
export function isOwnCookie(cookie: bigint): boolean {
  return (cookie & COOKIE_TAG_MASK) === cookieOf(0, 0);
}

/** The rule id in a cookie of ours. */
export function ruleOf(cookie: bigint): number {
  return Number(cookie & RULE_MASK);
}

/** Why this packet_in is a copy; undefined when it is none of ours. */
export function copyReasonOf({
  cookieHigh,
  cookieLow,
}: Pick<PacketInView, 'cookieHigh' | 'cookieLow'>): CopyReason | undefined {
  return isOwnCookieHigh(cookieHigh) ? REASON_OF_RULE.get(cookieLow) : undefined;
}

/** Whether a flow entry is ours whose cookie has these upper 32 bits. */
export function isOwnCookieHigh(cookieHigh: number): boolean {
  return cookieHigh >>> 16 === COOKIE_TAG;
}

/** The rules of which verdicts and quarantines make flows; those of the others always stand. */
export const VERDICT_RULES: readonly number[] = [
  PIPELINE.classify.entries.quarantinePass.rule,
  PIPELINE.classify.entries.quarantine.rule,
  PIPELINE.verdict.entries.allow.rule,
  PIPELINE.verdict.entries.drop.rule,
  PIPELINE.verdict.entries.dropClient.rule,
  PIPELINE.verdict.entries.bypass.rule,
];

/** `table.entry` of a rule id; the number itself where the declaration has none. */
export function ruleName(rule: number): string {
  for (const [table, { entries }] of Object.entries(PIPELINE)) {
    for (const [name, kind] of Object.entries<EntryKind>(entries)) if (kind.rule === rule) return `${table}.${name}`;
  }
  return String(rule);
}

/** A flow entry as we want it on a switch. */
export interface Flow {
  readonly tableId: number;
  readonly priority: number;
  readonly rule: number;
  readonly match: Match;
  readonly instructions: readonly Instruction[];
  /** Whole seconds, 0 to 65535; 0 never expires. */
  readonly hardTimeoutSeconds: number;
}

interface FlowParts {
  readonly match?: Match;
  readonly instructions: readonly Instruction[];
  readonly hardTimeoutSeconds?: number;
  /** Of a kind with a band of priorities: how far below the highest. */
  readonly below?: number;
}

/** Makes a flow of a declared kind. Throws GluewallError `pipeline` when it strays from its table's declaration. */
export function flow<T extends TableName>(table: T, kind: EntryName<T>, parts: FlowParts): Flow {
  const declaration: TableDeclaration = PIPELINE[table];
  const { priority: highest, lowestPriority = highest, rule } = declaration.entries[kind]!;
  const { match = [], instructions, hardTimeoutSeconds = 0, below = 0 } = parts;
  const priority = highest - below;
  if (priority < lowestPriority) throw new GluewallError('pipeline', `table ${table} has no room for more ${kind}`);
  const stray = match.find(({ field }) => !(declaration.matchFields as readonly string[]).includes(field));
  if (stray !== undefined) throw new GluewallError('pipeline', `table ${table} does not match on ${stray.field}`);
  const problem = checkPrerequisites(match);
  if (problem !== undefined) throw new GluewallError('pipeline', `table ${table}: ${problem.message}`);
  const nextIds = declaration.next.map((name) => PIPELINE[name as TableName].id as number);
  const astray = instructions.find((step) => step.type === 'gotoTable' && !nextIds.includes(step.tableId));
  if (astray !== undefined) throw new GluewallError('pipeline', `table ${table} does not lead to every table it names`);
  return { tableId: declaration.id, priority, rule, match, instructions, hardTimeoutSeconds };
}

export function gotoTable(table: TableName): Instruction {
  return { type: 'gotoTable', tableId: PIPELINE[table].id };
}
