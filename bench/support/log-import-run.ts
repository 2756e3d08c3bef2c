import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { LINES, writeBindLog } from './log-parsing.ts';
import { watchRss } from './memory.ts';

const LOOK_EVERY_MS = 50;

/** Rows a second of `gluewall log import` of a log of BIND into SQLite, and the most memory it has, in megabytes of 10^6 octets. */
export async function importRun(folder: string, signal: AbortSignal) {
  const { file } = await writeBindLog(folder);
  const config = join(folder, 'gluewall.yaml');
  writeFileSync(config, `store:\n  file: ${join(folder, 'gluewall.db')}\n`);
  const main = repositoryPath('dist', 'src', 'cli', 'main.js');
  const startedAtMs = performance.now();
  const child = spawn(process.execPath, [main, 'log', 'import', file, '--config', config, '--json'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    signal,
  });
  const watch = watchRss(child.pid!, LOOK_EVERY_MS);
  const [code] = (await once(child, 'exit')) as [number | null];
  const seconds = (performance.now() - startedAtMs) / 1000;
  const points = watch.stop();
  if (code !== 0) throw new Error(`gluewall log import ended with ${code}`);
  return { rowsPerSecond: LINES / seconds, peakMb: Math.max(...points.map(({ value }) => value)) };
}
