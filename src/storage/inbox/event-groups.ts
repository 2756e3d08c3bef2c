/** The events of a batch by the entry that they belong to. */
import { type Address, addressOctets, isIpv4 } from '../../core/address.ts';
import type { VerdictEvent } from '../../events/verdict-event.ts';
import { SEVERITIES } from '../../inbox/entry.ts';
import { severityOf } from '../../inbox/severity.ts';
import type { ColumnValue } from '../column-values.ts';
import { eventRow } from '../event-rows.ts';
import { nameKey } from '../name-key.ts';
import { addressKey } from './address-key.ts';

export const HOUR_MS = 3_600_000;

/** An event as the tables take it. */
export interface EventToSave {
  readonly event: VerdictEvent;
  /** The values of EVENT_COLUMNS. */
  readonly row: readonly ColumnValue[];
  readonly nameKey: Buffer | null;
  readonly clientKey: Buffer;
  readonly destinationKey: Buffer;
  /** Undefined for an allowed one. */
  readonly group: EventGroup | undefined;
}

/** Events of one client, one destination and one query name. */
export interface EventGroup {
  readonly key: Buffer;
  firstAtMs: number;
  lastAtMs: number;
  events: number;
  packets: number;
  /** Its place in SEVERITIES: the lowest of the group. */
  severity: number;
  /** That of the last time, of one time the one that came last. */
  newest: EventToSave;
  /** Events by the hour since the epoch. */
  readonly hours: Map<number, number>;
}

/** No label begins with it, and no name is just that. */
const NO_NAME = Buffer.of(0);

/** In the order of the events; those that are blocked, or would be, have a group. */
export function groupEvents(events: readonly VerdictEvent[]): {
  readonly saves: readonly EventToSave[];
  readonly groups: readonly EventGroup[];
} {
  const groups = new Map<string, EventGroup>();
  const saves = events.map((event) => {
    const { client, destination, queryName } = event;
    const save: EventToSave = {
      event,
      row: eventRow(event),
      nameKey: queryName === undefined ? null : nameKey(queryName),
      clientKey: addressKey(client),
      destinationKey: addressKey(destination),
      group: undefined,
    };
    const severity = severityOf(event);
    return severity === undefined ? save : grouped(groups, save, SEVERITIES.indexOf(severity));
  });
  return { saves, groups: [...groups.values()] };
}

function grouped(groups: Map<string, EventGroup>, save: EventToSave, severity: number): EventToSave {
  const { event } = save;
  const key = entryKey(event.client, event.destination, save.nameKey);
  const text = key.toString('latin1');
  let group = groups.get(text);
  if (group === undefined) {
    const { atMs } = event;
    group = { key, firstAtMs: atMs, lastAtMs: atMs, events: 0, packets: 0, severity, newest: save, hours: new Map() };
    groups.set(text, group);
  }
  const hour = Math.floor(event.atMs / HOUR_MS);
  group.hours.set(hour, (group.hours.get(hour) ?? 0) + 1);
  group.events++;
  group.packets += event.packetsAtLeast;
  group.firstAtMs = Math.min(group.firstAtMs, event.atMs);
  group.severity = Math.min(group.severity, severity);
  if (event.atMs >= group.lastAtMs) {
    group.lastAtMs = event.atMs;
    group.newest = save;
  }
  return { ...save, group };
}

/** Each part either has a length of its own or says it: no two of them are the same. */
function entryKey(client: Address, destination: Address, name: Buffer | null): Buffer {
  const family = Buffer.of((isIpv4(client) ? 0 : 1) + (isIpv4(destination) ? 0 : 2));
  return Buffer.concat([family, addressOctets(client), addressOctets(destination), name ?? NO_NAME]);
}
