/** The flows and meters that stand on a switch whatever is asked: direction, trusted resolvers, the default verdict. */
import { createHash } from 'node:crypto';
import { type Address, addressFromOctets, isIpv4, type Network, networkMask } from '../core/address.ts';
import { formatMac } from '../core/mac-address.ts';
import { FLOW_MOD_DEFAULTS } from '../openflow/flow-mod.ts';
import type { Match } from '../openflow/match.ts';
import { encodeMessage } from '../openflow/message.ts';
import type { Oxm } from '../openflow/oxm.ts';
import { CONTROLLER_MAX_LENGTH, FragmentBit, Meter, Port } from '../openflow/schema/constants.ts';
import type { Instruction } from '../openflow/schema/instructions.ts';
import { ETHER_TYPE, IP_PROTOCOL } from '../packet/protocol-numbers.ts';
import {
  COPY_REASON,
  type CopyReason,
  type Flow,
  flow,
  GROUP_MASK,
  gotoTable,
  learningDirection,
  REASON_MASK,
} from './pipeline.ts';

/** How long the entry that asks the controller outlives it, and how often it is renewed (on_failure: open). */
export const ASK_TIMEOUT_SECONDS = 15;
export const ASK_RENEWAL_MS = 5000;

/** What the verdict table does with a query of a group that has no verdict yet. */
export type Treatment = 'observe' | 'ask';

/** What the queries of a client have in common. `inPort`: an OpenFlow port number; `mac`: 48 bits. */
export type ClientMatch = { readonly inPort: number } | { readonly mac: number } | { readonly network: Network };

export interface GroupSettings {
  /** 1 to 65535. */
  readonly id: number;
  readonly clients: readonly ClientMatch[];
  readonly treatment: Treatment;
}

/** Whose queries that left, and responses from outside, are copied to learn from: those of the trusted resolvers, or of all. */
export type Learning = 'nothing' | 'resolvers' | 'all';

export interface BaseSettings {
  /**
   * The first that has a client is its group. The last has all that are in no other, whatever its clients. At most 257.
   * None: nothing is judged, as when nobody said which side is inside.
   */
  readonly groups: readonly GroupSettings[];
  readonly onFailure: 'open' | 'closed';
  readonly insideNetworks: readonly Network[];
  readonly trustedResolvers: readonly Address[];
  /** OpenFlow port numbers. */
  readonly outsidePorts: readonly number[];
  readonly learns: Learning;
  /** Whether queries that an allow flow lets pass are copied, too. */
  readonly recordsAllowed: boolean;
  /** False where the switch has no meters: copies are then sent unmetered. */
  readonly meters: boolean;
}

export interface CopyMeter {
  readonly meterId: number;
  readonly reason: CopyReason;
}

export const COPY_METERS: readonly CopyMeter[] = [
  { meterId: 1, reason: 'observed' },
  { meterId: 2, reason: 'blocked' },
  { meterId: 3, reason: 'query' },
  { meterId: 4, reason: 'response' },
  { meterId: 5, reason: 'fragment' },
  { meterId: 6, reason: 'allowed' },
];

/** Whether each kind of copy that has a rate (by meter id) passes a meter where the meters of `standing` stand. */
export function areCopiesMetered(standing: ReadonlySet<number>, rates: ReadonlyMap<number, number>): boolean {
  return COPY_METERS.every(({ meterId }) => !rates.has(meterId) || standing.has(meterId));
}

/** Open vSwitch sends every packet to the controller through this meter, copies that have passed their own as well. */
export const ASK_METER = Meter.CONTROLLER;

const DNS_PORT = 53;
/** RFC 8200 §4, less the fragment header itself. */
const IPV6_EXTENSION_HEADERS = [IP_PROTOCOL.HOP_BY_HOP, IP_PROTOCOL.ROUTING, IP_PROTOCOL.DESTINATION_OPTIONS];
const ETHER_TYPES = [ETHER_TYPE.IPV4, ETHER_TYPE.IPV6];
const ALL_IP: readonly Match[] = ETHER_TYPES.map((value) => [{ field: 'eth_type', value }]);
const PROTOCOLS = [
  { ipProto: IP_PROTOCOL.UDP, src: 'udp_src', dst: 'udp_dst' },
  { ipProto: IP_PROTOCOL.TCP, src: 'tcp_src', dst: 'tcp_dst' },
] as const;

/** Last table first: an entry never leads to a table that is not there yet. */
export function baseFlows(settings: BaseSettings): readonly Flow[] {
  const forward = flow('forward', 'normal', {
    instructions: [{ type: 'applyActions', actions: [outputTo(Port.NORMAL)] }, gotoTable('copy')],
  });
  return [...copyFlows(settings), forward, ...defaultVerdicts(settings), ...classifyFlows(settings)];
}

/** The 16-bit generation of a rule set: the same rules give the same number, in this process and the next. */
export function generationOf(flows: readonly Flow[]): number {
  const hash = createHash('sha256');
  for (const { match, instructions, priority, tableId, hardTimeoutSeconds: hardTimeout } of flows) {
    hash.update(encodeMessage({ ...FLOW_MOD_DEFAULTS, match, instructions, priority, tableId, hardTimeout }));
  }
  return hash.digest().readUInt16BE(0);
}

/** `eth_type` and the source or destination of `address`. */
export function matchAddress(side: 'src' | 'dst', address: Address): Match {
  return isIpv4(address)
    ? [
        { field: 'eth_type', value: ETHER_TYPE.IPV4 },
        { field: `ipv4_${side}`, value: address },
      ]
    : [
        { field: 'eth_type', value: ETHER_TYPE.IPV6 },
        { field: `ipv6_${side}`, value: address },
      ];
}

/** Undefined takes away what was written. */
export function writeReason(reason: CopyReason | undefined): Instruction {
  const metadata = reason === undefined ? 0n : COPY_REASON[reason];
  return { type: 'writeMetadata', metadata, metadataMask: REASON_MASK };
}

function outputTo(port: number) {
  return { type: 'output', port, maxLength: port === Port.CONTROLLER ? CONTROLLER_MAX_LENGTH : 0 } as const;
}

const toController: Instruction = { type: 'applyActions', actions: [outputTo(Port.CONTROLLER)] };

function classifyFlows(settings: BaseSettings): Flow[] {
  const pass = [gotoTable('forward')];
  const { learns } = settings;
  const passOf = (isCopied: boolean) => (isCopied ? [writeReason('query'), ...pass] : pass);
  return [
    ...(learns === 'nothing' ? [] : settings.outsidePorts.flatMap((port) => outsideDnsFlows(settings, port))),
    ...settings.outsidePorts.map((port) =>
      flow('classify', 'outsidePort', { match: [{ field: 'in_port', value: port }], instructions: pass }),
    ),
    ...settings.insideNetworks.map((network) =>
      flow('classify', 'insideNetwork', { match: matchNetwork('dst', network), instructions: pass }),
    ),
    ...settings.trustedResolvers.flatMap((resolver) => [
      ...dnsFlows(matchAddress('src', resolver)).map((match) =>
        flow('classify', 'fromResolver', { match, instructions: passOf(learns !== 'nothing') }),
      ),
      ...dnsFlows(matchAddress('dst', resolver)).map((match) =>
        flow('classify', 'toResolver', { match, instructions: passOf(learns === 'all') }),
      ),
    ]),
    ...(settings.groups.some(({ treatment }) => treatment === 'ask') ? hiddenPortFlows() : []),
    ...outboundDnsFlows(settings),
    flow('classify', 'other', { instructions: pass }),
  ];
}

/**
 * A TCP or UDP header cut short, and an IPv6 header chain that ends inside an extension header, show no ports (read as
 * 0): the rest, in a later fragment, would pass unjudged. Honest senders make no such first fragments.
 */
function hiddenPortFlows(): Flow[] {
  const firstFragment = (value: number): Match => [
    { field: 'eth_type', value },
    { field: 'nw_frag', value: FragmentBit.ANY },
  ];
  const withoutPorts = ETHER_TYPES.flatMap((ethType) =>
    PROTOCOLS.map(
      ({ ipProto, dst }): Match => [
        ...firstFragment(ethType),
        { field: 'ip_proto', value: ipProto },
        { field: dst, value: 0 },
      ],
    ),
  );
  const insideChain = IPV6_EXTENSION_HEADERS.map(
    (value): Match => [...firstFragment(ETHER_TYPE.IPV6), { field: 'ip_proto', value }],
  );
  return [...withoutPorts, ...insideChain].map((match) => flow('classify', 'hiddenPorts', { match, instructions: [] }));
}

/** What is copied of what enters on an outside port; see `responsesTo`. */
function outsideDnsFlows({ learns, trustedResolvers }: BaseSettings, port: number): Flow[] {
  const ends = learns === 'resolvers' ? trustedResolvers.map((resolver) => matchAddress('dst', resolver)) : ALL_IP;
  const { responses, fragments } = responsesTo(ends);
  const marked = (kind: 'outsideResponse' | 'outsideFragment', reason: CopyReason) => (match: Match) =>
    flow('classify', kind, {
      match: [{ field: 'in_port', value: port }, ...match],
      instructions: [writeReason(reason), gotoTable('forward')],
    });
  return [
    ...responses.map(marked('outsideResponse', 'response')),
    ...fragments.map(marked('outsideFragment', 'fragment')),
  ];
}

/**
 * DNS responses, first fragments too, and the fragments behind those, which show no ports. Later TCP fragments are left out:
 * no sender of today makes any. `ends`: `eth_type`, and the destination where only one is meant.
 */
function responsesTo(ends: readonly Match[]): { readonly responses: Match[]; readonly fragments: Match[] } {
  const fragments = ends.map(
    ([ethType, ...destination]): Match => [
      ethType!,
      { field: 'nw_frag', value: FragmentBit.ANY | FragmentBit.LATER },
      { field: 'ip_proto', value: IP_PROTOCOL.UDP },
      ...destination,
    ],
  );
  return { responses: ends.flatMap((end) => dnsFlows(end, 'src')), fragments };
}

/** What an allow flow lets pass may be copied: all other verdicts write another reason over it. */
function outboundDnsFlows(settings: BaseSettings): Flow[] {
  const { groups } = settings;
  const reason = settings.recordsAllowed ? 'allowed' : unjudgedReason(settings);
  return groups.flatMap(({ id, clients }, index) => {
    const toVerdict =
      reason === undefined
        ? { metadata: BigInt(id), metadataMask: GROUP_MASK }
        : { metadata: BigInt(id) | COPY_REASON[reason], metadataMask: GROUP_MASK | REASON_MASK };
    const instructions: Instruction[] = [{ type: 'writeMetadata', ...toVerdict }, gotoTable('verdict')];
    const isLast = index === groups.length - 1;
    const matches = isLast ? ALL_IP.flatMap((end) => dnsFlows(end)) : clients.flatMap(clientDnsFlows);
    // All of one group stand at one priority: which of two entries a packet meets does not matter then.
    return matches.map((match) =>
      isLast
        ? flow('classify', 'outboundDns', { match, instructions })
        : flow('classify', 'groupDns', { match, instructions, below: index }),
    );
  });
}

/** Why a direct query is copied that was forwarded without a verdict. */
function unjudgedReason({ learns }: Pick<BaseSettings, 'learns'>): 'query' | undefined {
  return learns === 'all' ? 'query' : undefined;
}

function clientDnsFlows(client: ClientMatch): Match[] {
  if ('network' in client) return dnsFlows(matchNetwork('src', client.network));
  const origin: Oxm =
    'mac' in client ? { field: 'eth_src', value: formatMac(client.mac) } : { field: 'in_port', value: client.inPort };
  return ALL_IP.flatMap((end) => dnsFlows(end)).map((match) => [origin, ...match]);
}

/** `match` narrowed to port 53 on one side, once for UDP and once for TCP. Fields stand in the order of their prerequisites. */
function dnsFlows([ethType, ...addresses]: Match, side: 'src' | 'dst' = 'dst'): Match[] {
  return PROTOCOLS.map(({ ipProto, [side]: portField }) => [
    ethType!,
    { field: 'ip_proto', value: ipProto },
    ...addresses,
    { field: portField, value: DNS_PORT },
  ]);
}

function matchNetwork(side: 'src' | 'dst', { base, prefixLength }: Network): Match {
  const [ethType, address] = matchAddress(side, base);
  if (prefixLength === 0) return [ethType!];
  const mask = addressFromOctets(networkMask(base, prefixLength))!;
  return [ethType!, { ...address!, mask } as Oxm];
}

/** The metadata of the packets of a group. */
export function matchGroup(id: number): Oxm {
  return { field: 'metadata', value: BigInt(id), mask: GROUP_MASK };
}

function defaultVerdicts(settings: BaseSettings): Flow[] {
  return settings.groups.flatMap((group) => groupVerdicts(settings, group));
}

function groupVerdicts(settings: BaseSettings, { id, treatment }: GroupSettings): Flow[] {
  const match = [matchGroup(id)];
  const forward = gotoTable('forward');
  if (treatment === 'observe')
    return [flow('verdict', 'observe', { match, instructions: [writeReason('observed'), forward] })];
  if (settings.onFailure === 'closed') return [flow('verdict', 'ask', { match, instructions: [toController] })];
  const isUnmarked = !settings.recordsAllowed;
  const instructions = isUnmarked ? [forward] : [writeReason(unjudgedReason(settings)), forward];
  return [
    flow('verdict', 'failOpen', { match, instructions }),
    flow('verdict', 'ask', { match, instructions: [toController], hardTimeoutSeconds: ASK_TIMEOUT_SECONDS }),
  ];
}

function copyFlows({ learns, recordsAllowed, meters }: BaseSettings): Flow[] {
  const wanted = COPY_METERS.filter(({ reason }) =>
    reason === 'allowed' ? recordsAllowed : learns !== 'nothing' || learningDirection(reason) === undefined,
  );
  return wanted.map(({ meterId, reason }) =>
    flow('copy', reason, {
      match: [{ field: 'metadata', value: COPY_REASON[reason], mask: REASON_MASK }],
      instructions: meters ? [{ type: 'meter', meterId }, toController] : [toController],
    }),
  );
}
