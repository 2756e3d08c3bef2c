import { once } from 'node:events';
import { createWriteStream, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { z } from 'zod';
import { EventFile } from '../src/cli/hosts/event-file.ts';
import { orderedLines } from '../src/cli/hosts/ordered-lines.ts';
import { readJson } from '../src/cli/simulation/json-text.ts';
import { GluewallError } from '../src/core/errors.ts';
import { composeEventLine } from '../src/correlation/events/event-line.ts';
import type { Scenario } from './scenario/make-scenario.ts';
import { composeTruth, type Truth, truthSchema } from './truth.ts';

const TRUTH_FILE = 'truth.json';
const EVENTS_FILE = 'events.jsonl';
const MAX_TRUTH_OCTETS = 256 * 1024 * 1024;
const MAX_FILES = 1000;
/** Mistakes that are told one by one. */
const MAX_TOLD = 20;

/** A scenario that lies in a folder: `truth.json`, and events in `*.jsonl`. Throws GluewallError `event-file`. */
export function openScenario(folder: string): Scenario {
  const truth = readTruth(join(folder, TRUTH_FILE));
  const names = readdirSync(folder).filter((name) => /\.jsonl(?:\.gz)?$/.test(name));
  if (names.length === 0 || names.length > MAX_FILES) {
    throw wrong(
      `${folder}: want ${EVENTS_FILE}, or up to ${MAX_FILES} files that end in .jsonl: ${names.length} are there`,
    );
  }
  const files = names.sort().map((name) => join(folder, name));
  return { title: folder, truth, portions: () => linesOf(files) };
}

async function* linesOf(paths: readonly string[]) {
  const files: EventFile[] = [];
  for (const path of paths) files.push(await EventFile.open(path));
  yield* orderedLines(files);
  for (const { name, unknownKeys } of files) {
    if (unknownKeys.size > 0)
      process.stderr.write(`${name}: keys nobody knows were left out: ${[...unknownKeys].join(', ')}\n`);
  }
}

function readTruth(file: string): Truth {
  const json = readJson(readText(file));
  if (!('value' in json)) throw wrong(`${file}:${json.line}:${json.column}: ${json.message}`);
  const parsed = truthSchema.safeParse(json.value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const lines = issues.slice(0, MAX_TOLD).map(({ path, message }: z.core.$ZodIssue) => {
    const { line, column } = json.placeOf(path);
    return `${file}:${line}:${column}: ${path.join('.') || 'the file'}: ${message}`;
  });
  if (issues.length > MAX_TOLD) lines.push(`and ${issues.length - MAX_TOLD} more`);
  throw wrong(lines.join('\n'));
}

function readText(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined)
    throw wrong(`${file}: there is no such file; --scenario wants a folder with events and their truth`);
  if (!stats.isFile() || stats.size > MAX_TRUTH_OCTETS)
    throw wrong(`${file} is no file of up to ${MAX_TRUTH_OCTETS} octets`);
  return readFileSync(file, 'utf8');
}

function wrong(message: string): GluewallError {
  return new GluewallError('event-file', message);
}

/** Writes a scenario into a folder, from which `openScenario` reads it. */
export async function writeScenario({ truth, portions }: Scenario, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const out = createWriteStream(join(folder, EVENTS_FILE));
  for await (const lines of portions()) {
    const text = lines.map((line) => `${composeEventLine(line)}\n`).join('');
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await finished(out);
  // Who had which address is known in the end.
  writeFileSync(join(folder, TRUTH_FILE), composeTruth(truth));
}
