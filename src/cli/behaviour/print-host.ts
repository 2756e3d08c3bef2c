/** A host for a person, as lines. */
import { percent } from '../../core/words.ts';
import type { HostSightView, HostView } from '../../services/host-view.ts';
import { printClient } from '../commands/clients.ts';

export function printHost({ address, client, hosts, findings, unseen }: HostView): string[] {
  const who = client === null ? [] : printClient(client).map((line) => `  ${line}`);
  const found = findings.map(({ id, kind, state, score }) => `  ${id} (${state}): ${kind}, ${percent(score)}`);
  return [
    hosts.length === 0 ? `${address}: nothing was seen of it` : `${address}:`,
    ...who,
    ...hosts.flatMap((host) => sightLines(host, hosts.length > 1)),
    ...(found.length === 0 ? [] : ['', 'findings (gluewall findings show FINDING):', ...found]),
    ...(unseen.length === 0 ? [] : ['', 'what is not looked for:']),
    ...unseen.map(({ what, why, remedy }) => `  ${what}: ${why}; ${remedy}`),
  ];
}

function sightLines({ mac, last, score, evidence, group }: HostSightView, isOneOfSeveral: boolean): readonly string[] {
  const who = mac === null ? '' : ` ${mac}`;
  const several = isOneOfSeveral ? ' (the address had several MAC addresses)' : '';
  const ofGroup =
    group === null
      ? []
      : [`  ${percent(group.weight).padStart(5)}  group: ${group.line}; gluewall bots show ${group.id}`];
  const head = `  score ${percent(score)}${who}, last seen ${last}${several}`;
  if (evidence.length === 0 && group === null) return [head, '  nothing speaks against it'];
  const lines = evidence.flatMap(({ kind, weight, line, events, first, last: lastEvent, samples }) => [
    `  ${percent(weight).padStart(5)}  ${kind}: ${line}`,
    `         events ${events}, from ${first} to ${lastEvent}`,
    ...samples.map(({ at, text }) => `         ${at}  ${text}`),
  ]);
  return [head, '  what speaks against it, and how sure each alone makes:', ...ofGroup, ...lines];
}
