/** What people ask about bypasses. */
import type { TimeSource } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Bypasses, BypassOrder } from '../firewall/bypasses.ts';
import type { ClientGroup } from '../policy/client-group.ts';
import type { PolicyBook } from '../policy/policy-book.ts';
import { formatInstant } from './instant.ts';

export interface BypassView {
  /** Null for all clients. */
  readonly group: string | null;
  /** The one switch on which it was found; null for all switches. */
  readonly datapathId: string | null;
  readonly since: string | null;
  readonly until: string | null;
  readonly reason: string;
  readonly owner: string;
}

/** What a command says of a bypass; `group` is undefined for all clients. */
export interface WantedBypass {
  readonly group?: string | undefined;
  /** Milliseconds, at most MAX_BYPASS_MS. */
  readonly forMs: number;
  readonly reason: string;
  readonly owner: string;
}

export interface BypassServices {
  /** Throws GluewallError `no-group`. */
  bypassBegin(wanted: WantedBypass): BypassView;
  /** Null when there was none. Throws GluewallError `no-group`. */
  bypassEnd(group: string | undefined): { readonly ended: BypassView | null };
  bypassList(): AsyncGenerator<BypassView, void>;
}

/** The hard timeout of a flow, by which it ends itself, has 16 bits of seconds (OpenFlow 1.3.5 §7.3.4.1). */
export const MAX_BYPASS_MS = 65_535_000;

export interface BypassParts {
  readonly clock: TimeSource;
  readonly policies: PolicyBook;
  /** Undefined where nothing is enforced, because gluewall does not run. */
  readonly bypasses: Bypasses | undefined;
}

export function bypassServices({ clock, policies, bypasses }: BypassParts): BypassServices {
  const running = () => {
    if (bypasses !== undefined) return bypasses;
    throw new GluewallError(
      'not-running',
      'no gluewall answers, so nothing is bypassed: name its file with --config, or its socket with --socket',
    );
  };
  return {
    bypassBegin({ group, forMs, reason, owner }) {
      const sinceMs = clock.nowMs();
      const untilMs = sinceMs + Math.min(forMs, MAX_BYPASS_MS);
      return viewBypass(running().begin({ group: findGroup(policies, group), sinceMs, untilMs, reason, owner }));
    },
    bypassEnd(group) {
      const ended = running().end(findGroup(policies, group));
      return { ended: ended === undefined ? null : viewBypass(ended) };
    },
    async *bypassList() {
      for (const order of running().orders) yield viewBypass(order);
    },
  };
}

/** Undefined when none is named. Throws GluewallError `no-group`. */
export function findGroup({ groups }: PolicyBook, name: string | undefined): ClientGroup | undefined {
  if (name === undefined) return undefined;
  const group = groups.get(name);
  if (group !== undefined) return group;
  const known = groups.groups.map((one) => one.name).join(', ');
  throw new GluewallError('no-group', `there is no group ${name}; there are ${known}`);
}

function viewBypass({ group, datapathId, sinceMs, untilMs, reason, owner }: BypassOrder): BypassView {
  return {
    group: group?.name ?? null,
    datapathId: datapathId ?? null,
    since: formatInstant(sinceMs),
    until: formatInstant(untilMs),
    reason,
    owner,
  };
}
