/**
 * npm run bench -- policy [--json] [--runs N]: verdicts a second on one core, and how long a single one takes, with a thousand rules,
 * ten thousand allowed destinations and a million triples in the history. docs/performance.md says what the figures mean.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { repositoryPath } from '../mininet/repository-path.ts';
import { type Bench, countOption, runBench } from './support/bench-program.ts';
import type { PolicyRun } from './support/policy-run.ts';
import { figureLines, reportLine, type Shown, type Target } from './support/report.ts';
import { spreadOf } from './support/statistics.ts';

const RUNS = 5;
const MOST_RUNS = 100;
const PER_SECOND: Shown = { unit: 'verdicts/s', digits: 0 };
const US: Shown = { unit: 'µs', digits: 2 };
const SHOWN: Readonly<Record<keyof PolicyRun, Shown>> = {
  verdictsPerSecond: PER_SECOND,
  withQueryPerSecond: PER_SECOND,
  perCpuSecond: PER_SECOND,
  p50Us: US,
  p99Us: US,
  batchP50Us: US,
  batchP99Us: US,
  clockNs: { unit: 'ns', digits: 0 },
};

/** For information: the exit code does not depend on them. */
const TARGETS: readonly Target[] = [
  { figure: 'verdictsPerSecond', want: '>= 1000000' },
  { figure: 'p99Us', want: '<= 5' },
];

/** In a process of its own, all threads of which have the one core to share. */
async function measureOnce(call: Bench): Promise<PolicyRun> {
  const script = repositoryPath('dist', 'bench', 'support', 'policy-run.js');
  const args = ['--cpu-list', '0', process.execPath, script];
  const { stdout } = await promisify(execFile)('taskset', args, { signal: call.signal });
  return JSON.parse(stdout) as PolicyRun;
}

async function bench(call: Bench): Promise<string> {
  const count = countOption(call, 'runs', RUNS, 1, MOST_RUNS);
  const runs: PolicyRun[] = [];
  for (let run = 1; run <= count; run++) {
    runs.push(await measureOnce(call));
    const { verdictsPerSecond, p99Us } = runs.at(-1)!;
    call.say(`run ${run} of ${count}: ${Math.round(verdictsPerSecond)} verdicts/s, p99 ${p99Us.toFixed(2)} µs`);
  }
  const names = Object.keys(SHOWN) as (keyof PolicyRun)[];
  const figures = Object.fromEntries(names.map((name) => [name, spreadOf(runs.map((run) => run[name]))]));
  for (const line of figureLines(figures, SHOWN)) call.say(line);
  const report = JSON.parse(reportLine('policy', figures, TARGETS)) as { readonly figures: object };
  return JSON.stringify({ ...report, ...report.figures });
}

runBench('policy', { options: ['runs'] }, bench);
