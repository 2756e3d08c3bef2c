/** The tables of paper 5 for a person, as lines. */
import { formatDuration } from '../../config/fields.ts';
import type { DelayView } from '../../correlation/dns-tcp/delay-histogram.ts';
import type { AfterAnswer, DnsTcpLimits, DnsTcpTables } from '../../correlation/dns-tcp/dns-tcp-book.ts';
import type { HostRow } from '../../correlation/dns-tcp/host-syns.ts';
import type { PortRow } from '../../correlation/dns-tcp/port-counts.ts';
import { formatInstant } from '../../services/instant.ts';

const BAR_COLUMNS = 40;
const FLAT_MS = 1e9;
/** Where so few of those that connect got an answer, the answers of most are not seen here. */
const FEW_ANSWERED = 0.1;

export function printDnsTcp(tables: DnsTcpTables): readonly string[] {
  const { windowMs, responses, answers, addressRecords, syns, synAcks, firstSyns } = tables;
  const window = formatDuration(windowMs);
  return [
    ...remarks(tables),
    '',
    'Table 1: DNS answers',
    row(responses, 'responses'),
    row(answers, 'with an A or AAAA record in the answer section'),
    row(addressRecords, 'A and AAAA records in them'),
    '',
    'Table 2: beginnings of TCP connections',
    row(syns, 'SYNs'),
    row(firstSyns, `the earliest within ${window} for each answer: ${shares(firstSyns, syns, answers)}`),
    row(synAcks, 'SYN+ACKs'),
    '',
    `${'SYNs behind an answer that named their destination'.padEnd(52)}${heading(window)}`,
    afterLine('whoever got the answer', tables.anyClient, syns),
    afterLine('the sender itself got it', tables.sameClient, syns),
    '',
    'Table 3: ports of all SYNs',
    ...portLines(tables.ports),
    '',
    `Table 4: ports of the earliest SYNs within ${window}`,
    ...portLines(tables.firstSynPorts),
    '',
    'Delays from the answer to the earliest SYN',
    ...delayLines(tables.delays),
    ...describeFit(tables.delays).map((line) => `  ${line}`),
    '',
    'Hosts with the most SYNs that no answer to themselves explains',
    ...hostLines(tables.hosts, window),
  ];
}

/** What the curve says; why there is none, where there is none. */
export function describeFit({ meanMs, fit }: DelayView): readonly string[] {
  if (meanMs === null) return ['no delays'];
  const mean = `mean ${meanMs.toFixed(0)} ms`;
  if (fit === null) return [mean, 'too few delays, or in too few steps, for a curve'];
  const { decayMs, rSquared } = fit;
  // Where delays are as good as even, the curve is flat, and there is no such time.
  if (!(Math.abs(decayMs) < FLAT_MS)) return [mean, 'exponential fit: flat'];
  const way = decayMs > 0 ? `falls to 1/e in ${decayMs.toFixed(0)} ms` : `grows by e in ${(-decayMs).toFixed(0)} ms`;
  return [mean, `exponential fit: ${way}`, `R² ${rSquared.toFixed(3)} (logarithms of the counts)`];
}

function remarks(tables: DnsTcpTables): readonly string[] {
  const { firstAtMs, lastAtMs, responses, answers, syns, senders, sendersAnswered, limits } = tables;
  const lines: string[] = [];
  if (firstAtMs !== null) lines.push(`from ${formatInstant(firstAtMs)} to ${formatInstant(lastAtMs!)}`);
  if (responses === 0) lines.push('no DNS response was seen: nothing can be said of what follows answers');
  else if (answers === 0) lines.push('no DNS response named an address: nothing can be said of what follows answers');
  if (syns === 0) lines.push('no SYN was seen: was this captured with a filter for DNS only?');
  if (syns > 0 && answers > 0 && sendersAnswered < FEW_ANSWERED * senders) {
    const seen = `${sendersAnswered} of ${senders} hosts that sent SYNs got DNS responses here`;
    lines.push(`${seen}: the answers of the others, of a resolver maybe, are not seen at this place`);
  }
  return [...lines, ...limitLines(limits)];
}

function limitLines(limits: DnsTcpLimits): readonly string[] {
  const said: readonly (readonly [number, string])[] = [
    [limits.clockJumps, 'jumps of the clock: back by more than the window, or forward by more than a day'],
    [limits.forgottenAddresses, 'addresses of answers were forgotten for want of room: "ever" and TTL are too low'],
    [limits.forgottenPairs, 'of them by client were forgotten for want of room'],
    [limits.pushedOut, 'answers were pushed out of the window for want of room'],
    [limits.hostsLeftOut, 'answers and SYNs were of more hosts than are counted one by one'],
  ];
  return said.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
}

function row(count: number, what: string): string {
  return `  ${String(count).padStart(9)}  ${what}`;
}

function shares(count: number, syns: number, answers: number): string {
  return `${percent(count, syns)} of SYNs, ${percent(count, answers)} of answers with an address`;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? 'none' : `${((100 * part) / whole).toFixed(1)} %`;
}

function heading(window: string): string {
  return [`within ${window}`, 'within TTL', 'ever'].map((text) => text.padStart(20)).join('');
}

function afterLine(what: string, { withinWindow, withinTtl, ever }: AfterAnswer, syns: number): string {
  const cells = [withinWindow, withinTtl, ever].map((count) => `${count} (${percent(count, syns)})`.padStart(20));
  return `  ${what.padEnd(50)}${cells.join('')}`;
}

function portLines(rows: readonly PortRow[]): readonly string[] {
  if (rows.length === 0) return ['  none'];
  const lines = rows.map(({ packets, port, service }) => {
    return `  ${String(packets).padStart(9)}  ${String(port).padStart(5)}  ${service}`;
  });
  return [`  ${'packets'.padStart(9)}  ${'port'.padStart(5)}  service`, ...lines];
}

/** Bars on a logarithmic axis: an exponential curve is a straight line. */
function delayLines({ bucketMs, counts, fit }: DelayView): readonly string[] {
  const most = Math.max(...counts);
  if (most === 0) return [];
  return counts.map((count, index) => {
    const range = `${index * bucketMs} to ${(index + 1) * bucketMs} ms`.padStart(18);
    const length = count === 0 ? 0 : Math.round((BAR_COLUMNS * Math.log1p(count)) / Math.log1p(most));
    const expected = fit === null ? '' : `  fit ${fit.expected[index]!.toFixed(1)}`;
    return `  ${range}  ${String(count).padStart(7)}  ${'#'.repeat(length).padEnd(BAR_COLUMNS)}${expected}`.trimEnd();
  });
}

function hostLines(hosts: readonly HostRow[], window: string): readonly string[] {
  if (hosts.length === 0) return ['  none'];
  const heads = ['unexplained', 'SYNs', `within ${window}`, 'within TTL', 'responses'];
  const lines = hosts.map(({ host, unexplained, syns, withinWindow, withinTtl, answers }) => {
    const cells = [unexplained, syns, withinWindow, withinTtl, answers];
    return `  ${cells.map((cell, index) => String(cell).padStart(heads[index]!.length)).join('  ')}  ${host}`;
  });
  return [`  ${heads.join('  ')}  host`, ...lines];
}
