/**
 * npm run bench -- correlation [--json] [--runs N]: events a second through all detectors on one core, memory with 100,000 hosts and ten
 * million pairs, how long their groups take, and the report of DNS and TCP of a capture of 200 MB beside learning from it.
 * docs/performance.md says what the figures mean.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryPath } from '../mininet/repository-path.ts';
import { type Bench, countOption, runBench } from './support/bench-program.ts';
import { writeBorderCapture } from './support/border-capture.ts';
import type { EventsRun, PairsRun } from './support/correlation-run.ts';
import { figureLines, reportLine, type Shown, type Target } from './support/report.ts';
import { spreadOf } from './support/statistics.ts';

const RUNS = 3;
const MOST_RUNS = 20;
const HOSTS = 100_000;
const PAIRS = 10_000_000;
const CAPTURE_BYTES = 200_000_000;
const SEED = 1;
const SHOWN: Readonly<Record<string, Shown>> = {
  eventsPerSecond: { unit: 'events/s', digits: 0 },
  eventsPerCpuSecond: { unit: 'events/s', digits: 0 },
  eventsPerSecondOf10000: { unit: 'events/s', digits: 0 },
  rssMb: { unit: 'MB', digits: 0 },
  groupingSeconds: { unit: 's', digits: 2 },
  longestTurnMs: { unit: 'ms', digits: 1 },
  dnsTcpByIngest: { unit: '', digits: 2 },
};

/** For information: the exit code does not depend on them. */
const TARGETS: readonly Target[] = [
  { figure: 'eventsPerSecond', want: '>= 200000' },
  { figure: 'rssMb', want: '<= 1000' },
  { figure: 'groupingSeconds', want: '<= 5' },
  { figure: 'dnsTcpByIngest', want: '<= 2' },
];

/** A program of bench/support by itself; `onOneCore`: all its threads have one core to share. */
async function measure<T>(
  call: Bench,
  program: string,
  args: readonly (string | number)[],
  onOneCore: boolean,
): Promise<T> {
  const script = repositoryPath('dist', 'bench', 'support', `${program}.js`);
  const pinned = onOneCore ? ['taskset', '--cpu-list', '0'] : [];
  const [command, ...rest] = [...pinned, process.execPath, script, ...args.map(String)];
  const { stdout } = await promisify(execFile)(command!, rest, { signal: call.signal });
  return JSON.parse(stdout) as T;
}

interface Timed {
  readonly seconds: number;
  readonly packets: number;
}

async function bench(call: Bench): Promise<string> {
  const count = countOption(call, 'runs', RUNS, 1, MOST_RUNS);
  const values: Record<string, number[]> = Object.fromEntries(Object.keys(SHOWN).map((name) => [name, []]));
  const directory = mkdtempSync(join(tmpdir(), 'gluewall-bench-'));
  try {
    const capture = join(directory, 'border.pcap');
    await writeBorderCapture(capture, CAPTURE_BYTES, SEED, true);
    for (let run = 1; run <= count; run++) {
      const { eventsPerSecond, eventsPerCpuSecond } = await measure<EventsRun>(
        call,
        'correlation-run',
        ['events', HOSTS],
        true,
      );
      const few = await measure<EventsRun>(call, 'correlation-run', ['events', HOSTS / 10], true);
      const pairs = await measure<PairsRun>(call, 'correlation-run', ['pairs', HOSTS, PAIRS], true);
      const ingest = await measure<Timed>(call, 'ingest-run', [capture], false);
      const report = await measure<Timed>(call, 'dns-tcp-run', [capture], false);
      if (report.packets !== ingest.packets)
        throw new Error(`${report.packets} of ${ingest.packets} packets were read`);
      const { rssMb, groupingSeconds, longestTurnMs } = pairs;
      const found = {
        eventsPerSecond,
        eventsPerCpuSecond,
        eventsPerSecondOf10000: few.eventsPerSecond,
        rssMb,
        groupingSeconds,
        longestTurnMs,
        dnsTcpByIngest: report.seconds / ingest.seconds,
      };
      for (const [name, value] of Object.entries(found)) values[name]!.push(value);
      call.say(
        `run ${run} of ${count}: ${Math.round(eventsPerSecond)} events/s, ${pairs.hosts} hosts with ${pairs.pairs} pairs in ` +
          `${Math.round(rssMb)} MB, ${pairs.groups} groups in ${groupingSeconds.toFixed(2)} s`,
      );
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const figures = Object.fromEntries(Object.entries(values).map(([name, found]) => [name, spreadOf(found)]));
  for (const line of figureLines(figures, SHOWN)) call.say(line);
  const report = JSON.parse(reportLine('correlation', figures, TARGETS)) as { readonly figures: object };
  return JSON.stringify({ ...report, ...report.figures });
}

runBench('correlation', { options: ['runs'] }, bench);
