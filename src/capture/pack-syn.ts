import { KIND, TRANSPORT, WORD } from '../dns/observation-layout.ts';
import type { ObservationWriter } from '../dns/observation-writer.ts';
import type { FrameView } from '../packet/frame.ts';
import { packFrameEnds } from './pack-ends.ts';

/** The root stands in the place of a question: one octet, that of an empty label. */
const LENGTH_OCTETS = 4 * (WORD.NAMES + 1);

/** The segment in view, which has the SYN flag, into a record of its own; `isAnswer`: it has the ACK flag, too. */
export function packSyn(writer: ObservationWriter, frame: FrameView, isAnswer: boolean, atMs: number): void {
  const at = writer.begin(LENGTH_OCTETS);
  const { words, times } = writer;
  const flags = packFrameEnds(writer, at, frame, !isAnswer);
  words[at + WORD.KIND] = (isAnswer ? KIND.SYN_ACK : KIND.SYN) | (TRANSPORT.TCP << 8) | (flags << 16);
  times[(at + WORD.TIME) >> 1] = atMs;
  words[at + WORD.ID] = 0;
  words[at + WORD.TYPE] = 0;
  words[at + WORD.COUNTS] = 0;
  words[at + WORD.MORE_COUNTS] = 0;
  words[at + WORD.LEFT_OUT] = 0;
  words[at + WORD.QUESTION] = 4 * WORD.NAMES;
  words[at + WORD.NAMES] = 0;
}
