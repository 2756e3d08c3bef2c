/** The flows that carry out verdicts, as values, and back. */
import { type Address, isIpv4 } from '../core/address.ts';
import { formatMac } from '../core/mac-address.ts';
import type { Match } from '../openflow/match.ts';
import type { Oxm } from '../openflow/oxm.ts';
import type { FlowStats } from '../openflow/schema/multipart.ts';
import { ETHER_TYPE, IP_PROTOCOL } from '../packet/protocol-numbers.ts';
import { matchAddress, matchGroup, writeReason } from './base-flows.ts';
import type { ClientScope, DropScope, FlowScope } from './flow-scope.ts';
import { type Flow, flow, GROUP_MASK, gotoTable, PIPELINE, ruleOf } from './pipeline.ts';

/** What a flow of a verdict says; it lasts for `secondsLeft` more, which is above 0. */
export type VerdictFlow = { readonly secondsLeft: number } & (
  | { readonly kind: 'allow'; readonly scope: FlowScope }
  | { readonly kind: 'drop'; readonly scope: DropScope }
  | { readonly kind: 'dropClient'; readonly scope: ClientScope }
  /** `group`: undefined for all. */
  | { readonly kind: 'bypass'; readonly group: number | undefined }
);

/** All of one family: client and destination. */
export function allowFlow(scope: FlowScope, hardTimeoutSeconds: number): Flow {
  return flow('verdict', 'allow', {
    match: matchScope(scope),
    instructions: [gotoTable('forward')],
    hardTimeoutSeconds,
  });
}

const dropAndCopy = () => [writeReason('blocked'), gotoTable('copy')];

/** Drops what a client sends to a destination. Both are of one family. */
export function dropFlow(scope: DropScope, hardTimeoutSeconds: number): Flow {
  return flow('verdict', 'drop', { match: matchScope(scope), instructions: dropAndCopy(), hardTimeoutSeconds });
}

/** Drops all that a client sends and no allow flow lets pass. */
export function dropClientFlow({ client, group }: ClientScope, hardTimeoutSeconds: number): Flow {
  const match = [...(group === undefined ? [] : [matchGroup(group)]), ...matchAddress('src', client)];
  return flow('verdict', 'dropClient', { match, instructions: dropAndCopy(), hardTimeoutSeconds });
}

/** Forwards and copies all direct queries, whatever was decided of them; those of one group where one is given. */
export function bypassFlow(group: number | undefined, hardTimeoutSeconds: number): Flow {
  const match = group === undefined ? [] : [matchGroup(group)];
  const instructions = [writeReason('observed'), gotoTable('forward')];
  return flow('verdict', 'bypass', { match, instructions, hardTimeoutSeconds });
}

function matchScope({ destination, group, client, inPort, mac, ipProtocol, clientPort }: FlowScope): Match {
  const [ethType, toDestination] = matchAddress('dst', destination);
  const fields: Oxm[] = [];
  if (inPort !== undefined) fields.push({ field: 'in_port', value: inPort });
  if (group !== undefined) fields.push(matchGroup(group));
  if (mac !== undefined) fields.push({ field: 'eth_src', value: formatMac(mac) });
  fields.push(ethType!);
  if (ipProtocol !== undefined) fields.push({ field: 'ip_proto', value: ipProtocol });
  if (client !== undefined) fields.push(matchAddress('src', client)[1]!);
  fields.push(toDestination!);
  if (clientPort !== undefined) fields.push({ field: portFieldOf(ipProtocol), value: clientPort });
  return fields;
}

/** The field of the source port. */
export function portFieldOf(ipProtocol: number | undefined): 'tcp_src' | 'udp_src' {
  return ipProtocol === IP_PROTOCOL.TCP ? 'tcp_src' : 'udp_src';
}

/** What makes a flow entry what it is, and whose. */
type EntryHead = Pick<FlowStats, 'tableId' | 'cookie' | 'priority' | 'match'>;

/** What a drop flow matches on, also one that has ended; undefined for any other entry. */
export function readDropScope(entry: EntryHead): DropScope | ClientScope | undefined {
  const { tableId, cookie, priority, match } = entry;
  const flow = readVerdictFlow({ tableId, cookie, priority, match, hardTimeout: 1, durationSec: 0 });
  return flow?.kind === 'drop' || flow?.kind === 'dropClient' ? flow.scope : undefined;
}

/**
 * The verdict that made this flow entry, which has a cookie of ours; undefined where none would have made it so. What the
 * entry does with packets is not looked at: reconciliation puts that right.
 */
export function readVerdictFlow(
  stats: EntryHead & Pick<FlowStats, 'hardTimeout' | 'durationSec'>,
): VerdictFlow | undefined {
  const secondsLeft = stats.hardTimeout - stats.durationSec;
  if (stats.tableId !== PIPELINE.verdict.id || secondsLeft < 1) return undefined;
  const { allow, drop, dropClient, bypass } = PIPELINE.verdict.entries;
  const rule = ruleOf(stats.cookie);
  const kind = [allow, drop, dropClient, bypass].find((one) => one.rule === rule);
  const read = kind === undefined || kind.priority !== stats.priority ? undefined : readMatch(stats.match);
  if (read === undefined) return undefined;
  const { destination, client, group } = read;
  if (rule === bypass.rule) return isOnly(stats, group) ? { kind: 'bypass', group, secondsLeft } : undefined;
  if (rule === dropClient.rule) {
    const isWhole = client !== undefined && destination === undefined && isOnly(stats, group, 2);
    return isWhole ? { kind: 'dropClient', scope: read as ClientScope, secondsLeft } : undefined;
  }
  if (destination === undefined) return undefined;
  if (rule === allow.rule) return { kind: 'allow', scope: read as FlowScope, secondsLeft };
  return client === undefined ? undefined : { kind: 'drop', scope: read as DropScope, secondsLeft };
}

/** Whether an entry matches on a group, where there is one, and `others` fields. */
function isOnly({ match }: EntryHead, group: number | undefined, others = 0): boolean {
  return match.length === others + (group === undefined ? 0 : 1);
}

type Mutable<T> = { -readonly [K in keyof T]?: T[K] };

/** Undefined when there is a field, a mask or a mixture that no scope has. */
function readMatch(match: Match): Mutable<FlowScope> | undefined {
  const scope: Mutable<FlowScope> = {};
  let ethType: number | undefined;
  let portField: string | undefined;
  for (const oxm of match) {
    if (oxm.field === 'metadata') {
      if (oxm.mask !== GROUP_MASK) return undefined;
      scope.group = Number(oxm.value);
      continue;
    }
    if (oxm.field === 'unknown' || oxm.mask !== undefined) return undefined;
    switch (oxm.field) {
      case 'eth_type':
        ethType = oxm.value;
        break;
      case 'ipv4_dst':
      case 'ipv6_dst':
        scope.destination = oxm.value;
        break;
      case 'ipv4_src':
      case 'ipv6_src':
        scope.client = oxm.value;
        break;
      case 'in_port':
        scope.inPort = oxm.value;
        break;
      case 'eth_src':
        scope.mac = Number.parseInt(oxm.value.replaceAll(':', ''), 16);
        break;
      case 'ip_proto':
        scope.ipProtocol = oxm.value;
        break;
      case 'tcp_src':
      case 'udp_src':
        scope.clientPort = oxm.value;
        portField = oxm.field;
        break;
      default:
        return undefined;
    }
  }
  const hasAddress = scope.destination !== undefined || scope.client !== undefined;
  // An address of each family is one field of the scope.
  const isWhole = Object.keys(scope).length + (hasAddress ? 1 : 0) === match.length;
  const isOfFamily = isOf(ethType, scope.destination) && isOf(ethType, scope.client);
  const isOfProtocol =
    portField === undefined || (scope.ipProtocol !== undefined && portField === portFieldOf(scope.ipProtocol));
  return isWhole && hasAddress === (ethType !== undefined) && isOfFamily && isOfProtocol ? scope : undefined;
}

function isOf(ethType: number | undefined, address: Address | undefined): boolean {
  return address === undefined || ethType === (isIpv4(address) ? ETHER_TYPE.IPV4 : ETHER_TYPE.IPV6);
}
