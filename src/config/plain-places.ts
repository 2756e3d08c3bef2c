import { formatSwitchTarget } from './fields.ts';
import type { Config } from './schema.ts';

const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';

/** The source of a regular expression: hosts that are this machine whatever its resolver says. */
export const LOOPBACK_HOST = `(?:127(?:\\.${OCTET}){3}|\\[?::1\\]?|localhost)`;
const LOOPBACK = new RegExp(`^${LOOPBACK_HOST}$`);

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** A key with which OpenFlow would leave the machine without TLS. */
export interface PlainPlace {
  readonly path: readonly PropertyKey[];
  /** The key and its value, as a person writes them. */
  readonly what: string;
  /** What to write for TLS. */
  readonly remedy: string;
}

/** Everywhere that OpenFlow would go without TLS, loopback left out. */
export function plainPlaces({ openflow }: Config): readonly PlainPlace[] {
  const { listen, tls, connect } = openflow;
  const places: PlainPlace[] = [];
  if (tls === undefined && !isLoopback(listen.host)) {
    const remedy = 'set openflow.tls (gluewall pki init makes keys for a lab)';
    places.push({ path: ['openflow', 'listen'], what: `openflow.listen on ${listen.host}`, remedy });
  }
  for (const [index, target] of connect.entries()) {
    if (target.scheme === 'ssl' || isLoopback(target.host)) continue;
    const what = `openflow.connect to ${formatSwitchTarget(target)}`;
    const remedy = 'write ssl: for tcp: and set openflow.tls (the switch then listens with pssl:)';
    places.push({ path: ['openflow', 'connect', index], what, remedy });
  }
  return places;
}
