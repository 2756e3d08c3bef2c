import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Message, MessageOf } from '../openflow/message.ts';
import { MULTIPART_MORE } from '../openflow/schema/constants.ts';
import type { MultipartReplyBody } from '../openflow/schema/multipart.ts';

/** At most 64 KiB each; the flows of a full gate fill about 150. */
const MAX_PARTS = 1024;

type Reply =
  | Exclude<Message, MessageOf<'multipartReply'>>
  | { readonly type: 'multipart'; readonly parts: readonly MultipartReplyBody[] };

const REPLIES = {
  featuresRequest: 'featuresReply',
  getConfigRequest: 'getConfigReply',
  multipartRequest: 'multipartReply',
  barrierRequest: 'barrierReply',
} as const satisfies Partial<Record<Message['type'], Message['type']>>;

/** The types of message that have a reply. */
export type RequestType = keyof typeof REPLIES;

interface Waiting {
  readonly replyType: Message['type'];
  readonly parts: MultipartReplyBody[];
  resolve(reply: Reply): void;
  reject(error: GluewallError): void;
  cancelDeadline(): void;
}

/** Requests that wait for their replies, by xid; the parts of a multipart reply are joined. */
export class Requests {
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #closeReason: string | undefined;

  constructor(clock: Clock, deadlineMs: number) {
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
  }

  /** Rejects with GluewallError `openflow-request` on an ERROR, when the deadline passes, or when the switch goes. */
  open(xid: number, what: RequestType): Promise<Reply> {
    if (this.#closeReason !== undefined) return Promise.reject(requestError(what, this.#closeReason));
    return new Promise((resolve, reject) => {
      const fail = (reason: string) => this.#take(xid)?.reject(requestError(what, reason));
      const cancelDeadline = this.#clock.after(this.#deadlineMs, () => fail(`no reply within ${this.#deadlineMs} ms`));
      this.#waiting.set(xid, { replyType: REPLIES[what], parts: [], resolve, reject, cancelDeadline });
    });
  }

  /**
   * True when the message was the reply, or a part of it, that somebody waits for. A switch numbers what it says unasked
   * as it likes, so the xid alone does not make a reply.
   */
  settle(message: Message): boolean {
    const waiting = this.#waiting.get(message.xid);
    if (waiting === undefined) return false;
    if (message.type !== 'error' && message.type !== waiting.replyType) return false;
    if (message.type === 'multipartReply') this.#addPart(message, waiting);
    else if (message.type === 'error') this.#take(message.xid)?.reject(errorReply(message));
    else this.#take(message.xid)?.resolve(message);
    return true;
  }

  /** Rejects what waits, and all that is asked from now on. */
  failAll(reason: string): void {
    this.#closeReason = reason;
    for (const xid of [...this.#waiting.keys()]) this.#take(xid)?.reject(requestError('a request', reason));
  }

  #addPart(message: MessageOf<'multipartReply'>, waiting: Waiting): void {
    waiting.parts.push(message.body);
    const more = (message.flags & MULTIPART_MORE) !== 0;
    if (more && waiting.parts.length < MAX_PARTS) return;
    const { parts } = waiting;
    // Half an answer must never be taken for the whole.
    if (more) this.#take(message.xid)?.reject(requestError('a multipart request', `more than ${MAX_PARTS} parts`));
    else this.#take(message.xid)?.resolve({ type: 'multipart', parts });
  }

  #take(xid: number): Waiting | undefined {
    const waiting = this.#waiting.get(xid);
    this.#waiting.delete(xid);
    waiting?.cancelDeadline();
    return waiting;
  }
}

function errorReply({ errorType, code }: MessageOf<'error'>): GluewallError {
  return requestError('a request', `the switch answered error type ${errorType} code ${code}`);
}

function requestError(what: string, reason: string): GluewallError {
  return new GluewallError('openflow-request', `${what}: ${reason}`);
}
