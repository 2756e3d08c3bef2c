import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Message, MessageOf } from '../openflow/message.ts';
import { MULTIPART_MORE } from '../openflow/schema/constants.ts';
import type { MultipartReplyBody } from '../openflow/schema/multipart.ts';

const MAX_PARTS = 65_536;

type Reply =
  | Exclude<Message, MessageOf<'multipartReply'>>
  | { readonly type: 'multipart'; readonly parts: readonly MultipartReplyBody[] };

interface Waiting {
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

  constructor(clock: Clock, deadlineMs: number) {
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
  }

  /** Rejects with GluewallError `openflow-request` on an ERROR, when the deadline passes, or when the switch goes. */
  open(xid: number, what: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const fail = (reason: string) => this.#take(xid)?.reject(requestError(what, reason));
      const cancelDeadline = this.#clock.after(this.#deadlineMs, () => fail(`no reply within ${this.#deadlineMs} ms`));
      this.#waiting.set(xid, { parts: [], resolve, reject, cancelDeadline });
    });
  }

  /** True when the message was the reply, or a part of it, that somebody waits for. */
  settle(message: Message): boolean {
    const waiting = this.#waiting.get(message.xid);
    if (waiting === undefined) return false;
    if (message.type === 'multipartReply') this.#addPart(message, waiting);
    else if (message.type === 'error') this.#take(message.xid)?.reject(errorReply(message));
    else this.#take(message.xid)?.resolve(message);
    return true;
  }

  failAll(reason: string): void {
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
