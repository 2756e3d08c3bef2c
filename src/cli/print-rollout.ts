/** The report of a rollout for a person, as lines. */
import type { RolloutRow, RolloutSummary } from '../services/report-rollout.ts';

export function printRolloutRow(row: RolloutRow): string[] {
  const { client, clientName, group, destination, reason, count, firstSeen, lastSeen, names, nameServer } = row;
  const { command, remark } = row;
  const who = clientName === null ? client : `${client} (${clientName})`;
  const asked = names.length === 0 ? '' : `  asked for ${names.join(', ')}`;
  const when = count === 1 ? firstSeen : `${firstSeen} to ${lastSeen}`;
  const known = nameServer && `last known as ${nameServer.name} of ${nameServer.zone}${untilOf(nameServer.expires)}`;
  return [
    `${count}×  ${who} → ${destination}  ${REASONS[reason] ?? reason}  [${group}]  ${when}${asked}`,
    ...(known === null ? [] : [`    ${known}`]),
    ...(remark === null ? [] : [`    ${remark}`]),
    ...(command === null ? [] : [`    ${command}`]),
  ];
}

function untilOf(expires: string | null): string {
  return expires === null ? '' : `, until ${expires}`;
}

/** As long as the list is short, whoever reads it wants words. */
const REASONS: Readonly<Partial<Record<RolloutRow['reason'], string>>> = {
  unknown: 'not in the history',
  denyRule: 'denied by a rule',
  denyPack: 'denied by a pack',
  notServed: 'not known to serve the name',
  tooYoung: 'not known for long enough',
  tooFewZones: 'known for too few zones',
  tooFewTeachers: 'taught by too few servers',
  recursionDesired: 'asked to recurse, and known as an authoritative server only',
  unreadable: 'a message that cannot be read',
};

export function printRolloutSummary(summary: RolloutSummary): string[] {
  const { events, pairs, settled, uncounted, since, until, group, missing, rule } = summary;
  const whose = group === null ? '' : ` of group ${group}`;
  const found = `${events} queries${whose} would have been blocked from ${since} to ${until}`;
  const left = pairs === 0 ? 'nothing of it is left' : `pairs of client and destination that are left: ${pairs}`;
  return [
    `${found}; ${left}`,
    ...(settled.rows === 0 ? [] : [`${settled.events} of the queries (${settled.rows} rows) would pass by now`]),
    ...(uncounted === 0 ? [] : [`${uncounted} queries are of further pairs, for which there was no room here`]),
    missing.length === 0
      ? 'The list is short enough to enforce.'
      : `The list is not short enough to enforce yet; missing: ${missing.join('; ')}.`,
    `(${rule})`,
  ];
}
