/**
 * npm run bench -- ingest [--json] [--mariadb mysql://USER@HOST:PORT/DATABASE]: seconds to learn from a capture of 200 MB, in
 * memory and into stores, beside those of tcpdump and of a program on dpkt. docs/performance.md says what the figures mean.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryPath } from '../mininet/repository-path.ts';
import { writeBorderCapture } from './support/border-capture.ts';
import { figureLines, reportLine, type Shown, type Target } from './support/report.ts';
import { type Spread, spreadOf } from './support/statistics.ts';

const CAPTURE_BYTES = 200_000_000;
const SEED = 1;
const RUNS = 5;
const SECONDS: Shown = { unit: 's', digits: 2 };
const SHOWN: Readonly<Record<string, Shown>> = {
  memorySeconds: SECONDS,
  tcpdumpSeconds: SECONDS,
  dpktSeconds: SECONDS,
  sqliteSeconds: SECONDS,
  mariadbSeconds: SECONDS,
  memoryByTcpdump: { unit: '', digits: 2 },
  dpktByMemory: { unit: '', digits: 1 },
  sqliteByMemory: { unit: '', digits: 2 },
  mariadbByMemory: { unit: '', digits: 2 },
};
const TARGETS: readonly Target[] = [
  { figure: 'memoryByTcpdump', want: '<= 4' },
  { figure: 'dpktByMemory', want: '>= 20' },
  { figure: 'sqliteByMemory', want: '<= 2' },
  { figure: 'mariadbByMemory', want: '<= 4' },
];

interface IngestRun {
  readonly seconds: number;
  readonly triples: number;
  readonly packets: number;
  /** Triples in the store afterwards; null without one. */
  readonly stored: number | null;
}

/** `target`: where to store what is learned, too. */
async function learnOnce(file: string, target?: string): Promise<IngestRun> {
  const script = repositoryPath('dist', 'bench', 'support', 'ingest-run.js');
  const args = [script, file, ...(target === undefined ? [] : [target])];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as IngestRun;
}

/** Seconds of a program on the capture; undefined where it is not installed. */
function timeProgram(program: string, args: readonly string[], expected?: string): number | undefined {
  const startedAtMs = performance.now();
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (error !== undefined || /No module named/.test(stderr)) return undefined;
  if (status !== 0) throw new Error(`${program} cannot read the capture (exit code ${status})`);
  if (expected !== undefined && stdout.trim() !== expected)
    throw new Error(`${program} found ${stdout.trim()} triples`);
  return (performance.now() - startedAtMs) / 1000;
}

interface Timings {
  readonly memorySeconds: number[];
  readonly tcpdumpSeconds: number[];
  readonly dpktSeconds: number[];
  readonly sqliteSeconds: number[];
  readonly mariadbSeconds: number[];
}

async function bench(folder: string, isJson: boolean, mariadb: string | undefined): Promise<void> {
  const say = (line: string) => (isJson ? process.stderr : process.stdout).write(`${line}\n`);
  const processors = cpus();
  say(`${processors[0]?.model}, ${processors.length} cores, Node ${process.version}`);
  const file = join(folder, 'border.pcap');
  const capture = await writeBorderCapture(file, CAPTURE_BYTES, SEED);
  say(`${capture.packets} packets, ${capture.bytes} octets, ${capture.triples} triples (seed ${SEED})`);
  const timings: Timings = {
    memorySeconds: [],
    tcpdumpSeconds: [],
    dpktSeconds: [],
    sqliteSeconds: [],
    mariadbSeconds: [],
  };
  const add = (name: keyof Timings, seconds: number | undefined) => {
    if (seconds !== undefined) timings[name].push(seconds);
  };
  const learn = async (target?: string) => {
    const { seconds, triples, stored } = await learnOnce(file, target);
    const found = target === undefined ? triples : stored;
    if (found !== capture.triples) throw new Error(`${found} triples, where the capture has ${capture.triples}`);
    return seconds;
  };
  for (let run = 1; run <= RUNS; run++) {
    add('memorySeconds', await learn());
    add('tcpdumpSeconds', timeProgram('tcpdump', ['-r', file, '-w', '/dev/null']));
    add('sqliteSeconds', await learn(join(folder, `history-${run}.db`)));
    rmSync(join(folder, `history-${run}.db`), { force: true });
    if (mariadb !== undefined) add('mariadbSeconds', await learn(mariadb));
    // Half a minute each.
    const peer = repositoryPath('bench', 'support', 'dpkt-history.py');
    if (run === 1) add('dpktSeconds', timeProgram('/usr/bin/python3', [peer, file], String(capture.triples)));
    say(
      `run ${run} of ${RUNS}: ${JSON.stringify(Object.fromEntries(Object.entries(timings).map(([name, all]) => [name, all.at(-1) ?? null])))}`,
    );
  }
  const figures: Record<string, Spread | undefined> = {};
  const by = (name: keyof Timings, other: keyof Timings) =>
    timings[name].length === timings[other].length
      ? spreadOf(timings[name].map((seconds, index) => seconds / timings[other][index]!))
      : undefined;
  for (const [name, all] of Object.entries(timings)) figures[name] = all.length > 0 ? spreadOf(all) : undefined;
  figures.memoryByTcpdump = by('memorySeconds', 'tcpdumpSeconds');
  figures.sqliteByMemory = by('sqliteSeconds', 'memorySeconds');
  figures.mariadbByMemory = by('mariadbSeconds', 'memorySeconds');
  const { dpktSeconds, memorySeconds } = figures;
  if (dpktSeconds !== undefined) figures.dpktByMemory = spreadOf([dpktSeconds.median / memorySeconds!.median]);
  for (const line of figureLines(figures, SHOWN)) say(line);
  const report = JSON.parse(reportLine('ingest', figures, TARGETS)) as { readonly figures: object };
  const counts = {
    triples: capture.triples,
    expectedTriples: capture.triples,
    packets: capture.packets,
    bytes: capture.bytes,
  };
  process.stdout.write(`${JSON.stringify({ ...report, ...report.figures, ...counts })}\n`);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gluewall-bench-'));
  try {
    const at = process.argv.indexOf('--mariadb');
    await bench(folder, process.argv.includes('--json'), at < 0 ? undefined : process.argv[at + 1]);
  } catch (error) {
    process.stderr.write(`ingest: ${(error as Error).message}\n`);
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main();
