import type { MessageOf } from '../../../src/openflow/message.ts';
import { Group, Port } from '../../../src/openflow/schema/constants.ts';
import type { ErrorCodeName } from '../../../src/openflow/schema/errors.ts';

export type GroupMod = MessageOf<'groupMod'>;
export type Bucket = GroupMod['buckets'][number];

/** OFPGT_* (OpenFlow 1.3.5 §7.3.4.3). */
export const GroupType = { ALL: 0, SELECT: 1, INDIRECT: 2, FAST_FAILOVER: 3 } as const;

interface Counts {
  packetCount: bigint;
  byteCount: bigint;
}

export interface ModelGroup extends Counts {
  readonly groupId: number;
  readonly groupType: number;
  readonly buckets: readonly Bucket[];
  readonly bucketCounts: readonly Counts[];
  readonly createdAtMs: number;
}

/**
 * The group table: groups may lead to others, but never round to themselves (OFPGMFC_LOOP). Open vSwitch takes such groups
 * and drops what goes round in them.
 */
export class Groups {
  #groups: ReadonlyMap<number, ModelGroup> = new Map();

  snapshot(): ReadonlyMap<number, ModelGroup> {
    return this.#groups;
  }

  restore(groups: ReadonlyMap<number, ModelGroup>): void {
    this.#groups = groups;
  }

  get(groupId: number): ModelGroup | undefined {
    return this.#groups.get(groupId);
  }

  /** The one of this number, or with OFPG_ALL every one. */
  find(groupId: number): readonly ModelGroup[] {
    const found = this.#groups.get(groupId);
    return groupId === Group.ALL ? [...this.#groups.values()] : found === undefined ? [] : [found];
  }

  /** Carries out a group_mod; the error when it is refused. Flows that lead to a deleted group are the caller's. */
  apply(mod: GroupMod, nowMs: number): ErrorCodeName | undefined {
    const { command, groupId, groupType, buckets } = mod;
    if (command === 'delete') {
      this.#groups = new Map([...this.#groups].filter(([id]) => groupId !== Group.ALL && id !== groupId));
      return undefined;
    }
    const error = this.#refusal(mod);
    if (error !== undefined) return error;
    const bucketCounts = buckets.map(() => ({ packetCount: 0n, byteCount: 0n }));
    const group = { groupId, groupType, buckets, bucketCounts, packetCount: 0n, byteCount: 0n, createdAtMs: nowMs };
    this.#groups = new Map([...this.#groups, [groupId, group]]);
    return undefined;
  }

  #refusal({ command, groupId, groupType, buckets }: GroupMod): ErrorCodeName | undefined {
    if (groupId > Group.MAX) return 'OFPGMFC_INVALID_GROUP';
    if (groupType > GroupType.FAST_FAILOVER) return 'OFPGMFC_BAD_TYPE';
    if (groupType === GroupType.INDIRECT && buckets.length !== 1) return 'OFPGMFC_INVALID_GROUP';
    if (groupType === GroupType.FAST_FAILOVER && buckets.some((bucket) => !isWatching(bucket)))
      return 'OFPGMFC_INVALID_GROUP';
    if (command === 'add' && this.#groups.has(groupId)) return 'OFPGMFC_GROUP_EXISTS';
    if (command === 'modify' && !this.#groups.has(groupId)) return 'OFPGMFC_UNKNOWN_GROUP';
    if (this.#leadsBack(groupId, buckets)) return 'OFPGMFC_LOOP';
    return undefined;
  }

  #leadsBack(groupId: number, buckets: readonly Bucket[]): boolean {
    const seen = new Set<number>();
    const ahead = [...nextGroups(buckets)];
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
      if (next === groupId) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      ahead.push(...nextGroups(this.get(next)?.buckets ?? []));
    }
    return false;
  }
}

function nextGroups(buckets: readonly Bucket[]): readonly number[] {
  return buckets.flatMap(({ actions, watchGroup }) => [
    ...actions.flatMap((action) => (action.type === 'group' ? [action.groupId] : [])),
    ...(watchGroup === Group.ANY ? [] : [watchGroup]),
  ]);
}

function isWatching({ watchPort, watchGroup }: Bucket): boolean {
  return watchPort !== Port.ANY || watchGroup !== Group.ANY;
}
