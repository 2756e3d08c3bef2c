/** `rpz`: the Response Policy Zone, for resolvers. */
import { open, rename, rm } from 'node:fs/promises';
import type { Command } from 'commander';
import { GluewallError } from '../../core/errors.ts';
import type { LeftOutView, RpzEntryView, RpzItem, RpzSummary } from '../../services/rpz-services.ts';
import { type AskOptions, answerTo, askingCommand } from '../ask.ts';
import { printJson, printLines } from '../output.ts';

export function addRpzCommands(program: Command): void {
  const rpz = program.command('rpz').description('the Response Policy Zone: what resolvers are told to block');
  askingCommand(rpz, 'show', 'its entries, why they are there and until when, and what is left out and why', [
    'gluewall rpz show',
    'gluewall rpz show --json',
  ]).action(showZone);
  askingCommand(rpz, 'write', 'write the zone as it is now to a file', ['gluewall rpz write rpz.zone'])
    .argument('<file>', 'a master file (RFC 1035); what is in it is replaced')
    .action(writeZone);
}

async function showZone(options: AskOptions): Promise<void> {
  const answer = answerTo(options, { operation: 'rpz show' });
  const items: RpzItem[] = [];
  let next = await answer.next();
  for (; next.done !== true; next = await answer.next()) items.push(next.value as RpzItem);
  const summary = next.value as RpzSummary;
  if (options.json === true) {
    const entries = items.flatMap((item) => ('entry' in item ? [item.entry] : []));
    const leftOut = items.flatMap((item) => ('leftOut' in item ? [item.leftOut] : []));
    await printJson({ ...summary, entries, leftOut });
    return;
  }
  const width = items.reduce((longest, item) => Math.max(longest, viewOf(item).value.length), 0);
  await printLines([
    ...items.map((item) => describeItem(item, Math.min(width, MAX_VALUE_WIDTH))),
    ...describeZone(summary),
  ]);
}

const TRIGGER_WIDTH = 'server-address'.length;
/** A column that one long name does not push out of sight. */
const MAX_VALUE_WIDTH = 48;

function viewOf(item: RpzItem): RpzEntryView | LeftOutView {
  return 'entry' in item ? item.entry : item.leftOut;
}

function describeItem(item: RpzItem, width: number): string {
  const { trigger, value, why } = viewOf(item);
  const what = `${trigger.padEnd(TRIGGER_WIDTH)}  ${value.padEnd(width)}`;
  return 'entry' in item
    ? `blocked   ${what}  until ${item.entry.until ?? 'it is taken out'}  (${why.join(', ')})`
    : `left out  ${what}  ${item.leftOut.problem}  (${why.join(', ')})`;
}

function describeZone({ zone, serial, entries, leftOut, problem }: RpzSummary): string[] {
  const counts = `${zone}: serial ${serial}, ${entries} entries, ${leftOut} left out`;
  const remedy = 'nothing is in it: escalate a C&C finding (gluewall findings escalate), or set response.rules';
  return [counts, ...(entries + leftOut === 0 ? [remedy] : []), ...(problem === null ? [] : [`problem: ${problem}`])];
}

async function writeZone(file: string, options: AskOptions): Promise<void> {
  const items = answerTo(options, { operation: 'rpz text' });
  const parts: string[] = [];
  let next = await items.next();
  for (; next.done !== true; next = await items.next()) parts.push((next.value as { readonly text: string }).text);
  const summary = next.value as RpzSummary;
  await replaceFile(file, parts.join(''));
  if (options.json === true) await printJson({ file, ...summary });
  else await printLines([`${file}: ${summary.zone}, serial ${summary.serial}, ${summary.entries} entries`]);
}

/** In one step: a resolver that reads the file finds all of it. */
async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.new`;
  try {
    const handle = await open(temporary, 'wx', 0o644);
    await handle.writeFile(text).finally(() => handle.close());
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true });
    const { code } = cause as NodeJS.ErrnoException;
    throw new GluewallError('rpz-file', `${file}: cannot be written (${code}); name one in a folder that is there`, {
      cause,
    });
  }
}
