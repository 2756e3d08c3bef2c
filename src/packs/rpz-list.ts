/** Response policy zones (draft-vixie-dnsop-dns-rpz-00) as lists of what is denied. */
import { type Network, parseAddress, parseNetwork } from '../core/address.ts';
import { canonicalName, formatName, isAtOrBelow, type Name, ROOT } from '../dns/name.ts';
import { quote } from './entry.ts';
import { type Finding, type ListTimes, TIMELESS } from './list-finding.ts';
import { absoluteName, isAbsolute, readZoneFile, type ZoneRecord } from './zone-file.ts';

/** What a record makes of what it is about (§3). */
type Action = 'deny' | 'pass' | 'none';

/** Records about the zone and its signatures, no policy. */
const NO_POLICY = new Set([
  'SOA',
  'NS',
  'RRSIG',
  'NSEC',
  'NSEC3',
  'NSEC3PARAM',
  'DNSKEY',
  'DS',
  'CDS',
  'CDNSKEY',
  'ZONEMD',
]);
const SPECIAL = ['rpz-passthru', 'rpz-drop', 'rpz-tcp-only'] as const;
const WILDCARD = '\u0001*';

/**
 * Reads the zone file of a response policy zone. What has a use here: query names (QNAME, wildcards too), and the addresses of
 * rpz-ip and rpz-nsip as destinations of queries. rpz-nsdname, rpz-client-ip and the action rpz-tcp-only are counted. A
 * passthru takes out; every other action, local data too, denies. The apex is the owner of the SOA.
 */
export function* readRpzList(octets: Buffer): Generator<Finding, ListTimes> {
  let apex: Name | undefined;
  let records = 0;
  for (const record of readZoneFile(octets)) {
    const at = `line ${record.line}`;
    if (record.kind === 'mistake') {
      yield { kind: 'bad', at, problem: record.problem };
      continue;
    }
    records++;
    if (record.type === 'SOA') apex ??= canonicalName(record.owner);
    apex ??= canonicalName(record.origin);
    const finding = NO_POLICY.has(record.type) ? undefined : findingOf(record, apex, at);
    if (finding !== undefined) yield finding;
  }
  if (records === 0) yield { kind: 'refused', problem: 'holds no record of a zone' };
  return TIMELESS;
}

function findingOf(record: ZoneRecord, apex: Name, at: string): Finding | undefined {
  const owner = canonicalName(record.owner);
  if (owner === apex) return undefined;
  if (!isAtOrBelow(owner, apex)) {
    return { kind: 'bad', at, problem: `${formatName(owner)} lies outside of the zone ${formatName(apex)}` };
  }
  const trigger = `${owner.slice(0, owner.length - apex.length)}\0` as Name;
  const action = actionOf(record, trigger);
  if (action === undefined)
    return { kind: 'bad', at, problem: `has an action ${quote(record.data.join(' '))} that is none` };
  if (action === 'none') return { kind: 'unused', what: 'rpz-tcp-only' };
  return triggered(trigger, action === 'pass', at);
}

/** Undefined for what only looks like an action. */
function actionOf({ type, data, origin }: ZoneRecord, trigger: Name): Action | undefined {
  if (type !== 'CNAME') return 'deny';
  const [text = ''] = data;
  const target = absoluteName(text, origin);
  if (target === undefined || data.length !== 1) return undefined;
  const special = SPECIAL.find((name) => text.toLowerCase().replace(/\.$/, '') === name);
  // Without its final dot it is a name within the zone, which would deny what should pass.
  if (special !== undefined && !isAbsolute(text)) return undefined;
  if (special === 'rpz-passthru') return 'pass';
  if (special === 'rpz-tcp-only') return 'none';
  // The old way to write a passthru (§3.3).
  return canonicalName(target) === trigger ? 'pass' : 'deny';
}

function triggered(trigger: Name, passes: boolean, at: string): Finding {
  const labels = labelsOf(trigger);
  const kind = labels.at(-1);
  if (kind === 'rpz-client-ip' || kind === 'rpz-nsdname') return { kind: 'unused', what: kind };
  if (kind === 'rpz-ip' || kind === 'rpz-nsip') {
    const network = networkOf(labels.slice(0, -1));
    if (network === undefined)
      return { kind: 'bad', at, problem: `${quote(formatName(trigger))} is no ${kind} address` };
    return { kind: 'entry', entry: { kind: 'network', network }, passes, at };
  }
  const isWildcard = trigger.startsWith(WILDCARD);
  const name = (isWildcard ? trigger.slice(WILDCARD.length) : trigger) as Name;
  if (labelsOf(name).includes('*')) {
    return { kind: 'bad', at, problem: `${quote(formatName(trigger))} has a wildcard that is not its first label` };
  }
  return { kind: 'entry', entry: { kind: 'name', name, reach: isWildcard ? 'below' : 'exact' }, passes, at };
}

function labelsOf(name: Name): string[] {
  const labels: string[] = [];
  for (let offset = 0; name !== ROOT && name.charCodeAt(offset) !== 0; offset += name.charCodeAt(offset) + 1) {
    labels.push(name.slice(offset + 1, offset + 1 + name.charCodeAt(offset)));
  }
  return labels;
}

/** `24.0.2.0.192` or `48.zz.2.db8.2001` (§4.1.1): the length, then octets or groups from the last to the first. */
function networkOf([length = '', ...parts]: readonly string[]): Network | undefined {
  if (!/^\d{1,3}$/.test(length)) return undefined;
  const isIpv4 = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part));
  const text = [...parts].reverse().map((part) => (part === 'zz' ? '' : part));
  const address = isIpv4 ? parseAddress(text.join('.')) : parseAddress(ipv6Text(text));
  return address === undefined ? undefined : parseNetwork(`${isIpv4 ? text.join('.') : ipv6Text(text)}/${length}`);
}

/** A `zz` at either end has no colon of its own beside it. */
function ipv6Text(groups: readonly string[]): string {
  const text = groups.join(':');
  return `${text.startsWith(':') ? ':' : ''}${text}${text.endsWith(':') ? ':' : ''}`;
}
