/**
 * npm run bench -- ingest [--json]: seconds to learn from a capture of 200 MB in memory, beside those that tcpdump takes to
 * read and write it. docs/performance.md says what the figures mean.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryPath } from '../mininet/repository-path.ts';
import { writeBorderCapture } from './support/border-capture.ts';
import { figureLines, type Shown } from './support/report.ts';
import { type Spread, spreadOf } from './support/statistics.ts';

const CAPTURE_BYTES = 200_000_000;
const SEED = 1;
const RUNS = 5;
const SECONDS: Shown = { unit: 's', digits: 2 };

interface IngestRun {
  readonly seconds: number;
  readonly triples: number;
  readonly packets: number;
}

async function learnOnce(file: string): Promise<IngestRun> {
  const script = repositoryPath('dist', 'bench', 'support', 'ingest-run.js');
  const { stdout } = await promisify(execFile)(process.execPath, [script, file]);
  return JSON.parse(stdout) as IngestRun;
}

/** Undefined where tcpdump is not installed. */
function tcpdumpOnce(file: string): number | undefined {
  const startedAtMs = performance.now();
  const { status, error } = spawnSync('tcpdump', ['-r', file, '-w', '/dev/null'], { stdio: 'ignore' });
  if (error !== undefined) return undefined;
  if (status !== 0) throw new Error(`tcpdump cannot read the capture (exit code ${status})`);
  return (performance.now() - startedAtMs) / 1000;
}

async function bench(folder: string, isJson: boolean): Promise<void> {
  const say = (line: string) => {
    if (!isJson) process.stdout.write(`${line}\n`);
  };
  const processors = cpus();
  say(`${processors[0]?.model}, ${processors.length} cores, Node ${process.version}`);
  const file = join(folder, 'border.pcap');
  const capture = await writeBorderCapture(file, CAPTURE_BYTES, SEED);
  say(`${capture.packets} packets, ${capture.bytes} octets, ${capture.triples} triples (seed ${SEED})`);
  const runs: IngestRun[] = [];
  const tcpdump: number[] = [];
  for (let run = 1; run <= RUNS; run++) {
    runs.push(await learnOnce(file));
    const other = tcpdumpOnce(file);
    if (other !== undefined) tcpdump.push(other);
    say(
      `run ${run} of ${RUNS}: ours ${runs.at(-1)!.seconds.toFixed(2)} s, tcpdump ${other?.toFixed(2) ?? 'not installed'} s`,
    );
  }
  const spreads: Record<string, Spread> = { memorySeconds: spreadOf(runs.map(({ seconds }) => seconds)) };
  if (tcpdump.length === RUNS) {
    spreads.tcpdumpSeconds = spreadOf(tcpdump);
    spreads.ratio = spreadOf(runs.map(({ seconds }, index) => seconds / tcpdump[index]!));
  }
  say(`\nmedian of ${RUNS} runs (least to most)`);
  const shown = { memorySeconds: SECONDS, tcpdumpSeconds: SECONDS, ratio: { unit: '', digits: 2 } };
  for (const line of figureLines(spreads, shown)) say(line);
  const triples = runs.map((run) => run.triples);
  const figures = {
    bench: 'ingest',
    memorySeconds: spreads.memorySeconds?.median,
    tcpdumpSeconds: spreads.tcpdumpSeconds?.median ?? null,
    triples: triples[0],
    expectedTriples: capture.triples,
    packets: capture.packets,
    bytes: capture.bytes,
    spreads,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  if (triples.some((count) => count !== capture.triples)) {
    throw new Error(`learned ${triples.join(', ')} triples, where the capture has ${capture.triples}`);
  }
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gluewall-bench-'));
  try {
    await bench(folder, process.argv.includes('--json'));
  } catch (error) {
    process.stderr.write(`ingest: ${(error as Error).message}\n`);
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main();
