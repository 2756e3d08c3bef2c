import { once } from 'node:events';
import type { Socket } from 'node:net';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { NodeServices, Services } from '../services/services.ts';
import { performAudited } from './audited.ts';
import { type ControlLine, parseControlLine } from './control-line.ts';
import { type ControlReply, MAX_REQUEST_BYTES } from './protocol.ts';
import type { Turns } from './turns.ts';

const IDLE_MS = 30_000;
/** Items of an answer that are made in one turn: about two milliseconds' work. */
const ITEMS_PER_TURN = 100;

/** One connection of the control socket: a line in, its answer out, one after the other. */
export class ControlConnection {
  readonly #socket: Socket;
  readonly #services: Services | NodeServices;
  readonly #turns: Turns;
  readonly #log: Log;
  readonly #lines: string[] = [];
  /** Aborts when the other side asks for no more. */
  readonly #end = new AbortController();
  /** Aborts when the connection is gone. */
  readonly #gone = new AbortController();
  #unread = '';
  #isAnswering = false;
  #operation = '';

  /** `turns` is shared by all connections: the packet path has its turn between any two of theirs. */
  constructor(socket: Socket, services: Services | NodeServices, turns: Turns, log: Log) {
    this.#socket = socket;
    this.#services = services;
    this.#turns = turns;
    this.#log = log;
  }

  /** Answers until the other side is done or gone. */
  start(): void {
    const socket = this.#socket;
    socket.setEncoding('utf8');
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('error', (error) => this.#log.debug({ error: error.message }, 'control connection failed'));
    socket.on('close', () => {
      this.#end.abort();
      this.#gone.abort();
    });
    // What was asked before is still answered.
    socket.on('end', () => this.#finish());
    socket.on('data', (text: string) => this.#receive(text));
  }

  #receive(text: string): void {
    this.#lines.push(...(this.#unread + text).split('\n'));
    this.#unread = this.#lines.pop() ?? '';
    if (this.#unread.length > MAX_REQUEST_BYTES) {
      this.#lines.length = 0;
      this.#socket.end(line(refuse('request-too-long', `a request has at most ${MAX_REQUEST_BYTES} octets`)));
      return;
    }
    this.#answerAll().catch((error: Error) => {
      if (this.#socket.destroyed) return;
      this.#log.error({ operation: this.#operation, error }, 'a control request failed');
      this.#socket.destroy();
    });
  }

  #finish(): void {
    this.#end.abort();
    if (!this.#isAnswering) this.#socket.end();
  }

  async #answerAll(): Promise<void> {
    // More than one line ahead is not read: an answer that nobody reads holds up the ones behind it, not the process.
    if (this.#lines.length > 1) this.#socket.pause();
    if (this.#isAnswering) return;
    this.#isAnswering = true;
    try {
      for (let next = this.#lines.shift(); next !== undefined; next = this.#lines.shift()) {
        await this.#turns.next();
        if (this.#gone.signal.aborted) this.#lines.length = 0;
        else await this.#answer(next);
      }
    } finally {
      this.#isAnswering = false;
    }
    if (this.#end.signal.aborted) this.#socket.end();
    else this.#socket.resume();
  }

  async #answer(text: string): Promise<void> {
    const asked = parseControlLine(text);
    if (typeof asked === 'string') return this.#write(refuse('bad-request', asked));
    this.#operation = asked.request.operation;
    try {
      await this.#perform(asked);
    } catch (error) {
      if (this.#socket.destroyed) return;
      if (error instanceof GluewallError) return this.#write(refuse(error.code, error.message));
      this.#log.error({ operation: this.#operation, error }, 'a control request failed');
      await this.#write(refuse('internal', 'the request failed inside gluewall; its log says why'));
    }
  }

  async #perform(asked: ControlLine): Promise<void> {
    const answer = performAudited(this.#services, asked, this.#end.signal, this.#gone.signal);
    try {
      for (let items = 1; ; items++) {
        if (items % ITEMS_PER_TURN === 0) await this.#turns.next();
        // While the next item is awaited nobody is idle: events may be rare.
        this.#socket.setTimeout(0);
        const step = await answer.next();
        this.#socket.setTimeout(IDLE_MS);
        await this.#write(step.done === true ? { ok: true, result: step.value } : { item: step.value });
        if (step.done === true) return;
      }
    } finally {
      await answer.return(undefined);
    }
  }

  /** Waits until the other side reads. Throws when it is gone. */
  async #write(reply: ControlReply): Promise<void> {
    if (this.#socket.destroyed) throw new GluewallError('control-socket', 'the other side is gone');
    if (this.#socket.write(line(reply))) return;
    await once(this.#socket, 'drain', { signal: this.#gone.signal });
  }
}

function line(reply: ControlReply): string {
  return `${JSON.stringify(reply)}\n`;
}

function refuse(code: string, message: string): ControlReply {
  return { ok: false, error: { code, message } };
}
