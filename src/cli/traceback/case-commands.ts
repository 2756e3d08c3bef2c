/** `gluewall traceback list`, `show`, `close` and `export`. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resultOf } from '../../control/answer.ts';
import { GluewallError } from '../../core/errors.ts';
import type { EvidenceFile } from '../../services/traceback-services.ts';
import type { Case, CaseSummary } from '../../traceback/cases/case.ts';
import { currentUser, reasonArgument } from '../arguments.ts';
import { type AskOptions, answerTo, ask } from '../ask.ts';
import type { CloseOptions, ExportOptions } from '../commands/traceback-cases.ts';
import { printJson, printJsonArray, printLines } from '../output.ts';
import { printCase, printCaseList } from './print-case.ts';

export async function listCases(options: AskOptions): Promise<void> {
  const answer = answerTo(options, { operation: 'traceback list' });
  if (options.json === true) {
    await printJsonArray(answer);
    return;
  }
  const cases: CaseSummary[] = [];
  for await (const item of answer) cases.push(item as CaseSummary);
  await printLines(printCaseList(cases));
}

export async function showCase(id: string, options: AskOptions): Promise<void> {
  await ask<Case>(options, { operation: 'traceback show', case: id }, printCase);
}

export async function closeCase(id: string, options: CloseOptions): Promise<void> {
  const reason = reasonArgument(options.reason);
  const request = { operation: 'traceback close', case: id, reason, owner: currentUser() } as const;
  await ask<Case>(options, request, (one) => [`case ${one.id} is closed: ${reason}`]);
}

export async function exportCase(id: string, options: ExportOptions): Promise<void> {
  const { output: folder } = options;
  await checkFolder(folder);
  const request = { operation: 'traceback export', case: id, owner: currentUser() } as const;
  const { files } = (await resultOf(answerTo(options, request))) as { readonly files: readonly EvidenceFile[] };
  await writeFiles(folder, files);
  const names = files.map(({ name }) => name);
  if (options.json === true) await printJson({ folder, files: names });
  else {
    await printLines([
      `${folder}: ${names.join(', ')}`,
      `whoever is given it looks it over with: gluewall traceback verify ${folder} --ca FILE`,
    ]);
  }
}

/** Asked before the node is, which has work with it. Throws GluewallError `evidence`. */
async function checkFolder(folder: string): Promise<void> {
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw unwritable(folder, error);
  });
  if (found.length === 0) return;
  throw new GluewallError('evidence', `${folder} is not empty; name a folder that is not there yet`);
}

async function writeFiles(folder: string, files: readonly EvidenceFile[]): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const { name, text } of files) await writeFile(join(folder, name), text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw unwritable(folder, error as NodeJS.ErrnoException);
  }
}

function unwritable(folder: string, cause: NodeJS.ErrnoException): GluewallError {
  return new GluewallError('evidence', `${folder} cannot be written (${cause.code}); name another folder`, { cause });
}
