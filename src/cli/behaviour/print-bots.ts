/** Groups of bots for a person, as lines. */
import { counted, percent } from '../../core/words.ts';
import type { BotGroupView, CandidateView } from '../../services/bot-view.ts';
import { aligned } from '../aligned.ts';

/** Of each kind; --json has all. */
const MAX_SHOWN = 20;
const MAX_CHANGES_SHOWN = 10;

export function printGroupLine({ id, score, hosts, candidates, last, findings }: BotGroupView): string {
  const named = hosts.slice(0, 3).map(({ host }) => host);
  const more = hosts.length > named.length ? ` and ${hosts.length - named.length} more` : '';
  const commands = candidates.filter(({ role }) => role === 'c2').slice(0, 2);
  const masters = commands.length === 0 ? 'no C&C known' : `C&C ${commands.map(placeOf).join(', ')}`;
  const finding = findings.length === 0 ? '' : `  ${findings.join(' ')}`;
  return `${id}  ${percent(score)}  ${hosts.length} hosts: ${named.join(', ')}${more}; ${masters}; last ${last}${finding}`;
}

/** A group of a running gluewall, which knows more. */
export function printHeldGroup(group: BotGroupView): string[] {
  const host = group.hosts[0]?.host ?? 'ADDRESS';
  return [...printGroup(group), '', `of one host: gluewall host show ${host}`];
}

export function printGroup(group: BotGroupView): string[] {
  const { id, score, since, last, hosts, findings } = group;
  return [
    `${id}: ${hosts.length} hosts, ${percent(score)} sure; seen from ${since} to ${last}`,
    ...(findings.length === 0 ? [] : [`findings (gluewall findings show FINDING): ${findings.join(', ')}`]),
    '',
    ...table(
      ['HOST', 'BY ITSELF', 'IN COMMON'],
      hosts.slice(0, MAX_SHOWN).map(({ host, score: own, matches }) => [host, percent(own), `${matches}`]),
    ),
    ...moreThan(hosts.length),
    ...candidateLines(group),
    ...featureLines(group),
    ...victimLines(group),
    ...changeLines(group),
  ];
}

function candidateLines({ candidates }: BotGroupView): readonly string[] {
  if (candidates.length === 0) return ['', 'no server is known that commands them'];
  const lines = candidates
    .slice(0, MAX_SHOWN)
    .flatMap((candidate, index) => [
      `  ${index + 1}. ${candidate.role === 'c2' ? 'C&C' : 'download'} ${placeOf(candidate)}${portsOf(candidate)}  ${percent(candidate.score)}  ${candidate.suspects} of the group, ${counted(candidate.others, 'other')}; ${candidate.first} to ${candidate.last}`,
      ...candidate.reasons.map((reason) => `       ${reason}`),
    ]);
  return ['', 'servers they have in common, the likeliest first:', ...lines, ...moreThan(candidates.length)];
}

function featureLines({ features, hosts }: BotGroupView): readonly string[] {
  if (features.length === 0) return [];
  const rows = features
    .slice(0, MAX_SHOWN)
    .map(({ text, members, others, weight }) => [
      text,
      `${members} of ${hosts.length}`,
      `${others}`,
      weight.toFixed(2),
    ]);
  return ['', ...table(['IN COMMON', 'OF THE GROUP', 'OTHERS', 'WEIGHT'], rows), ...moreThan(features.length)];
}

function victimLines({ victims }: BotGroupView): readonly string[] {
  if (victims.length === 0) return [];
  const rows = victims
    .slice(0, MAX_SHOWN)
    .map(({ address, attackedBy, syns, first, last }) => [
      address,
      `${attackedBy.length}`,
      `${syns}`,
      `${first} to ${last}`,
    ]);
  return ['', ...table(['ATTACKED', 'BY HOSTS', 'SYNS', 'WHEN'], rows), ...moreThan(victims.length)];
}

function changeLines({ changes }: BotGroupView): readonly string[] {
  if (changes.length === 0) return [];
  const lines = changes
    .slice(-MAX_CHANGES_SHOWN)
    .map(({ at, what, with: others }) => `  ${at}  ${what}${others.length === 0 ? '' : `: ${others.join(', ')}`}`);
  return ['', 'what became of it:', ...lines];
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return aligned([headings, ...rows]).map((line) => `  ${line}`);
}

function moreThan(count: number): readonly string[] {
  return count > MAX_SHOWN ? [`  and ${count - MAX_SHOWN} more (--json has all)`] : [];
}

function placeOf({ address, name }: CandidateView): string {
  if (address === null) return name ?? 'unknown';
  return name === null ? address : `${address} (${name})`;
}

function portsOf({ ports }: CandidateView): string {
  return ports.length === 0 ? '' : ` port ${ports.slice(0, 5).join(', ')}`;
}
