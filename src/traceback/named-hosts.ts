import type { ReportedHost } from './messages.ts';

/** What our own log named to a peer that asked. */
export interface NamedHosts {
  /** Who asked, and for which case of whose. */
  readonly asker: string;
  readonly case: string;
  /** What the victim is called, and when the attack began. */
  readonly name: string;
  readonly at: string;
  readonly hosts: readonly ReportedHost[];
}
