import type { SourceView } from '../../services/log-services.ts';
import { type AskOptions, answerTo } from '../ask.ts';
import { complain } from '../stderr-log.ts';

/** Gaps do not matter here: they are few when they must be long. */
const GAP_MS = 365 * 86_400_000;
const MAX_SHOWN = 10;

/** Where nothing was found of a source: says so if there is none of that name, and which there are. */
export async function sayUnknownSource(options: AskOptions, source: string): Promise<void> {
  const names: string[] = [];
  for await (const view of answerTo(options, { operation: 'log sources', gapMs: GAP_MS })) {
    names.push((view as SourceView).source);
  }
  if (names.includes(source)) return;
  const near = names.filter((name) => name.startsWith(`${source}/`));
  const shown = near.length > 0 ? near : names;
  const more = shown.length > MAX_SHOWN ? ', …' : '';
  const there = shown.length === 0 ? 'there is none' : `there are ${shown.slice(0, MAX_SHOWN).join(', ')}${more}`;
  complain(`no source is called ${source}; ${there} (gluewall log sources)`);
}
