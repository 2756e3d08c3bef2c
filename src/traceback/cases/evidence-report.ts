/** The report of an evidence bundle, as Markdown, for people of another organisation. */
import { printable } from '../../core/printable.ts';
import { counted, percent } from '../../core/words.ts';
import type { Case } from './case.ts';
import type { Evidence } from './evidence.ts';

/** Rows of a table that are shown; case.json has all. */
const MAX_ROWS = 50;

export function evidenceReport(evidence: Evidence): string {
  const sections = [
    claim(evidence),
    asked(evidence.case),
    confirmation(evidence.case),
    hosts(evidence.case),
    confidence(evidence),
    suspects(evidence.case),
    gaps(evidence.case),
    LIMITS,
    audit(evidence),
    check(evidence),
  ];
  return `${sections.flatMap((lines) => (lines.length === 0 ? [] : [lines.join('\n')])).join('\n\n')}\n`;
}

function claim({ case: one, exportedAt, exportedBy }: Evidence): readonly string[] {
  const by = exportedBy === undefined ? '' : `, by ${code(exportedBy)}`;
  return [
    `# Traceback from DNS logs: ${code(one.question.name)}`,
    '',
    `Case ${one.id} of the node ${code(one.node)}; written ${exportedAt}${by}. Times are UTC.`,
    '',
    '## What is claimed',
    '',
    claimed(one),
    ...(one.isComplete ? [] : ['', 'The answer is **not complete**: see "What is missing".']),
  ];
}

function claimed({ outcome, detail, question, hosts: named, ground }: Case): string {
  const attack = `Packets said to come from ${code(question.source)} reached ${code(question.name)} at ${question.at}.`;
  switch (outcome) {
    case 'hosts named': {
      const best = named[0]!;
      const spoofed =
        ground !== undefined && 'override' in ground
          ? `That this address is made up was **not confirmed**; the search was made for this reason: ${words(ground.override)}.`
          : 'That address was confirmed to be made up.';
      return (
        `${attack} ${spoofed} ${counted(named.length, 'host')} asked for that name around that time and ` +
        `may have sent them; the most likely is ${code(best.address)}, with a confidence of ${percent(best.confidence)}.`
      );
    }
    case 'not spoofed':
      return `${attack} That address itself asked for the name around that time: it is **not made up**, and nobody else was looked for.`;
    case 'no host named':
      return `${attack} **No host** is named: ${words(detail)}.`;
    default:
      return `${attack} **Nothing is claimed**: the case ended as "${outcome}" (${words(detail)}).`;
  }
}

function asked({ question, exchanges, openedAt, endedAt }: Case): readonly string[] {
  const { beforeMs, afterMs } = question.window;
  const by = question.by === undefined ? '' : ` by ${code(question.by)}`;
  return [
    '## What was asked',
    '',
    `Opened ${openedAt}${by}, ended ${endedAt}. Who asked DNS for ${code(question.name)} from ${beforeMs / 1000} s before ${question.at} until ${afterMs / 1000} s after it?`,
    '',
    ...table(
      ['Request', 'Number', 'Sent', 'Answered', 'Failed'],
      exchanges.map(({ kind, request, sentAt, endedAt: answeredAt, failure }) => [
        kind,
        request,
        sentAt,
        answeredAt,
        failure === undefined ? 'no' : words(failure),
      ]),
    ),
  ];
}

function confirmation({ confirmation: found, question, ground }: Case): readonly string[] {
  const heading = ['## Whether the address is made up', ''];
  const override =
    ground !== undefined && 'override' in ground ? ['', `Gone on without it, for: ${words(ground.override)}`] : [];
  if (found === undefined) return [...heading, 'No answer to the confirmation came.', ...override];
  return [
    ...heading,
    `**${found.outcome}** (method ${question.method}): ${words(found.words)}.`,
    '',
    ...table(
      ['Source', 'By way of', 'Says'],
      found.verdicts.map(({ path, verdict }) => [code(path.at(-1)!), way(path), verdict]),
    ),
    ...override,
  ];
}

function hosts({ hosts: named }: Case): readonly string[] {
  if (named.length === 0) return [];
  return [
    '## Hosts',
    '',
    ...table(
      ['Host', 'Name', 'Confidence', 'Queries', 'First', 'Last', 'Reported by'],
      named.map(({ address, name, confidence: share, queries, firstAt, lastAt, paths }) => [
        code(address),
        name === undefined ? '' : code(name),
        percent(share),
        String(queries),
        firstAt,
        lastAt,
        paths.map((path) => code(path.at(-1)!)).join(', '),
      ]),
    ),
    ...named.slice(0, MAX_ROWS).flatMap(({ address, reasons }) => {
      return ['', `${code(address)}:`, '', ...reasons.map((reason) => `- ${words(reason)}`)];
    }),
  ];
}

function confidence({ case: { reports }, model }: Evidence): readonly string[] {
  if (reports.length === 0) return [];
  return [
    '## What a confidence rests on',
    '',
    'A confidence is the share of one host in all explanations: each host that asked, and that the attacker is not among them. It weighs how',
    'many hosts ask for this name in such a time by chance, as each source measured it over the day before, and how many of its other',
    `cases a host is in. It assumes that a bot asks for its victim's name with a probability of ${percent(model.queryRate)}, and that two cases`,
    `of one source are of the same bot with ${percent(model.sameBot)}. Where these do not hold, neither does it.`,
    '',
    ...table(
      ['Source', 'Hosts named', 'Not named', 'Expected by chance', 'Its clients', 'Its other cases'],
      reports.map(({ path, hosts: found, withheld, expected, clients, otherCases }) => [
        way(path),
        String(found.length),
        String(withheld),
        String(Number(expected.toPrecision(3))),
        String(clients),
        String(otherCases),
      ]),
    ),
  ];
}

function suspects({ suspects: reports }: Case): readonly string[] {
  const names = reports.flatMap(({ path, names: found }) => found.map((suspect) => ({ path, suspect })));
  if (names.length === 0) return [];
  return [
    '## Names that the hosts asked for before',
    '',
    'They may be of command and control; most unusual first, for each source. Below 8 bits a name says little.',
    '',
    ...table(
      ['Name', 'How unusual (bits)', 'Hosts', 'Reasons', 'Source'],
      names.map(({ path, suspect }) => [
        code(suspect.name),
        suspect.score.toFixed(1),
        suspect.hosts.map(code).join(', '),
        suspect.reasons.map(words).join('; '),
        code(path.at(-1)!),
      ]),
    ),
  ];
}

function gaps({ gaps: missing, isComplete, detail }: Case): readonly string[] {
  const heading = ['## What is missing', ''];
  if (isComplete) return [...heading, 'Nothing that is known of: all that were asked answered.'];
  if (missing.length === 0) return [...heading, `The case did not come to its end: ${words(detail)}.`];
  return [
    ...heading,
    'Who did it may be behind these; the confidences take into account that some have not answered, and know nothing of what they would have said.',
    '',
    ...table(
      ['Why', 'Node', 'Server', 'Detail'],
      missing.map(({ reason, node, server, detail: why }) => [
        reason,
        node === undefined ? '' : code(node),
        server === undefined ? '' : code(server),
        words(why),
      ]),
    ),
  ];
}

const LIMITS: readonly string[] = [
  '## What this does not say',
  '',
  '- That a host sent the packets. Its query is in a log; packets are not.',
  '- Which machine or person it was. An address may be shared, be given to another later, or be a pseudonym of its source.',
  '- That nobody else did it. Bots that ask no DNS server, or one whose log was not asked, are not seen.',
  '- That a source told the truth, or a node on the way. What they are said to have answered is in case.json.',
  '- That a host means harm. People ask for names, too.',
];

function audit({ audit: { head, fault, records } }: Evidence): readonly string[] {
  const log =
    fault === undefined
      ? 'It was whole when this was written'
      : `**It was damaged** when this was written (${words(fault)})`;
  return [
    '## Audit log',
    '',
    `The node keeps a chained log of what it was asked; case.json has its ${counted(records.length, 'record')} of this case. ${log}; its last record was`,
    '',
    `    ${head}`,
  ];
}

function check({ case: { node } }: Evidence): readonly string[] {
  return [
    '## How to check it',
    '',
    `signature.json is a signature (JWS, RFC 7515) by the key of ${code(node)} over the SHA-256 of case.json and of this page. With the`,
    'certificate of the authority that the federation trusts:',
    '',
    '    gluewall traceback verify FOLDER --ca FILE',
    '',
    'It says that this is what the node wrote at the time that it gives, and not that it is true.',
  ];
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return ['None.'];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rest = rows.length - MAX_ROWS;
  return [
    line(heads),
    line(heads.map(() => '---')),
    ...rows.slice(0, MAX_ROWS).map(line),
    ...(rest > 0 ? ['', `… and ${rest} more, in case.json.`] : []),
  ];
}

function way(path: readonly string[]): string {
  return path.map(code).join(' → ');
}

/** What others wrote, as it is, in a code span: nothing in it is Markdown or HTML. */
function code(text: string): string {
  const harmless = printable(text).replaceAll('|', '\\|');
  const ticks = '`'.repeat(1 + Math.max(0, ...(harmless.match(/`+/g) ?? []).map((run) => run.length)));
  const space = harmless.startsWith('`') || harmless.endsWith('`') ? ' ' : '';
  return `${ticks}${space}${harmless}${space}${ticks}`;
}

/** Words that others may have a part in, without Markdown or HTML in them. */
function words(text: string): string {
  return printable(text).replace(/[\\`*_[\]<>|&~#!]/g, '\\$&');
}
