import type { MessageOf } from '../../../src/openflow/message.ts';
import { FlowModFlag } from '../../../src/openflow/schema/constants.ts';
import type { RemovedFlow } from './flow-entry.ts';
import { durationSince } from './multipart-bodies.ts';

/** What a switch says of an entry that went; undefined when nobody asked for it. */
export function flowRemoved({ entry, reason }: RemovedFlow, nowMs: number): MessageOf<'flowRemoved'> | undefined {
  if ((entry.flags & FlowModFlag.SEND_FLOW_REM) === 0) return undefined;
  const { cookie, priority, tableId, idleTimeout, hardTimeout, match, use, createdAtMs } = entry;
  const { packetCount, byteCount } = use;
  const of = { cookie, priority, reason, tableId, idleTimeout, hardTimeout, match, packetCount, byteCount };
  return { type: 'flowRemoved', xid: 0, ...of, ...durationSince(createdAtMs, nowMs) };
}
