/** Answers for a person, as lines. What is printed may have come from the network: `printLines` makes it harmless. */
import pc from 'picocolors';
import { DEFAULT_GROUP_NAME } from '../policy/client-group.ts';
import type { CheckView } from '../services/explain-verdict.ts';
import type { LookupSummary, LookupView } from '../services/lookup.ts';
import type { EventItem, StatusView } from '../services/services.ts';
import type { TripleView } from '../services/triple-view.ts';
import type { PaintedLine } from './output.ts';

export function printLookup(view: LookupView): string[] {
  const past = view.past.flatMap(printTriple).map((line) => `  past  ${line}`);
  if (!view.known) return [notKnown(view), ...past];
  const until = view.expires === null ? ' and never expires' : ` until ${view.expires}`;
  const rows = view.triples.flatMap(printTriple).map((line) => `  ${line}`);
  return [
    `${view.target} is known${until}`,
    ...(view.triples.length === 0 ? [] : [`  ${printSummary(view.summary)}`]),
    ...rows,
    ...past,
    ...(view.more ? ['  … and more: see `gluewall history list`'] : []),
  ];
}

function printSummary({
  zones,
  nameServers,
  addresses,
  sightings,
  teachers,
  trust,
  firstSeen,
  lastSeen,
}: LookupSummary): string {
  const counts = `zones ${zones}  name servers ${nameServers}  addresses ${addresses}  sightings ${sightings}  teachers ${teachers}`;
  return `${counts}  highest trust ${trust}  first seen ${firstSeen}  last seen ${lastSeen}`;
}

function notKnown({ target, last }: LookupView): string {
  if (last === null) return `${target} is not in the history`;
  return `${target} is not in the history any more: it was name server ${last.nameServer} of ${last.zone}, until ${last.expired}`;
}

export function printTriple({
  zone,
  nameServer,
  address,
  origin,
  trust,
  lastSeen,
  expires,
  taughtBy,
}: TripleView): string[] {
  const teacher = taughtBy === null ? origin : `${trust}, taught by ${taughtBy.server} for ${taughtBy.queryName}`;
  const times = `last seen ${lastSeen}  expires ${expires ?? 'never'}`;
  return [`${zone}  NS ${nameServer}  ${address}  ${times}  (${teacher})`];
}

export function printCheck(view: CheckView): string[] {
  const width = Math.max(...view.steps.map(({ step }) => step.length));
  const steps = view.steps.map(({ step, finding, decides }) => {
    return `  ${step.padEnd(width)}  ${finding}${decides ? '  ← decides' : ''}`;
  });
  return [view.message, ...steps];
}

export function printEvent(item: EventItem): (string | PaintedLine)[] {
  if ('lost' in item) return [`… ${item.lost} events came faster than they were read and are not shown`];
  const { timestamp, src_ip, src_port, src_name, group, dest_ip, proto, dns, verdict } = item;
  const question = dns.rrname === null ? '' : `  ${dns.rrname} ${dns.rrtype}`;
  const client = src_name === null ? '' : ` (${src_name})`;
  const of = group === DEFAULT_GROUP_NAME ? '' : `  [${group}]`;
  const text = `${timestamp}  ${src_ip}:${src_port}${client} → ${dest_ip} ${proto}${question}  ${verdict.message}${of}`;
  const paint = { allow: String, would_block: pc.yellow, block: pc.red }[verdict.action];
  return [{ text, paint }];
}

/** One `name: value` line per figure, nested names joined by dots. */
export function printStatus(view: StatusView): string[] {
  return flatten(view);
}

function flatten(value: unknown, path = ''): string[] {
  if (value === null || typeof value !== 'object') return [`${path}: ${value ?? '-'}`];
  const entries = Object.entries(value);
  if (entries.length === 0) return [`${path}: none`];
  return entries.flatMap(([key, part]) => flatten(part, path === '' ? key : `${path}.${key}`));
}
