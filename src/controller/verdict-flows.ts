/** The flows that carry out verdicts, as values, and back. */
import type { Address } from '../core/address.ts';
import type { FlowStats } from '../openflow/schema/multipart.ts';
import { matchAddress, writeReason } from './base-flows.ts';
import { type Flow, flow, gotoTable, PIPELINE, ruleOf } from './pipeline.ts';

/** What a flow of a verdict says; it lasts for `secondsLeft` more, which is above 0. */
export type VerdictFlow = { readonly secondsLeft: number } & (
  | { readonly kind: 'allow'; readonly destination: Address }
  | { readonly kind: 'drop'; readonly client: Address; readonly destination: Address }
  | { readonly kind: 'dropClient'; readonly client: Address }
);

export function allowFlow(destination: Address, hardTimeoutSeconds: number): Flow {
  const match = matchAddress('dst', destination);
  return flow('verdict', 'allow', { match, instructions: [gotoTable('forward')], hardTimeoutSeconds });
}

const dropAndCopy = () => [writeReason('blocked'), gotoTable('copy')];

/** Drops what `client` sends to `destination`. Both are of one family. */
export function dropFlow(client: Address, destination: Address, hardTimeoutSeconds: number): Flow {
  const [, toDestination] = matchAddress('dst', destination);
  const match = [...matchAddress('src', client), toDestination!];
  return flow('verdict', 'drop', { match, instructions: dropAndCopy(), hardTimeoutSeconds });
}

/** Drops all that `client` sends and no allow flow lets pass. */
export function dropClientFlow(client: Address, hardTimeoutSeconds: number): Flow {
  const match = matchAddress('src', client);
  return flow('verdict', 'dropClient', { match, instructions: dropAndCopy(), hardTimeoutSeconds });
}

/** The verdict that made this flow entry, which has a cookie of ours; undefined where none would have made it so. */
export function readVerdictFlow(stats: FlowStats): VerdictFlow | undefined {
  const secondsLeft = stats.hardTimeout - stats.durationSec;
  const client = addressIn(stats, /^ipv[46]_src$/);
  const destination = addressIn(stats, /^ipv[46]_dst$/);
  const { allow, drop, dropClient } = PIPELINE.verdict.entries;
  const rule = ruleOf(stats.cookie);
  if (stats.tableId !== PIPELINE.verdict.id || secondsLeft < 1) return undefined;
  if (rule === allow.rule && destination !== undefined && stats.match.length === 2)
    return { kind: 'allow', destination, secondsLeft };
  if (rule === drop.rule && client !== undefined && destination !== undefined && stats.match.length === 3)
    return { kind: 'drop', client, destination, secondsLeft };
  if (rule === dropClient.rule && client !== undefined && stats.match.length === 2)
    return { kind: 'dropClient', client, secondsLeft };
  return undefined;
}

/** The address that a match field holds whole. */
function addressIn({ match }: FlowStats, name: RegExp): Address | undefined {
  const found = match.find(({ field }) => name.test(field));
  const isWhole = found !== undefined && found.field !== 'unknown' && found.mask === undefined;
  return isWhole ? (found.value as Address) : undefined;
}
