import { FrameSplitter } from './frame-splitter.ts';
import { LineSplitter } from './line-splitter.ts';
import type { LogFormat } from './log-reader.ts';
import type { RecordSplitter } from './record-splitter.ts';

/** What takes apart a source of that format, from `offset` on with what the splitter before it said there. */
export function createSplitter({ framing }: LogFormat, offset = 0, state: unknown = undefined): RecordSplitter {
  return framing === 'frames' ? new FrameSplitter(offset, state) : new LineSplitter(offset, state);
}
