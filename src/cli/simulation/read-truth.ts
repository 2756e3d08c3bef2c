import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { z } from 'zod';
import { quoted } from '../../config/quoted.ts';
import { GluewallError } from '../../core/errors.ts';
import { type Truth, truthProblems, truthSchema } from '../../simulation/truth.ts';
import { readJson } from './json-text.ts';

const MAX_TRUTH_OCTETS = 256 * 1024 * 1024;
/** Mistakes that are told one by one. */
const MAX_TOLD = 20;

/** Reads a truth file. Rejects with GluewallError `simulation-truth` that says what is wrong, and in which line. */
export async function readTruth(file: string): Promise<Truth> {
  const text = await readText(file);
  const json = readJson(text);
  if (!('value' in json)) throw wrong(`${file}:${json.line}:${json.column}: ${json.message}`);
  const at = (path: readonly PropertyKey[], problem: string) => {
    const { line, column } = json.placeOf(path);
    return `${file}:${line}:${column}: ${pathText(path)}: ${problem}`;
  };
  const parsed = truthSchema.safeParse(json.value, { reportInput: true });
  if (!parsed.success) throw wrong(...parsed.error.issues.map((issue) => at(issue.path, wanted(issue))));
  const problems = truthProblems(parsed.data);
  if (problems.length > 0) throw wrong(...problems.map(({ path, problem }) => at(path, problem)));
  return parsed.data;
}

async function readText(file: string): Promise<string> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) throw wrong(`${file} is no file`);
    if (stats.size > MAX_TRUTH_OCTETS) throw wrong(`${file} is longer than ${MAX_TRUTH_OCTETS} octets`);
    return new TextDecoder('utf-8', { fatal: true }).decode(await handle.readFile());
  } catch (cause) {
    if (cause instanceof GluewallError) throw cause;
    if (cause instanceof TypeError) throw wrong(`${file} is no UTF-8 text`);
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : (code ?? message);
    throw wrong(`${file} cannot be read: ${reason}; --logs wants a folder with query logs and their truth.json`);
  } finally {
    await handle?.close();
  }
}

function wrong(...lines: readonly string[]): GluewallError {
  const told = lines.slice(0, MAX_TOLD);
  const rest = lines.length - told.length;
  return new GluewallError('simulation-truth', [...told, ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n'));
}

/** `cases[3].name`. */
function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return text.replace(/^\./, '') || 'the file';
}

/** What should stand there, in words of ours where those of the library are none for people. */
function wanted(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `unknown key ${quoted(issue.keys[0] ?? '')}`;
    case 'invalid_type':
      return `${issue.input === undefined ? 'is missing: ' : ''}want ${WANTED_TYPES[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return 'want at least one';
    case 'too_big':
      return `want at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

const WANTED_TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  object: 'an object',
  string: 'text',
};
