import { openCaptureSource } from '../capture/container/capture-source.ts';
import { resultOf } from '../control/answer.ts';
import { MAX_IMPORT_ROWS } from '../control/protocol.ts';
import { formatInstant } from '../services/instant.ts';
import { CaptureLearner, type LearnSummary } from '../services/learn-capture.ts';
import type { ImportView } from '../services/services.ts';
import { type TripleRow, type TripleView, viewTriple } from '../services/triple-view.ts';
import { configOf, openDoor } from './ask.ts';
import { historyOptions, learnerOptions, readRootHints } from './build-parts.ts';
import type { LearnCommandOptions } from './commands/learn.ts';
import { EXIT } from './exit-codes.ts';
import { printJson, printLines } from './output.ts';
import { printTriple } from './print.ts';
import { ReadingProgress } from './reading-progress.ts';
import { stderrLog } from './stderr-log.ts';

/** What was learned, and what of it the history took. */
interface LearnReport extends LearnSummary {
  /** Triples that had expired by now, since the captures are older than their records. */
  readonly expired: number;
  /** Triples that the history took; null for a dry run. */
  readonly taken: number | null;
}

/** `gluewall learn`: reads the captures in a history of its own, and gives what has not expired to gluewall. */
export async function learnFrom(files: readonly string[], options: LearnCommandOptions): Promise<void> {
  const { config } = configOf(options);
  const settings = learnerOptions(config);
  const learner = new CaptureLearner({
    learner: {
      ...settings,
      teach: options.teach ?? settings.teach,
      trustUnmatched: options.trustUnmatched === true,
    },
    history: historyOptions(config),
    rootHints: readRootHints(config, stderrLog),
  });
  for (const file of files) await readOne(file, learner);
  learner.finish();

  const views = [...learner.triples()].map(viewTriple);
  const nowMs = Date.now();
  const current = views.filter(({ expires }) => expires !== null && Date.parse(expires) > nowMs);
  const taken = options.dryRun === true ? null : await keep(current, options);
  const report: LearnReport = { ...learner.summary(), expired: views.length - current.length, taken };
  if (options.json === true) await printJson(options.list === true ? { ...report, list: views } : report);
  else await printLines([...(options.list === true ? views.flatMap(printTriple) : []), ...describe(report)]);
  process.exitCode = report.damage.length === 0 ? EXIT.done : EXIT.refused;
}

async function readOne(file: string, learner: CaptureLearner): Promise<void> {
  const source = await openCaptureSource(file);
  const progress = new ReadingProgress(source.name, source.sizeBytes);
  try {
    await learner.read(source, (bytesRead) => progress.report(bytesRead));
  } finally {
    progress.stop();
  }
}

async function keep(views: readonly TripleView[], options: LearnCommandOptions): Promise<number> {
  if (views.length === 0) return 0;
  const door = await openDoor(options);
  let taken = 0;
  try {
    for (let start = 0; start < views.length; start += MAX_IMPORT_ROWS) {
      const rows = views.slice(start, start + MAX_IMPORT_ROWS) as TripleRow[];
      const endsWarmup = options.endsWarmup === true;
      const answer = door.ask({ operation: 'history import', rows, endsWarmup });
      taken += ((await resultOf(answer)) as ImportView).taken;
    }
  } finally {
    await door.close();
  }
  return taken;
}

function describe(report: LearnReport): string[] {
  const { packets, firstPacket, lastPacket, queries, responsesMatched, responsesUnmatched } = report;
  const lines = [
    `${packets} packets${firstPacket === null ? '' : ` from ${firstPacket} to ${lastPacket}`}`,
    `${queries} queries; ${responsesMatched} responses with their query, ${responsesUnmatched} without`,
    ...counts('refused', report.refused),
    ...counts('not read', report.notRead),
    `learned ${report.triples} triples: ${report.zones} zones, ${report.nameServers} name servers, ${report.addresses} addresses`,
    ...report.damage,
  ];
  if (report.expired > 0) lines.push(`${report.expired} of them have expired by now (${formatInstant(Date.now())})`);
  lines.push(
    report.taken === null ? 'nothing is kept: this was a dry run' : `${report.taken} triples taken into the history`,
  );
  return lines;
}

function counts(what: string, counted: Readonly<Record<string, number>>): string[] {
  return Object.entries(counted).map(([name, count]) => `  ${what}, ${name}: ${count}`);
}
