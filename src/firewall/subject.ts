/** What an event says of the query itself. */

import { readQuestion } from '../dns/message.ts';
import type { Name } from '../dns/name.ts';
import { type HistoryHint, MAX_PACKET_OCTETS, type VerdictEvent } from '../events/verdict-event.ts';
import type { PacketInView } from '../openflow/packet-in.ts';
import type { FrameView } from '../packet/frame.ts';
import { IP_PROTOCOL } from '../packet/protocol-numbers.ts';
import { describeVerdict, scopeFields, type Verdict } from '../policy/verdict.ts';

/** What is seen of a query when it comes. */
export type Subject = Pick<
  VerdictEvent,
  | 'atMs'
  | 'datapathId'
  | 'inPort'
  | 'client'
  | 'clientPort'
  | 'clientMac'
  | 'destination'
  | 'transport'
  | 'queryName'
  | 'queryType'
  | 'recursionDesired'
>;

/** How the verdict came about. */
export type Course = Pick<VerdictEvent, 'heldMs' | 'packetsAtLeast'>;

/** The octets of a packet's frame, which are the message's. */
export function frameIn({
  message,
  frameStart,
  frameEnd,
}: Pick<PacketInView, 'message' | 'frameStart' | 'frameEnd'>): Buffer {
  return message.subarray(frameStart, frameEnd);
}

/** What the frame now in view says about the query. The name is as the client wrote it. */
export function subjectOf(
  frame: FrameView,
  datapathId: string,
  { inPort }: Pick<PacketInView, 'inPort'>,
  atMs: number,
): Subject {
  const isUdp = frame.protocol === IP_PROTOCOL.UDP;
  const question = isUdp ? questionIn(frame.frameOctets, frame.payloadStart, frame.payloadEnd) : NO_QUESTION;
  return {
    atMs,
    datapathId,
    inPort,
    client: frame.source,
    clientPort: frame.sourcePort,
    clientMac: frame.link?.sourceMac,
    destination: frame.destination,
    transport: isUdp ? 'udp' : 'tcp',
    ...question,
  };
}

interface SubjectQuestion {
  readonly queryName: Name | undefined;
  readonly queryType: number | undefined;
  readonly recursionDesired: boolean | undefined;
}

const NO_QUESTION: SubjectQuestion = { queryName: undefined, queryType: undefined, recursionDesired: undefined };

/** The question of the message in `octets[start, end)`, if there is one. */
export function questionIn(octets: Buffer, start: number, end: number): SubjectQuestion {
  const head = readQuestion(octets, start, end);
  if (!head.ok) return NO_QUESTION;
  const { question, recursionDesired } = head;
  return { queryName: question.name, queryType: question.type, recursionDesired };
}

/** `frame` is that of the query, which is copied where it is kept. */
export function verdictEvent(
  group: string,
  subject: Subject,
  verdict: Verdict,
  hint: HistoryHint | undefined,
  enforced: boolean,
  course: Course,
  frame: Uint8Array,
): VerdictEvent {
  const { kind, reason, by, reads } = verdict;
  return {
    ...subject,
    ...course,
    clientName: undefined,
    group,
    verdict: kind,
    reason,
    ruleId: by?.rule.id,
    scope: scopeFields(reads),
    alarm: verdict.kind === 'allow' ? verdict.alarm : undefined,
    hint,
    enforced,
    message: describeVerdict(subject.destination, verdict, enforced),
    packet: kind === 'block' ? new Uint8Array(frame.subarray(0, MAX_PACKET_OCTETS)) : undefined,
  };
}
