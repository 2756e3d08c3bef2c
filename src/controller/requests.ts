import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Message, MessageOf } from '../openflow/message.ts';
import { MULTIPART_MORE } from '../openflow/schema/constants.ts';
import { type ErrorCodeName, errorNames, errorNumbers } from '../openflow/schema/errors.ts';
import type { MultipartReplyBody } from '../openflow/schema/multipart.ts';

/** At most 64 KiB each; the flows of a full gate fill about 150. */
const MAX_PARTS = 1024;
/** Numbers, names and lists in all the parts that are kept; the flows of a full gate have about 1,800,000. */
const MAX_VALUES = 4_000_000;

type Reply =
  | Exclude<Message, MessageOf<'multipartReply'>>
  | { readonly type: 'multipart'; readonly parts: readonly MultipartReplyBody[] };

const REPLIES = {
  featuresRequest: 'featuresReply',
  getConfigRequest: 'getConfigReply',
  multipartRequest: 'multipartReply',
  barrierRequest: 'barrierReply',
  roleRequest: 'roleReply',
  getAsyncRequest: 'getAsyncReply',
  experimenter: 'experimenter',
} as const satisfies Partial<Record<Message['type'], Message['type']>>;

/** The types of message that have a reply. */
export type RequestType = keyof typeof REPLIES;

/** Takes the parts of a multipart reply as they come, instead of their being kept for the end. */
export type TakePart = (part: MultipartReplyBody) => void;

interface Waiting {
  readonly what: RequestType;
  readonly replyType: Message['type'];
  readonly parts: MultipartReplyBody[];
  count: number;
  /** In `parts`. */
  values: number;
  readonly takePart: TakePart | undefined;
  resolve(reply: Reply): void;
  reject(error: GluewallError): void;
  /** Gives the rest of the reply as long again: many flows take their time. */
  extend(): void;
  cancelDeadline(): void;
}

/** Requests that wait for their replies, by xid; the parts of a multipart reply are joined. */
export class Requests {
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #waiting = new Map<number, Waiting>();
  /** Each says whether an ERROR that answers no request is about something it sent. */
  readonly #watchers = new Set<(error: MessageOf<'error'>) => boolean>();
  #closeReason: string | undefined;

  constructor(clock: Clock, deadlineMs: number) {
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
  }

  /** Rejects with GluewallError `openflow-request` on an ERROR, when the deadline passes, or when the switch goes. */
  open(xid: number, what: RequestType, takePart?: TakePart): Promise<Reply> {
    if (this.#closeReason !== undefined) return Promise.reject(requestError(what, this.#closeReason));
    return new Promise((resolve, reject) => {
      const fail = (reason: string) => this.#take(xid)?.reject(requestError(what, reason));
      const late = () => fail(`no reply within ${this.#deadlineMs} ms`);
      let cancelDeadline = this.#clock.after(this.#deadlineMs, late);
      const extend = () => {
        cancelDeadline();
        cancelDeadline = this.#clock.after(this.#deadlineMs, late);
      };
      this.#waiting.set(xid, {
        what,
        replyType: REPLIES[what],
        parts: [],
        count: 0,
        values: 0,
        takePart,
        resolve,
        reject,
        extend,
        cancelDeadline: () => cancelDeadline(),
      });
    });
  }

  /**
   * True when the message was the reply, or a part of it, that somebody waits for. A switch numbers what it says unasked
   * as it likes, so the xid alone does not make a reply.
   */
  settle(message: Message): boolean {
    const waiting = this.#waiting.get(message.xid);
    if (waiting === undefined) return message.type === 'error' && this.#isOwned(message);
    if (message.type !== 'error' && message.type !== waiting.replyType) return false;
    if (message.type === 'multipartReply') this.#addPart(message, waiting);
    else if (message.type === 'error') this.#take(message.xid)?.reject(new RequestRefused(waiting.what, message));
    else this.#take(message.xid)?.resolve(message);
    return true;
  }

  /** Shows every ERROR that answers no request to `owns`, which says whether it is its own. The result ends that. */
  watch(owns: (error: MessageOf<'error'>) => boolean): () => void {
    this.#watchers.add(owns);
    return () => this.#watchers.delete(owns);
  }

  /** Rejects what waits, and all that is asked from now on. */
  failAll(reason: string): void {
    this.#closeReason = reason;
    for (const xid of [...this.#waiting.keys()]) this.#take(xid)?.reject(requestError('a request', reason));
  }

  #isOwned(error: MessageOf<'error'>): boolean {
    for (const owns of this.#watchers) if (owns(error)) return true;
    return false;
  }

  #addPart(message: MessageOf<'multipartReply'>, waiting: Waiting): void {
    waiting.count++;
    if (waiting.takePart === undefined) {
      waiting.parts.push(message.body);
      waiting.values += countValues(message.body);
    } else {
      waiting.takePart(message.body);
    }
    // Half an answer must never be taken for the whole.
    const more = (message.flags & MULTIPART_MORE) !== 0;
    if (waiting.values > MAX_VALUES) this.#failReply(message.xid, `more than ${MAX_VALUES} values`);
    else if (!more) this.#take(message.xid)?.resolve({ type: 'multipart', parts: waiting.parts });
    else if (waiting.count >= MAX_PARTS) this.#failReply(message.xid, `more than ${MAX_PARTS} parts`);
    else waiting.extend();
  }

  #failReply(xid: number, reason: string): void {
    this.#take(xid)?.reject(requestError('a multipart request', reason));
  }

  #take(xid: number): Waiting | undefined {
    const waiting = this.#waiting.get(xid);
    this.#waiting.delete(xid);
    waiting?.cancelDeadline();
    return waiting;
  }
}

/** How many values there are in a decoded one; it is about their number that memory goes by. */
function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return 1;
  let count = 1;
  for (const inner of Object.values(value)) count += countValues(inner);
  return count;
}

/** The switch answered a request with an ERROR. */
export class RequestRefused extends GluewallError {
  readonly answer: MessageOf<'error'>;

  constructor(what: string, answer: MessageOf<'error'>) {
    const { errorType, code, experimenter } = answer;
    super('openflow-request', `${what}: the switch answered ${errorNames(errorType, code, experimenter).code}`);
    this.answer = answer;
  }
}

/** Whether an ERROR has the type and code of this name. */
export function isError({ errorType, code }: MessageOf<'error'>, name: ErrorCodeName): boolean {
  const numbers = errorNumbers(name);
  return errorType === numbers.errorType && code === numbers.errorCode;
}

function requestError(what: string, reason: string): GluewallError {
  return new GluewallError('openflow-request', `${what}: ${reason}`);
}
