import { systemClock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import { type MailCounts, MailLog } from '../../correlation/backscatter/mail-log.ts';
import { LineSplitter } from '../../querylog/line-splitter.ts';
import { SourceTime } from '../../querylog/source-time.ts';
import { ImportSource } from '../query-log/import-source.ts';

/** Reads logs of Postfix, one behind the other. Rejects with GluewallError `log-file`. */
export async function readMailLog(
  paths: readonly string[],
  zone: string,
  windowMs: number,
): Promise<readonly MailCounts[]> {
  const counts = new Map<number, MailCounts>();
  for (const path of paths) for (const window of await readOne(path, zone, windowMs)) add(counts, window);
  return [...counts.values()].sort((one, other) => one.atMs - other.atMs);
}

async function readOne(path: string, zone: string, windowMs: number): Promise<readonly MailCounts[]> {
  const file = await ImportSource.open(path);
  try {
    const nowMs = () => systemClock.nowMs();
    const log = new MailLog(windowMs, new SourceTime({ zone, nowMs, writtenMs: () => file.writtenMs }));
    const splitter = new LineSplitter();
    const sink = {
      record: (octets: Buffer, start: number, end: number) => log.read(octets, start, end),
      refused: () => undefined,
    };
    for await (const chunk of file.octets()) splitter.push(chunk, sink);
    splitter.end(sink);
    if (log.lines > 0) return log.windows();
    const wanted = 'no line of it is of smtpd of Postfix and says `connect from` or `User unknown`';
    throw new GluewallError('log-file', `${file.name}: ${wanted}; name the log of the mail server itself`);
  } finally {
    await file.close();
  }
}

/** Rotated logs meet within a window. */
function add(counts: Map<number, MailCounts>, window: MailCounts): void {
  const before = counts.get(window.atMs) ?? { connections: 0, unknownUsers: 0, bounces: 0 };
  counts.set(window.atMs, {
    atMs: window.atMs,
    connections: before.connections + window.connections,
    unknownUsers: before.unknownUsers + window.unknownUsers,
    bounces: before.bounces + window.bounces,
  });
}
