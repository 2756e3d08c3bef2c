import type { Config } from '../../config/schema.ts';
import { type Address, networkContains } from '../../core/address.ts';
import type { Log } from '../../core/log.ts';
import { eveLine } from '../../events/eve.ts';
import { EveFile } from '../../events/eve-file.ts';
import type { VerdictEvent } from '../../events/verdict-event.ts';
import { eveFindingLine } from '../../findings/eve-finding.ts';
import { FindingBook, type FindingBookParts, type FindingNews } from '../../findings/finding-book.ts';

/** All that eve.json is told of. */
type EveEvent = VerdictEvent | FindingNews;

/** Not open yet; undefined where none is configured. */
export function createEve({ eve }: Config, log: Log): EveFile<EveEvent> | undefined {
  return eve.file === undefined ? undefined : new EveFile(eve.file, lineOf, log);
}

/** The book of a running gluewall, whose news go into the log and eve.json. */
export function buildFindings(parts: FindingBookParts, eve: EveFile<EveEvent> | undefined): FindingBook {
  const book = new FindingBook(parts);
  book.subscribe((news) => {
    logNews(parts.log, news);
    eve?.push(news);
  });
  return book;
}

/**
 * Whether an address that our own node named is that of a host of the inside. Where clients enter the query log as pseudonyms it is
 * none: another host may have that address.
 */
export function isOwnHost({ inside, querylog }: Config, address: Address): boolean {
  if (querylog.anonymise !== undefined) return false;
  return inside.networks.length === 0 || inside.networks.some((network) => networkContains(network, address));
}

function lineOf(event: EveEvent): string {
  return 'finding' in event ? eveFindingLine(event) : eveLine(event);
}

/** A finding that was opened is a warning. */
function logNews(log: Log, { what, finding }: FindingNews): void {
  const { id, kind, subject, score, state, changes, reasons } = finding;
  const fields = { finding: id, kind, subject, score, state };
  const because = reasons[0] === undefined ? '' : `: ${reasons[0].line}`;
  if (what === 'opened') log.warn(fields, `${kind} ${subject} (${id})${because}`);
  else if (what === 'risen') log.warn(fields, `${kind} ${subject} (${id}) is surer now${because}`);
  else log.info(fields, `${kind} ${subject} (${id}): ${changes.at(-1)?.text ?? state}`);
}
