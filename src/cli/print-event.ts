/** One event for a person, as lines. */
import { counted } from '../core/words.ts';
import type { DecodedMessage } from '../services/decode-message.ts';
import type { EventRow } from '../services/event-row-view.ts';
import type { DropView, EventView } from '../services/event-services.ts';

/** Other events of the client that are printed. */
const MAX_SIBLINGS = 5;

export function printEventView(view: EventView): string[] {
  const { id, at, message, client, drop, packet, now, siblings, entry } = view;
  const who = [client.name, client.mac, `switch ${client.switch}, port ${client.port}`].filter((part) => part !== null);
  const asked = view.queryName === null ? 'no readable question' : `${view.queryName} ${view.queryType ?? ''}`;
  const others = siblings.slice(0, MAX_SIBLINGS);
  return [
    `event ${id}, ${at}: ${message}`,
    `  client       ${client.address} (${who.join(', ')}), group ${view.group}`,
    `  destination  ${view.destination}, over ${view.protocol}`,
    `  asked        ${asked.trim()}${view.recursionDesired === true ? ', RD set' : ''}`,
    `  verdict      ${view.verdict}: ${view.reason}${view.rule === null ? '' : `, rule ${view.rule}`}, at least ${counted(view.packets, 'packet')}`,
    ...(entry === null ? [] : [`  inbox        entry ${entry}`]),
    ...(view.then === null ? [] : [`  known then   ${view.then.nameServer} of ${view.then.zone}`]),
    `  on switch    ${drop === null ? 'no drop flow is known of' : dropLine(drop)}`,
    `  now          ${now.message}`,
    ...now.steps.map(({ step, finding, decides }) => `    ${decides ? '>' : ' '} ${step}: ${finding}`),
    ...(packet === null
      ? []
      : [`  packet       ${counted(packet.length, 'octet')}; gluewall event packet ${id} --output FILE`]),
    ...messageLines(packet?.message ?? null),
    ...(others.length === 0 ? [] : ['  of the same client within 5 minutes:']),
    ...others.map(siblingLine),
  ];
}

function dropLine({ standing, packets, since, asOf, flow }: DropView): string {
  const until = standing ? `and stands as of ${asOf}` : `and ended by ${asOf}`;
  return `at least ${counted(packets, 'packet')} dropped by the flow ${flow}, which stood from ${since} on, ${until}`;
}

function messageLines(message: DecodedMessage | null): string[] {
  if (message === null) return [];
  const { id, opcode, flags, questions, records, problem } = message;
  return [
    `    message ${id}, ${opcode}${flags.length === 0 ? '' : `, ${flags.join(' ')}`}`,
    ...questions.map((question) => `    question    ${question.name} ${question.class} ${question.type}`),
    ...records.map(({ section, name, ttl, type, data }) => `    ${section.padEnd(11)} ${name} ${ttl} ${type} ${data}`),
    ...(problem === null ? [] : [`    ${problem}`]),
  ];
}

/** Also of the samples of a preview. */
export function siblingLine({ id, at, client, destination, queryName, queryType, verdict }: EventRow): string {
  const asked = queryName === null ? '' : `  ${queryName} ${queryType ?? ''}`;
  return `    ${at}  ${verdict}  ${client.address} → ${destination}${asked}  (event ${id})`;
}
