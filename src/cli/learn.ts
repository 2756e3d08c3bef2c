import { resultOf } from '../control/answer.ts';
import { MAX_IMPORT_ROWS } from '../control/protocol.ts';
import type { NsTriple } from '../nsdb/ns-triple.ts';
import { formatInstant } from '../services/instant.ts';
import { CaptureLearner, type LearnSummary } from '../services/learn-capture.ts';
import type { ImportView } from '../services/services.ts';
import { type TripleRow, viewTriple } from '../services/triple-view.ts';
import { configOf, openDoor } from './ask.ts';
import { historyOptions, learnerOptions, readRootHints } from './build-parts.ts';
import type { LearnCommandOptions } from './commands/learn.ts';
import { EXIT } from './exit-codes.ts';
import { printJson, printLines } from './output.ts';
import { printTriple } from './print.ts';
import { readCaptures } from './read-captures.ts';
import { stderrLog } from './stderr-log.ts';

/** What was learned, and what of it the history took. */
interface LearnReport extends LearnSummary {
  /** Triples that had expired by now, since the captures are older than their records. */
  readonly expired: number;
  /** Triples that the history took; null for a dry run. */
  readonly taken: number | null;
  /** Triples that the history had no room for. */
  readonly notTaken: number;
}

/** `gluewall learn`: reads the captures in a history of its own, and gives what has not expired to gluewall. */
export async function learnFrom(files: readonly string[], options: LearnCommandOptions): Promise<void> {
  const { config } = configOf(options);
  const settings = learnerOptions(config);
  const learner = new CaptureLearner(files, {
    learner: {
      ...settings,
      teach: options.teach ?? settings.teach,
      trustUnmatched: options.trustUnmatched === true,
      // A quota guards a network in use against its clients; a capture was chosen.
      clientQuota: 0,
    },
    history: historyOptions(config),
    rootHints: readRootHints(config, stderrLog),
  });
  const unread = await readCaptures(files, learner);
  const summary = await learner.finish();

  const triples = [...learner.triples()];
  const nowMs = Date.now();
  const current = triples.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
  const kept = current.filter(({ origin }) => origin === 'learned');
  const { taken, refused } = options.dryRun === true ? { taken: null, refused: 0 } : await keep(kept, options);
  const expired = triples.length - current.length;
  const report: LearnReport = { ...summary, expired, taken, notTaken: refused };
  const list = options.list === true ? triples.map(viewTriple) : undefined;
  if (options.json === true) await printJson(list === undefined ? report : { ...report, list });
  else await printLines([...(list ?? []).flatMap(printTriple), ...describe(report)]);
  process.exitCode = unread + report.damage.length + report.notTaken === 0 ? EXIT.done : EXIT.refused;
}

async function keep(triples: readonly NsTriple[], options: LearnCommandOptions) {
  const total = { taken: 0, refused: 0 };
  if (triples.length === 0) return total;
  const door = await openDoor(options);
  const send = async (rows: TripleRow[], endsWarmup: boolean) => {
    const view = (await resultOf(door.ask({ operation: 'history import', rows, endsWarmup }))) as ImportView;
    total.taken += view.taken;
    total.refused += view.refused;
  };
  try {
    for (let start = 0; start < triples.length; start += MAX_IMPORT_ROWS) {
      await send(triples.slice(start, start + MAX_IMPORT_ROWS).map(viewTriple) as TripleRow[], false);
    }
    // When all is in, and not before: until then queries to the rest would be blocked.
    if (options.endsWarmup === true && total.taken > 0) await send([], true);
  } finally {
    await door.close();
  }
  return total;
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
  if (report.notTaken > 0) lines.push(`${report.notTaken} found no room: the history is full, see history.size`);
  return lines;
}

function counts(what: string, counted: Readonly<Record<string, number>>): string[] {
  return Object.entries(counted).map(([name, count]) => `  ${what}, ${name}: ${count}`);
}
