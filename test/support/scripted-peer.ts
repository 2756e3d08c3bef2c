import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Conversation } from '../../src/controller/conversation.ts';
import { SendBuffer } from '../../src/controller/send-buffer.ts';
import { Framer } from '../../src/openflow/framer.ts';
import { decodeMessage, type Message } from '../../src/openflow/message.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Numbers its messages from `first` on, as a connection does that has stood for long. */
class LateSendBuffer extends SendBuffer {
  #next: number;

  constructor(socket: Socket, first: number) {
    super(socket, 1 << 24, { overflow: () => undefined, drained: () => undefined });
    this.#next = first;
  }

  override peekXid(): number {
    return this.#next;
  }

  override nextXid(): number {
    const xid = this.#next;
    this.#next = xid === 0xffffffff ? 1 : xid + 1;
    return xid;
  }
}

/** The other end of a conversation, in memory: it keeps what is said and answers as its script has it. */
export class ScriptedPeer {
  readonly clock = new VirtualClock();
  readonly said: Message[] = [];
  readonly conversation: Conversation;
  readonly #script: (message: Message) => readonly Message[];
  readonly #framer = new Framer();

  /** What the script returns is heard under the xids that it has. */
  constructor(script: (message: Message) => readonly Message[], firstXid = 1) {
    this.#script = script;
    const socket = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        this.#framer.push(Buffer.from(chunk), (bytes) => this.#hear(bytes));
        done();
      },
    });
    this.conversation = new Conversation(new LateSendBuffer(socket as Socket, firstXid), this.clock);
  }

  #hear(bytes: Buffer): void {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) throw new Error(`what was said is ${decoded.error.message}`);
    this.said.push(decoded.message);
    for (const answer of this.#script(decoded.message)) this.conversation.settle(answer);
  }
}
