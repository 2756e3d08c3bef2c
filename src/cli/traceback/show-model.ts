import { writeFileSync } from 'node:fs';
import { GluewallError } from '../../core/errors.ts';
import { MAX_HOPS } from '../../traceback/messages.ts';
import { figureCsv } from '../../traceback/model/figure-csv.ts';
import { figureSvg } from '../../traceback/model/figure-svg.ts';
import { successFigure } from '../../traceback/model/success-model.ts';
import type { ModelCommandOptions } from '../commands/traceback-model.ts';
import { printJson, printLines } from '../output.ts';
import { printModel } from './print-model.ts';

/** Packets do not go further: the time to live of IPv4 has one octet. */
const MAX_ROUTING_HOPS = 255;
/** The nodes on the way of a request, but the two at its ends. */
const MAX_FORWARDERS = MAX_HOPS - 2;
/** As many as the picture has colours. */
const MAX_CURVES = 8;

/** Prints the success model, and writes it into the files that are wanted. Throws GluewallError `usage` or `model-file`. */
export async function showModel(options: ModelCommandOptions): Promise<void> {
  const figure = successFigure({
    participation: shareArgument('--participation', options.participation),
    queryRates: distinct(options.queryRate.map((text) => shareArgument('--query-rate', text))),
    forwarders: distinct(options.forwarders.map((text) => wholeArgument('--forwarders', text, 0, MAX_FORWARDERS))),
    hops: wholeArgument('--hops', options.hops, 2, MAX_ROUTING_HOPS),
  });
  if (figure.dnsLogs.length > MAX_CURVES) {
    const problem = `${figure.dnsLogs.length} curves are too many to tell apart`;
    throw new GluewallError(
      'usage',
      `${problem}: want at most ${MAX_CURVES}, one for each --query-rate and --forwarders`,
    );
  }
  if (options.svg !== undefined) write(options.svg, figureSvg(figure));
  if (options.csv !== undefined) write(options.csv, figureCsv(figure));
  if (options.json === true) await printJson(figure);
  else await printLines(printModel(figure));
}

function write(file: string, content: string): void {
  try {
    writeFileSync(file, content);
  } catch (cause) {
    throw new GluewallError('model-file', `${file}: cannot be written (${(cause as Error).message})`, { cause });
  }
}

function shareArgument(option: string, text: string): number {
  const share = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (share >= 0 && share <= 1) return share;
  throw new GluewallError('usage', `${option}: "${text}" is no share: want a number from 0 to 1, such as 0.55`);
}

function wholeArgument(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new GluewallError('usage', `${option}: "${text}" is no count: want a whole number from ${least} to ${most}`);
}

function distinct(values: readonly number[]): readonly number[] {
  return [...new Set(values)];
}
