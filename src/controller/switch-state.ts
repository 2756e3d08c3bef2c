/** What a switch is asked about itself, and how its meters are set. All reject with `openflow-request`. */
import { FragmentFlag, Group, Meter, Port, Table } from '../openflow/schema/constants.ts';
import type { FlowStats, MultipartRequestBody } from '../openflow/schema/multipart.ts';
import { type Conversation, unexpectedReply } from './conversation.ts';
import { COOKIE_TAG_MASK, cookieOf, RULE_MASK } from './pipeline.ts';
import { diffMeters } from './reconcile.ts';

/** Of each cookie of ours, and of no other but by chance. */
export const OWN_COOKIES = { cookie: cookieOf(0, 0), cookieMask: COOKIE_TAG_MASK } as const;
const ALL_COOKIES = { cookie: 0n, cookieMask: 0n } as const;
const ALL_FLOWS = { tableId: Table.ALL, outPort: Port.ANY, outGroup: Group.ANY, match: [] } as const;

/** What a switch says of itself first. */
export interface SwitchIdentity {
  /** 16 hexadecimal digits. */
  readonly datapathId: string;
  /** How many flow tables it has. */
  readonly tables: number;
}

export async function readIdentity(conversation: Conversation): Promise<SwitchIdentity> {
  const features = await conversation.request({ type: 'featuresRequest', xid: 0 });
  if (features.type !== 'featuresReply') throw unexpectedReply(features);
  return { datapathId: features.datapathId.toString(16).padStart(16, '0'), tables: features.nTables };
}

/** A value of FragmentFlag. */
export async function readFragmentMode(conversation: Conversation): Promise<number> {
  const config = await conversation.request({ type: 'getConfigRequest', xid: 0 });
  if (config.type !== 'getConfigReply') throw unexpectedReply(config);
  return config.flags;
}

/**
 * Asks for fragment mode nx-match and resolves with whether the switch took it. In the default mode the ports of first
 * fragments read as 0, and no DNS match would see them.
 */
export async function showFragmentPorts(conversation: Conversation, missSendLen: number): Promise<boolean> {
  conversation.tell({ type: 'setConfig', xid: 0, flags: FragmentFlag.NX_MATCH, missSendLen });
  return (await readFragmentMode(conversation)) === FragmentFlag.NX_MATCH;
}

/** Port numbers by name. */
export async function readPorts(conversation: Conversation): Promise<ReadonlyMap<string, number>> {
  const parts = await conversation.multipart({ type: 'portDescription' });
  const ports = parts.flatMap((part) => (part.type === 'portDescription' ? part.ports : []));
  return new Map(ports.map(({ name, portNo }) => [name, portNo]));
}

/** Whether the switch may have meters of the ids in `rates`. Rejects where it has none at all and says so by an ERROR. */
export async function readHasMeters(conversation: Conversation, rates: ReadonlyMap<number, number>): Promise<boolean> {
  const [features] = await conversation.multipart({ type: 'meterFeatures' });
  if (features?.type !== 'meterFeatures') return false;
  return [...rates.keys()].every((meterId) => meterId > Meter.MAX || meterId <= features.maxMeter);
}

/**
 * Makes the meters of `rates` (packets per second by meter id) stand, before flows name them. Resolves with the ids of
 * those that do: a switch may say that it has meters and refuse one all the same.
 */
export async function setMeters(
  conversation: Conversation,
  rates: ReadonlyMap<number, number>,
): Promise<ReadonlySet<number>> {
  const parts = await conversation.multipart({ type: 'meterConfig', meterId: Meter.ALL });
  const present = parts.flatMap((part) => (part.type === 'meterConfig' ? part.entries : []));
  const mods = diffMeters(present, rates);
  const refused = await conversation.tellInOrder(mods);
  const missing = new Set(refused.map(({ message }) => message.meterId));
  return new Set([...rates.keys()].filter((meterId) => !missing.has(meterId)));
}

/** The flow entries of ours. */
export function readOwnFlows(conversation: Conversation): Promise<readonly FlowStats[]> {
  return readFlows(conversation, { type: 'flow', ...ALL_FLOWS, ...OWN_COOKIES });
}

/** The flow entries of one table, whoever made them. */
export function readTable(conversation: Conversation, tableId: number): Promise<readonly FlowStats[]> {
  return readFlows(conversation, { type: 'flow', ...ALL_FLOWS, ...ALL_COOKIES, tableId });
}

/** Hands over the flow entries of one rule, part by part as they come; more than memory should hold at once. */
export async function readFlowsOfRule(
  conversation: Conversation,
  rule: number,
  take: (flows: readonly FlowStats[]) => void,
): Promise<void> {
  const cookie = cookieOf(0, rule);
  const cookieMask = COOKIE_TAG_MASK | RULE_MASK;
  await conversation.multipart({ type: 'flow', ...ALL_FLOWS, cookie, cookieMask }, (part) => {
    if (part.type === 'flow') take(part.entries);
  });
}

async function readFlows(conversation: Conversation, body: MultipartRequestBody): Promise<readonly FlowStats[]> {
  const parts = await conversation.multipart(body);
  return parts.flatMap((part) => (part.type === 'flow' ? part.entries : []));
}
