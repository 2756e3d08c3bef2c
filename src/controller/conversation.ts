import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import { encodeMessage, type Message, type MessageOf } from '../openflow/message.ts';
import { OPENFLOW_VERSION } from '../openflow/schema/constants.ts';
import type { MultipartReplyBody, MultipartRequestBody } from '../openflow/schema/multipart.ts';
import { Requests, type RequestType, type TakePart } from './requests.ts';
import { MAX_XID, type SendBuffer } from './send-buffer.ts';

const REQUEST_MS = 10_000;
/** Refusals of one list that are kept one by one. */
const MAX_REFUSED = 1000;

/** A message, and the ERROR with which the switch refused it. */
export interface Refused<M extends Message> {
  readonly message: M;
  readonly error: MessageOf<'error'>;
}

/** What is said to a switch and what it answers: messages with the xid that comes next, and requests with their reply. */
export class Conversation {
  readonly #out: SendBuffer;
  readonly #requests: Requests;
  #endReason: string | undefined;

  constructor(out: SendBuffer, clock: Clock) {
    this.#out = out;
    this.#requests = new Requests(clock, REQUEST_MS);
  }

  /** The connection has ended. */
  get isOver(): boolean {
    return this.#endReason !== undefined;
  }

  /** Says that we speak OpenFlow 1.3 and nothing else (OpenFlow 1.3.5 §6.3.1). */
  greet(): void {
    this.answer({ type: 'hello', xid: 0, elements: [{ type: 'versionBitmap', bitmaps: [1 << OPENFLOW_VERSION] }] });
  }

  /** Says at once that no version is agreed on (§6.3.1). */
  refuseVersion({ xid }: MessageOf<'hello'>): void {
    const text = 'gluewall speaks OpenFlow 1.3 (wire version 4) only';
    this.answer({ type: 'error', xid, errorType: 0, code: 0, data: Buffer.from(text) });
    this.#out.flush();
  }

  /** Sends a message under the xid that comes next. */
  tell(message: Message): void {
    this.answer({ ...message, xid: this.#out.nextXid() });
  }

  /** Sends a message under the xid it has. */
  answer(message: Message): void {
    this.#out.append(encodeMessage(message));
  }

  /** Answers an ECHO_REQUEST ahead of all that waits for the switch to read. */
  echo({ xid, data }: MessageOf<'echoRequest'>): void {
    this.#out.appendUrgent(encodeMessage({ type: 'echoReply', xid, data }));
  }

  /**
   * Sends `messages`, each as `wrap` has it under its xid, then waits for `finish`, which may look at what was refused so
   * far. Resolves with all that the switch refused until then. Rejects as `finish` does. Messages sent in one turn have
   * xids that follow each other, so that an ERROR leads back to the one that it is about.
   */
  async tellAll<M extends Message>(
    messages: readonly M[],
    wrap: (message: M, xid: number) => Message,
    finish: (refused: readonly Refused<M>[]) => Promise<void>,
  ): Promise<readonly Refused<M>[]> {
    const refused: Refused<M>[] = [];
    const first = this.#out.peekXid();
    const end = this.#requests.watch((error) => {
      const message = error.xid === 0 ? undefined : messages[(error.xid - first + MAX_XID) % MAX_XID];
      if (message === undefined) return false;
      if (refused.length < MAX_REFUSED) refused.push({ message, error });
      return true;
    });
    try {
      for (const message of messages) {
        const xid = this.#out.nextXid();
        this.answer({ ...wrap(message, xid), xid });
      }
      await finish(refused);
    } finally {
      end();
    }
    return refused;
  }

  /** Sends `messages` and a barrier behind them. Resolves with what the switch refused; rejects as `barrier` does. */
  tellInOrder<M extends Message>(messages: readonly M[]): Promise<readonly Refused<M>[]> {
    return this.tellAll(
      messages,
      (message) => message,
      () => this.barrier(),
    );
  }

  /** Resolves with the reply. Rejects with GluewallError `openflow-request` as Requests does. */
  async request(message: MessageOf<RequestType>, takePart?: TakePart) {
    const xid = this.#out.nextXid();
    const reply = this.#requests.open(xid, message.type, takePart);
    this.answer({ ...message, xid });
    const answer = await reply;
    // The octets behind the reply may have ended the connection before it could be looked at.
    if (this.#endReason !== undefined) throw new GluewallError('openflow-request', this.#endReason);
    return answer;
  }

  /**
   * Resolves with the joined parts of a multipart reply; with `takePart` they go there one by one, and none is kept.
   * Rejects as `request` does.
   */
  async multipart(body: MultipartRequestBody, takePart?: TakePart): Promise<readonly MultipartReplyBody[]> {
    const reply = await this.request({ type: 'multipartRequest', xid: 0, flags: 0, body }, takePart);
    if (reply.type !== 'multipart') throw unexpectedReply(reply);
    return reply.parts;
  }

  /** Resolves when the switch has carried out all that was sent before. Rejects as `request` does. */
  async barrier(): Promise<void> {
    await this.request({ type: 'barrierRequest', xid: 0 });
  }

  /** True when the message was a reply, or a part of one, that somebody waits for, or an ERROR that has an owner. */
  settle(message: Message): boolean {
    return this.#requests.settle(message);
  }

  /** Rejects all that waits, and all that is asked from now on. */
  end(reason: string): void {
    this.#endReason = reason;
    this.#requests.failAll(reason);
  }
}

/** Version 1.3 is agreed by the bitmaps or, where there is none, by the smaller version number (§6.3.1). */
export function offersVersion13(version: number, { elements }: MessageOf<'hello'>): boolean {
  const bitmap = elements.find((element) => element.type === 'versionBitmap');
  if (bitmap === undefined) return version >= OPENFLOW_VERSION;
  return ((bitmap.bitmaps[0] ?? 0) & (1 << OPENFLOW_VERSION)) !== 0;
}

/** What a switch offers instead of version 1.3, and what to do. */
export function versionProblem(version: number, { elements }: MessageOf<'hello'>): string {
  const offer = elements.some(({ type }) => type === 'versionBitmap') ? 'versions without' : `version ${version}, not`;
  const remedy = 'ovs-vsctl set bridge BRIDGE protocols=OpenFlow13';
  return `the switch offers OpenFlow wire ${offer} 4; try: ${remedy}`;
}

export function unexpectedReply(reply: { readonly type: string }): GluewallError {
  return new GluewallError('openflow-request', `the switch sent ${reply.type}, which answers nothing that was asked`);
}
