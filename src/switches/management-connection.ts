import { createConnection, type Socket } from 'node:net';
import { Conversation, offersVersion13 } from '../controller/conversation.ts';
import { SendBuffer } from '../controller/send-buffer.ts';
import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import { Framer } from '../openflow/framer.ts';
import { decodeHello, decodeMessage } from '../openflow/message.ts';
import { describeMessage } from '../openflow/print.ts';
import { type BridgePlace, managementSocket } from './bridge-place.ts';

const HELLO_MS = 5000;
const MAX_BACKLOG_BYTES = 16 * 1024 * 1024;
/** Refusals that are kept word for word. */
const MAX_REFUSALS = 20;

/**
 * A connection of our own to a bridge's management socket (`ovs-ofctl` uses it too), beside whichever controller the
 * bridge has. No packets come by it. The caller closes it.
 */
export class ManagementConnection {
  readonly conversation: Conversation;
  /** The ERRORs that answered no request, as lines for a person. */
  readonly refusals: string[] = [];
  readonly #socket: Socket;
  readonly #framer = new Framer();
  readonly #place: BridgePlace;
  readonly #greeted: (problem: GluewallError | undefined) => void;
  #heardHello = false;

  private constructor(place: BridgePlace, clock: Clock, greeted: (problem: GluewallError | undefined) => void) {
    this.#place = place;
    this.#greeted = greeted;
    this.#socket = createConnection(managementSocket(place));
    const out = new SendBuffer(this.#socket, MAX_BACKLOG_BYTES, {
      overflow: () => this.#end('the switch reads too slowly'),
      drained: () => undefined,
    });
    this.conversation = new Conversation(out, clock);
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(connectionProblem(place, error)));
    this.#socket.on('close', () => this.#end('the switch closed the connection'));
    this.conversation.greet();
  }

  /**
   * Connects and agrees on OpenFlow 1.3. Rejects with GluewallError `switch-unreachable` when there is no such bridge, no
   * right to reach it or no HELLO, and `switch-protocol` when it does not speak OpenFlow 1.3.
   */
  static open(place: BridgePlace, clock: Clock): Promise<ManagementConnection> {
    return new Promise((resolve, reject) => {
      const late = unreachable(place, `no HELLO within ${HELLO_MS} ms`, 'ovs-appctl version tells whether it lives');
      const cancel = clock.after(HELLO_MS, () => connection.#fail(late));
      const connection: ManagementConnection = new ManagementConnection(place, clock, (problem) => {
        cancel();
        if (problem === undefined) resolve(connection);
        else reject(problem);
      });
    });
  }

  /** Safe twice. */
  close(): void {
    this.#end('closed');
  }

  /** Rejects with GluewallError `openflow-request` when the switch has refused anything of what `send` sent. */
  async unrefused<T>(send: () => Promise<T>): Promise<T> {
    const before = this.refusals.length;
    const result = await send();
    const [first] = this.refusals.slice(before);
    if (first === undefined) return result;
    throw new GluewallError('openflow-request', `bridge ${this.#place.bridge} refused a message: ${first}`);
  }

  #receive(chunk: Buffer): void {
    const error = this.#framer.push(chunk, (message) => this.#take(message));
    if (error !== undefined) this.#end(error.message);
  }

  #take(bytes: Buffer): void {
    if (!this.#heardHello) {
      this.#hello(bytes);
      return;
    }
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) {
      this.#end(decoded.error.message);
      return;
    }
    const { message } = decoded;
    if (message.type === 'echoRequest') this.conversation.echo(message);
    else if (this.conversation.settle(message)) return;
    else if (message.type === 'error' && this.refusals.length < MAX_REFUSALS)
      this.refusals.push(describeMessage(message));
  }

  #hello(bytes: Buffer): void {
    const hello = decodeHello(bytes);
    if (!hello.ok) {
      this.#end(`no HELLO: ${hello.error.message}`);
    } else if (!offersVersion13(hello.version, hello.message)) {
      this.#fail(protocolProblem(this.#place));
    } else {
      this.#heardHello = true;
      this.#framer.expectVersion13();
      this.#greeted(undefined);
    }
  }

  #end(reason: string): void {
    this.#fail(unreachable(this.#place, reason, 'look into the log of ovs-vswitchd'));
  }

  #fail(problem: GluewallError): void {
    this.#greeted(problem);
    this.conversation.end(problem.message);
    this.#socket.destroy();
  }
}

function unreachable({ bridge }: BridgePlace, reason: string, remedy: string, cause?: Error): GluewallError {
  return new GluewallError('switch-unreachable', `bridge ${bridge}: ${reason}; ${remedy}`, { cause });
}

function connectionProblem(place: BridgePlace, error: NodeJS.ErrnoException): GluewallError {
  const path = managementSocket(place);
  switch (error.code) {
    case 'ENOENT':
      return unreachable(
        place,
        `there is no ${path}: no such bridge, or Open vSwitch does not run`,
        '`ovs-vsctl list-br` lists the bridges; $OVS_RUNDIR names another run directory',
        error,
      );
    case 'ECONNREFUSED':
      return unreachable(place, `nobody listens on ${path}`, 'start Open vSwitch (ovs-vswitchd has ended)', error);
    case 'EACCES':
    case 'EPERM':
      return unreachable(place, `no right to open ${path}`, 'run as root', error);
    default:
      return unreachable(place, `${path}: ${error.message}`, 'look into the log of ovs-vswitchd', error);
  }
}

function protocolProblem({ bridge }: BridgePlace): GluewallError {
  const remedy = `ovs-vsctl add bridge ${bridge} protocols OpenFlow13`;
  return new GluewallError('switch-protocol', `bridge ${bridge} does not speak OpenFlow 1.3; try: ${remedy}`);
}
