/**
 * npm run bench -- packet-in [--json]: packet_ins answered per second, and how long an answer takes, by gluewall and
 * by a bare Node loop under the same load, in turns. docs/performance.md says what the figures mean.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryPath } from '../mininet/repository-path.ts';
import { compileLoadGenerator, type Load, type LoadResult, runLoad } from './support/load-generator.ts';
import { type Peer, startBareLoop, startGluewall } from './support/peer.ts';
import { figureLines, reportLine, type Shown, type Target } from './support/report.ts';
import { type Spread, spreadOf } from './support/statistics.ts';

const RUNS = 5;
const THROUGHPUT = { switches: 1, window: 64, warmSeconds: 1.5, seconds: 3, knownPercent: 50 };
const LATENCY = { switches: 1, window: 1, warmSeconds: 1, seconds: 1, knownPercent: 50 };

/** For information: the exit code does not depend on it. */
const TARGETS: readonly Target[] = [{ figure: 'ratio', want: '>= 0.6' }];

const ANSWERS: Shown = { unit: 'answers/s', digits: 0 };
const MICROSECONDS: Shown = { unit: 'µs', digits: 0 };
const SHOWN: Readonly<Record<string, Shown>> = {
  ours: ANSWERS,
  bareNode: ANSWERS,
  ratio: { unit: '', digits: 3 },
  oursP50Us: MICROSECONDS,
  oursP99Us: MICROSECONDS,
  bareNodeP50Us: MICROSECONDS,
  bareNodeP99Us: MICROSECONDS,
};

/** What one peer did in one run. */
interface Run {
  readonly throughput: LoadResult;
  readonly latency: LoadResult;
}

type Start = () => Promise<Peer>;

async function measure(start: Start, generator: string): Promise<Run> {
  const throughput = await loadOnce(start, generator, THROUGHPUT);
  const latency = await loadOnce(start, generator, LATENCY);
  return { throughput, latency };
}

/** A process of its own for each load: flows that stand from one before would answer in its place. */
async function loadOnce(start: Start, generator: string, load: Omit<Load, 'port'>): Promise<LoadResult> {
  const peer = await start();
  try {
    return await runLoad(generator, { ...load, port: peer.port });
  } finally {
    await peer.stop();
  }
}

function figuresOf(ours: readonly Run[], bareNode: readonly Run[]): Record<string, Spread> {
  const perSecond = (runs: readonly Run[]) => runs.map(({ throughput }) => throughput.answersPerSecond);
  const ratios = perSecond(ours).map((value, index) => value / perSecond(bareNode)[index]!);
  return {
    ours: spreadOf(perSecond(ours)),
    bareNode: spreadOf(perSecond(bareNode)),
    ratio: spreadOf(ratios),
    oursP50Us: spreadOf(ours.map(({ latency }) => latency.p50Us)),
    oursP99Us: spreadOf(ours.map(({ latency }) => latency.p99Us)),
    bareNodeP50Us: spreadOf(bareNode.map(({ latency }) => latency.p50Us)),
    bareNodeP99Us: spreadOf(bareNode.map(({ latency }) => latency.p99Us)),
  };
}

async function bench(folder: string, isJson: boolean): Promise<void> {
  const say = (line: string) => {
    if (!isJson) process.stdout.write(`${line}\n`);
  };
  const generator = await compileLoadGenerator(folder);
  const processors = cpus();
  say(`${processors[0]?.model}, ${processors.length} cores, Node ${process.version}`);
  const ours: Run[] = [];
  const bareNode: Run[] = [];
  for (let run = 1; run <= RUNS; run++) {
    ours.push(await measure(() => startGluewall(repositoryPath('dist', 'src', 'cli', 'main.js'), folder), generator));
    bareNode.push(
      await measure(() => startBareLoop(repositoryPath('dist', 'bench', 'support', 'bare-loop.js')), generator),
    );
    const [one, other] = [ours, bareNode].map((runs) => runs.at(-1)!.throughput.answersPerSecond.toLocaleString('en'));
    say(`run ${run} of ${RUNS}: ours ${one}/s, bareNode ${other}/s`);
  }
  const figures = figuresOf(ours, bareNode);
  say(`\nmedian of ${RUNS} runs (least to most)`);
  for (const line of figureLines(figures, SHOWN)) say(line);
  say('');
  process.stdout.write(`${reportLine('packet-in', figures, TARGETS)}\n`);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gluewall-bench-'));
  try {
    await bench(folder, process.argv.includes('--json'));
  } catch (error) {
    process.stderr.write(`packet-in: ${(error as Error).message}\n`);
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main();
