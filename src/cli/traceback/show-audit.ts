import { setTimeout } from 'node:timers/promises';
import { formatDuration } from '../../config/fields.ts';
import { systemClock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import { counted } from '../../core/words.ts';
import type { AuditEntry } from '../../traceback/audit/audit.ts';
import {
  type AuditHead,
  type AuditNote,
  type AuditRecord,
  formatHead,
  parseHead,
} from '../../traceback/audit/audit-record.ts';
import { type AuditFault, type AuditVerdict, readAudit, verifyAudit } from '../../traceback/audit/verify-audit.ts';
import { earlierArgument } from '../arguments.ts';
import { configOf } from '../ask.ts';
import type { AuditListOptions, AuditVerifyOptions } from '../commands/audit.ts';
import { EXIT } from '../exit-codes.ts';
import { auditFile, nodeFolder } from '../node/node-order.ts';
import { printJson, printJsonArray, printLines } from '../output.ts';
import { complain } from '../stderr-log.ts';

/** A running gluewall may be in the middle of a line: so often, and so long between, it is looked at again. */
const LOOKS = 5;
const AGAIN_MS = 100;

/** Throws GluewallError `usage`, `config` or `audit-file`. */
export async function verifyAuditLog(named: string | undefined, options: AuditVerifyOptions): Promise<void> {
  const kept = options.head === undefined ? undefined : headArgument('--head', options.head);
  const from = options.from === undefined ? undefined : headArgument('--from', options.from);
  const file = named ?? configuredFile(options);
  const verdict = await attempt(file, () => verifyAtRest(file, kept, from));
  if (verdict.parts === 0 && kept === undefined) throw missing(file);
  if (options.json === true) {
    const { records, parts, head, fault } = verdict;
    const isWhole = fault === undefined;
    await printJson({ file, isWhole, records, parts, head: formatHead(head), fault: fault ?? null });
  } else {
    await printLines(describeVerdict(file, verdict));
  }
  process.exitCode = verdict.fault === undefined ? EXIT.done : EXIT.refused;
}

async function verifyAtRest(
  file: string,
  kept: AuditHead | undefined,
  from: AuditHead | undefined,
): Promise<AuditVerdict> {
  for (let look = 1; ; look++) {
    const verdict = await verifyAudit(file, kept, from);
    if (verdict.fault?.isCut !== true || look === LOOKS) return verdict;
    await setTimeout(AGAIN_MS);
  }
}

function describeVerdict(file: string, { records, parts, head, fault }: AuditVerdict): readonly string[] {
  const size = `${counted(records, 'record')} in ${counted(parts, 'part')}`;
  if (fault === undefined) {
    return [
      `${file}: ${size}, as they were written`,
      `the last is ${formatHead(head)}`,
      'keep that elsewhere: with --head it shows later whether the end was cut off',
    ];
  }
  const before = records === 0 ? 'no record before it is right' : `the ${records} before it are as they were written`;
  return [describeFault(fault), before];
}

function describeFault({ number, file, line, why }: AuditFault): string {
  return `record ${number} (${file}, line ${line}): ${why}`;
}

/** Throws GluewallError `usage`, `config` or `audit-file`. */
export async function listAuditLog(named: string | undefined, options: AuditListOptions): Promise<void> {
  const { since } = options;
  const sinceAt = since === undefined ? undefined : earlierArgument(since, systemClock.nowMs());
  const file = named ?? configuredFile(options);
  const found: { verdict?: AuditVerdict } = {};
  const records = wantedRecords(file, { ...options, since: sinceAt }, found);
  await attempt(file, async () => {
    if (options.json === true) await printJsonArray(records);
    else for await (const record of records) await printLines([describeRecord(record)]);
  });
  const { parts = 0, start, fault } = found.verdict ?? {};
  if (parts === 0) throw missing(file);
  if (start !== undefined && start.number > 0)
    complain(`older parts were put away: records 1 to ${start.number} are not shown`);
  // A last line that is being written is no fault of a list.
  if (fault === undefined || fault.isCut) return;
  complain(`${describeFault(fault)}; see \`gluewall audit verify\``);
  process.exitCode = EXIT.refused;
}

async function* wantedRecords(
  file: string,
  { since, peer, case: wanted }: Pick<AuditListOptions, 'peer' | 'case'> & { readonly since: string | undefined },
  found: { verdict?: AuditVerdict },
): AsyncGenerator<AuditRecord> {
  const records = readAudit(file, undefined, 'any');
  for (;;) {
    const step = await records.next();
    if (step.done === true) {
      found.verdict = step.value;
      return;
    }
    const { record } = step.value;
    const { at, entry } = record;
    const of: Pick<Partial<AuditEntry>, 'peer' | 'case'> = 'note' in entry ? {} : entry;
    const isWanted =
      (since === undefined || at >= since) &&
      (peer === undefined || of.peer === peer) &&
      (wanted === undefined || of.case === wanted);
    if (isWanted) yield record;
  }
}

/** Records come one by one: what stands in a column has its width from the start. */
const NUMBER_WIDTH = 6;
const DECISION_WIDTH = 'answered'.length;
const KIND_WIDTH = 'command-and-control'.length;

function describeRecord({ number, at, entry }: AuditRecord): string {
  return `${String(number).padStart(NUMBER_WIDTH)}  ${at}  ${describeEntry(entry)}`;
}

function describeEntry(entry: AuditEntry | AuditNote): string {
  if ('note' in entry) return entry.note;
  const { decision, problem, kind, peer, from, name, case: id, at, window, path, test, override, lookbackMs } = entry;
  const { hosts, allHosts, gaps, leftOut, seconds } = entry;
  const parts = [
    decision.padEnd(DECISION_WIDTH),
    (kind ?? 'a request').padEnd(KIND_WIDTH),
    peer === 'here' ? 'made here' : `by ${peer ?? 'somebody unknown'}${from === undefined ? '' : ` at ${from}`}`,
    problem,
    leftOut && `${countedTypes(leftOut)} within ${seconds} s`,
    name === undefined ? undefined : `about ${name}`,
    at &&
      window &&
      `at ${at} (from ${formatDuration(window.beforeMs)} before to ${formatDuration(window.afterMs)} after)`,
    test && `test: ${test}`,
    lookbackMs === undefined ? undefined : `looks back ${formatDuration(lookbackMs)}`,
    path && `path: ${path.join(' > ')}`,
    id === undefined ? undefined : `case ${id}`,
    hosts === undefined
      ? undefined
      : `hosts: ${hosts.join(', ') || 'none'}${allHosts === undefined ? '' : `, and others: ${allHosts} in all`}`,
    gaps === undefined ? undefined : `gaps: ${gaps}`,
    override === undefined ? undefined : `without confirmation: ${override}`,
  ];
  return parts.filter((part) => part !== undefined).join('  ');
}

function countedTypes(leftOut: NonNullable<AuditEntry['leftOut']>): string {
  return Object.entries(leftOut)
    .map(([type, count]) => `${type}: ${count}`)
    .join(', ');
}

function configuredFile(options: { readonly config?: string }): string {
  const { config } = configOf(options);
  return auditFile(nodeFolder(config, config.node));
}

function headArgument(option: string, text: string): AuditHead {
  const head = parseHead(text);
  if (head !== undefined) return head;
  throw new GluewallError(
    'usage',
    `${option}: "${text}" is no record as \`gluewall audit verify\` prints the last one`,
  );
}

function missing(file: string): GluewallError {
  return new GluewallError(
    'audit-file',
    `there is no audit log ${file}: the node makes it when it first starts; else name its file, or the configuration with --config`,
  );
}

async function attempt<T>(file: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (cause instanceof GluewallError || code === undefined) throw cause;
    throw new GluewallError('audit-file', `the audit log ${file} cannot be read (${code}); name another`, { cause });
  }
}
