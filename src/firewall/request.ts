/** From a frame in view to what the policy is asked, and to the scope of the flow that its answer makes. */
import type { FlowScope } from '../controller/flow-scope.ts';
import { readQuestion } from '../dns/message.ts';
import { canonicalName } from '../dns/name.ts';
import type { FrameView } from '../packet/frame.ts';
import { NO_ADDRESSES } from '../packet/link-layer.ts';
import { IP_PROTOCOL } from '../packet/protocol-numbers.ts';
import type { ClientGroups } from '../policy/client-groups.ts';
import type { Policy } from '../policy/policy.ts';
import type { PolicyQuery, QueryClient, QueryMessage } from '../policy/query.ts';
import { FIELD, MESSAGE_FIELDS } from '../policy/verdict.ts';

/** Names of switch ports by their OpenFlow numbers. */
export type PortNames = ReadonlyMap<number, string>;

/** What the policy is asked about the packet in view; the message is read where some verdict may read it. */
export function queryOf(frame: FrameView, inPort: number, portName: string | undefined, policy: Policy): PolicyQuery {
  const client: QueryClient = {
    address: frame.source,
    mac: frame.macsAt === NO_ADDRESSES ? undefined : frame.frameOctets.readUIntBE(frame.macsAt + 6, 6),
    inPort,
    portName,
  };
  const isUdp = frame.protocol === IP_PROTOCOL.UDP;
  return {
    client,
    group: policy.groups.groupOf(client),
    destination: frame.destination,
    transport: isUdp ? 'udp' : 'tcp',
    message: policy.readsMessages ? messageOf(frame) : 'unseen',
  };
}

/** That of the packet in view; what TCP carries is still to come. */
export function messageOf(frame: FrameView): QueryMessage {
  const isUdp = frame.protocol === IP_PROTOCOL.UDP;
  return isUdp ? readMessage(frame.frameOctets, frame.payloadStart, frame.payloadEnd) : 'unseen';
}

/** The DNS message in `octets[start, end)` as verdicts read it. */
export function readMessage(octets: Buffer, start: number, end: number): QueryMessage {
  const head = readQuestion(octets, start, end);
  if (!head.ok) return 'unreadable';
  const { question, recursionDesired } = head;
  return { name: canonicalName(question.name), type: question.type, recursionDesired };
}

/**
 * The scope of a flow that matches on the fields `reads` of the query; undefined when there is none: of the message a flow can
 * match on nothing, nor on what the packet does not show.
 */
export function matchableScope(query: PolicyQuery, reads: number): FlowScope | undefined {
  const { address, mac, inPort } = query.client;
  const isShown =
    ((reads & FIELD.client) === 0 || address !== undefined) &&
    ((reads & FIELD.mac) === 0 || mac !== undefined) &&
    ((reads & FIELD.port) === 0 || inPort !== undefined);
  return isShown && (reads & MESSAGE_FIELDS) === 0 ? scopeOf(query, reads) : undefined;
}

/** The scope of a flow that matches on those of the fields `reads` that the packet shows. */
export function scopeOf({ client, group, destination, transport }: PolicyQuery, reads: number): FlowScope {
  if (reads === FIELD.destination) return { destination };
  const { address, mac, inPort } = client;
  return {
    destination,
    ...((reads & FIELD.group) === 0 ? {} : { group: group.id }),
    ...((reads & FIELD.client) === 0 || address === undefined ? {} : { client: address }),
    ...((reads & FIELD.mac) === 0 || mac === undefined ? {} : { mac }),
    ...((reads & FIELD.port) === 0 || inPort === undefined ? {} : { inPort }),
    ...((reads & FIELD.protocol) === 0 ? {} : { ipProtocol: transport === 'tcp' ? IP_PROTOCOL.TCP : IP_PROTOCOL.UDP }),
  };
}

/**
 * Any query that a flow of this scope lets pass, and the fields that all of them have in common. Of a single connection the
 * message has been judged. Undefined when the group is none any more.
 */
export function queryOfScope(
  scope: FlowScope,
  portNames: PortNames,
  groups: ClientGroups,
): { readonly query: PolicyQuery; readonly common: number } | undefined {
  const { destination, client, mac, inPort, ipProtocol, clientPort } = scope;
  const group = scope.group === undefined ? groups.default : groups.numbered(scope.group);
  if (group === undefined) return undefined;
  const portName = inPort === undefined ? undefined : portNames.get(inPort);
  const common =
    FIELD.destination |
    (scope.group === undefined ? 0 : FIELD.group) |
    (client === undefined ? 0 : FIELD.client) |
    (mac === undefined ? 0 : FIELD.mac) |
    (inPort === undefined ? 0 : FIELD.port) |
    (ipProtocol === undefined ? 0 : FIELD.protocol) |
    (clientPort === undefined ? 0 : MESSAGE_FIELDS);
  const query: PolicyQuery = {
    client: { address: client, mac, inPort, portName },
    group,
    destination,
    transport: ipProtocol === undefined ? undefined : ipProtocol === IP_PROTOCOL.TCP ? 'tcp' : 'udp',
    message: clientPort === undefined ? 'unreadable' : 'unseen',
  };
  return { query, common };
}
