import { accessSync, constants, statSync } from 'node:fs';
import type { Finding } from './finding.ts';

/** The file of a source of the query log, as this user finds it. */
export interface LogFileFacts {
  readonly source: string;
  readonly file: string;
  readonly state: 'readable' | 'missing' | 'no file' | 'forbidden';
}

export function readLogFileFacts(source: string, file: string): LogFileFacts {
  return { source, file, state: stateOf(file) };
}

function stateOf(file: string): LogFileFacts['state'] {
  try {
    if (!statSync(file).isFile()) return 'no file';
    accessSync(file, constants.R_OK);
    return 'readable';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'forbidden';
  }
}

/** `problems`: what the gluewall that runs says of its sources, by name; undefined where none answers. */
export function logFindings(
  files: readonly LogFileFacts[],
  problems: ReadonlyMap<string, string> | undefined,
): readonly Finding[] {
  const told = new Map(problems);
  for (const { source } of files) told.delete(source);
  return [
    ...files.map((facts) => fileFinding(facts, problems?.get(facts.source), problems !== undefined)),
    ...[...told].map(([source, problem]) => ({ check: 'log-source', ok: false, message: `${source}: ${problem}` })),
  ];
}

function fileFinding({ source, file, state }: LogFileFacts, problem: string | undefined, isRunning: boolean): Finding {
  const check = 'log-source';
  const right = `give the user of gluewall the right: setfacl -m u:gluewall:r ${file}`;
  // What the running one says is so, whoever asks here.
  if (problem !== undefined) {
    const remedy = state === 'readable' ? remedyOf(problem, file, right) : REMEDIES[state];
    return { check, ok: false, message: `${source}: ${problem}`, remedy };
  }
  if (isRunning || state === 'readable')
    return { check, ok: true, message: isRunning ? `${source}: ${file} is read` : `${source}: ${file} can be read` };
  if (state === 'forbidden') {
    return { check, ok: null, message: `${source}: this user may not read ${file}`, remedy: right };
  }
  const message = state === 'missing' ? `there is no ${file} yet` : `${file} is no file`;
  return { check, ok: state === 'missing' ? null : false, message: `${source}: ${message}`, remedy: REMEDIES[state] };
}

/** Of a file that this user may read. */
function remedyOf(problem: string, file: string, right: string): string {
  if (problem.startsWith(`${file} cannot be read`)) return right;
  return `see what gluewall makes of it: gluewall log detect ${file}`;
}

const REMEDIES: Readonly<Record<Exclude<LogFileFacts['state'], 'readable'>, string>> = {
  missing: 'have the server write it (docs/query-log.md), or name another with querylog.sources',
  'no file': 'name a file with querylog.sources; syslog is heard with `syslog`',
  forbidden: 'let the user of gluewall go through its folders, and read it',
};
