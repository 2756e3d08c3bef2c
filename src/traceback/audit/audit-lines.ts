import { MAX_LINE_OCTETS } from './audit-record.ts';

/** A line of a file: whole; longer than a record can be; or without an end, as the last one may be. */
export interface AuditLine {
  readonly octets: Buffer;
  /** From 1 on. */
  readonly number: number;
  /** Where it begins, in octets. */
  readonly offset: number;
  readonly state: 'whole' | 'too long' | 'cut';
}

const LINE_FEED = 0x0a;

/** Cuts a file into lines with bounded memory. Behind a line that is too long nothing more comes. */
export async function* auditLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<AuditLine> {
  let rest: Buffer[] = [];
  let restLength = 0;
  let number = 1;
  let offset = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const octets = Buffer.concat([...rest, chunk.subarray(start, end)]);
      const state = octets.length > MAX_LINE_OCTETS ? 'too long' : 'whole';
      yield { octets, number, offset, state };
      if (state === 'too long') return;
      number++;
      offset += octets.length + 1;
      start = end + 1;
      rest = [];
      restLength = 0;
    }
    rest.push(chunk.subarray(start));
    restLength += chunk.length - start;
    if (restLength > MAX_LINE_OCTETS) {
      yield { octets: Buffer.concat(rest), number, offset, state: 'too long' };
      return;
    }
  }
  if (restLength > 0) yield { octets: Buffer.concat(rest), number, offset, state: 'cut' };
}
