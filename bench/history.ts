/**
 * npm run bench -- history [--json]: memory of a million triples, look-ups among them, and the longest pause while a hundred
 * thousand expire in one second. docs/performance.md says what the figures mean.
 */
import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import { promisify } from 'node:util';
import { repositoryPath } from '../mininet/repository-path.ts';
import type { HistoryRun } from './support/history-run.ts';
import { figureLines, reportLine, type Shown, type Target } from './support/report.ts';
import { type Spread, spreadOf } from './support/statistics.ts';

const RUNS = 5;
const EXPIRING = 100_000;
const SHOWN: Readonly<Record<string, Shown>> = {
  rssMb1M: { unit: 'MB', digits: 0 },
  lookupP50Ns: { unit: 'ns', digits: 0 },
  unknownP50Ns: { unit: 'ns', digits: 0 },
  expiryMaxPauseMs: { unit: 'ms', digits: 1 },
};
const TARGETS: readonly Target[] = [
  { figure: 'rssMb1M', want: '<= 350' },
  { figure: 'lookupP50Ns', want: '<= 1000' },
  { figure: 'expiryMaxPauseMs', want: '<= 10' },
];

async function bench(isJson: boolean): Promise<void> {
  const say = (line: string) => (isJson ? process.stderr : process.stdout).write(`${line}\n`);
  const processors = cpus();
  say(`${processors[0]?.model}, ${processors.length} cores, Node ${process.version}`);
  const script = repositoryPath('dist', 'bench', 'support', 'history-run.js');
  const runs: HistoryRun[] = [];
  for (let run = 1; run <= RUNS; run++) {
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script]);
    const figures = JSON.parse(stdout) as HistoryRun;
    if (figures.expired !== EXPIRING) throw new Error(`${figures.expired} triples expired, not ${EXPIRING}`);
    runs.push(figures);
    say(`run ${run} of ${RUNS}: ${JSON.stringify(figures)}`);
  }
  const names = ['rssMb1M', 'lookupP50Ns', 'unknownP50Ns', 'expiryMaxPauseMs'] as const;
  const figures: Record<string, Spread> = {};
  for (const name of names) figures[name] = spreadOf(runs.map((run) => run[name]));
  for (const line of figureLines(figures, SHOWN)) say(line);
  const report = JSON.parse(reportLine('history', figures, TARGETS)) as { readonly figures: object };
  process.stdout.write(`${JSON.stringify({ ...report, ...report.figures })}\n`);
}

bench(process.argv.includes('--json')).catch((error: Error) => {
  process.stderr.write(`history: ${error.message}\n`);
  process.exitCode = 1;
});
