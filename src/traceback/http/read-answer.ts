import { z } from 'zod';
import { printable } from '../../core/printable.ts';
import { type AnswerTo, type NodeRequest, nodeAnswer } from '../messages.ts';
import { PeerFailure } from '../node-options.ts';

/** What came back over HTTP. */
export interface HttpReply {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: Buffer;
}

const MAX_SAID_CHARACTERS = 300;

/** What is read of a problem document (RFC 9457 §3.1): all of it may be left out. */
const problemDocument = z.object({
  title: z.string().optional().catch(undefined),
  detail: z.string().optional().catch(undefined),
});

/** The answer of a peer to this request. Throws PeerFailure `refused`, `late` or `nonsense`. */
export function readAnswer<R extends NodeRequest>({ status, type, body }: HttpReply, request: R): AnswerTo<R> {
  if (isOfType(type, 'application/problem+json') && status >= 400) {
    throw new PeerFailure(status === 504 || status === 408 ? 'late' : 'refused', whatItSaid(body));
  }
  if (status !== 200) throw nonsense(`the answer has the status ${status}`);
  if (!isOfType(type, 'application/json')) throw nonsense('the answer is of another type than application/json');
  const parsed = nodeAnswer.safeParse(parseJson(body));
  if (!parsed.success) throw nonsense('the answer does not keep to the schema');
  const answer = parsed.data;
  if (answer.kind !== request.kind || answer.case !== request.case) throw nonsense('the answer is to another request');
  return answer as AnswerTo<R>;
}

function isOfType(type: string | undefined, wanted: string): boolean {
  return (type ?? '').replace(/;.*/s, '').trim().toLowerCase() === wanted;
}

function whatItSaid(body: Buffer): string {
  const { title = 'a problem', detail = '' } = problemDocument.catch({}).parse(parseJson(body));
  return printable(detail === '' ? title : `${title}: ${detail}`).slice(0, MAX_SAID_CHARACTERS);
}

/** Undefined: it is no JSON. */
function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

function nonsense(detail: string): PeerFailure {
  return new PeerFailure('nonsense', detail);
}
