import { connect, type Socket } from 'node:net';
import { until } from '../../mininet/until.ts';
import { Framer } from '../../src/openflow/framer.ts';
import { decodeMessage, encodeMessage, type Message, type MessageOf } from '../../src/openflow/message.ts';
import { Group, MULTIPART_MORE, Port, Table } from '../../src/openflow/schema/constants.ts';
import type { FlowStats, MultipartReplyBody, MultipartRequestBody } from '../../src/openflow/schema/multipart.ts';

const ANSWER_MS = 10_000;
const MAX_RECEIVED = 100_000;

/** A controller of a test's own on a bridge's management socket: it sends what the test says and keeps what comes. */
export class OpenFlowClient {
  /** Everything that came, in order, without HELLO and ECHO. */
  readonly received: Message[] = [];
  readonly #socket: Socket;
  readonly #framer = new Framer();
  #xid = 100;
  #failure: string | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(error.message));
    socket.on('close', () => this.#fail('the switch closed the connection'));
  }

  /** Connects to `path` (`RUNDIR/BRIDGE.mgmt`) and agrees on OpenFlow 1.3. */
  static async connect(path: string): Promise<OpenFlowClient> {
    const client = new OpenFlowClient(connect(path));
    client.#write({ type: 'hello', xid: 0, elements: [{ type: 'versionBitmap', bitmaps: [1 << 4] }] });
    await client.waitFor('HELLO', ({ type }) => type === 'hello');
    // Its xid is the switch's own and may be that of a request to come.
    client.received.length = 0;
    return client;
  }

  /** Sends a message under an xid of its own, which it returns. A function is told the xid for what is inside. */
  send(message: Message | ((xid: number) => Message)): number {
    this.#xid++;
    this.#write({ ...(typeof message === 'function' ? message(this.#xid) : message), xid: this.#xid });
    return this.#xid;
  }

  /** Sends a message and resolves with the first one that answers it, an ERROR too. */
  request(message: Message): Promise<Message> {
    const xid = this.send(message);
    return this.waitFor(`an answer to ${message.type}`, (answer) => answer.xid === xid);
  }

  /** Sends a message and a barrier behind it; resolves with the ERROR that the message earned, or undefined. */
  async refusal(message: Parameters<this['send']>[0]): Promise<MessageOf<'error'> | undefined> {
    const xid = this.send(message);
    await this.barrier();
    const answer = this.received.find((one) => one.xid === xid);
    return answer?.type === 'error' ? answer : undefined;
  }

  /** Resolves when all that was sent before has been carried out. */
  async barrier(): Promise<void> {
    await this.request({ type: 'barrierRequest', xid: 0 });
  }

  /** Every flow entry of the bridge. */
  async flows(): Promise<readonly FlowStats[]> {
    const filter = { tableId: Table.ALL, outPort: Port.ANY, outGroup: Group.ANY, match: [] };
    const body = await this.#multipart({ type: 'flow', ...filter, cookie: 0n, cookieMask: 0n });
    if (body.type !== 'flow') throw new Error(`asked for flows, got ${body.type}`);
    return body.entries;
  }

  /** Packets counted so far by the flow entries with each cookie, read as a number. */
  async packetsByCookie(): Promise<Record<string, number>> {
    const flows = await this.flows();
    return Object.fromEntries(flows.map(({ cookie, packetCount }) => [String(cookie), Number(packetCount)]));
  }

  /** The messages of one type that have come. */
  ofType<T extends Message['type']>(type: T): readonly MessageOf<T>[] {
    return this.received.filter((message): message is MessageOf<T> => message.type === type);
  }

  waitFor(what: string, matches: (message: Message) => boolean): Promise<Message> {
    return until(what, ANSWER_MS, () => {
      const found = this.received.find(matches);
      if (found === undefined && this.#failure !== undefined) throw new Error(`${what}: ${this.#failure}`);
      return found;
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  async #multipart(body: MultipartRequestBody): Promise<MultipartReplyBody> {
    const reply = await this.request({ type: 'multipartRequest', xid: 0, flags: 0, body });
    if (reply.type !== 'multipartReply') throw new Error(`asked for ${body.type}, got ${reply.type}`);
    if ((reply.flags & MULTIPART_MORE) !== 0) throw new Error(`the reply to ${body.type} comes in parts`);
    return reply.body;
  }

  #write(message: Message): void {
    this.#socket.write(encodeMessage(message));
  }

  #receive(chunk: Buffer): void {
    const error = this.#framer.push(chunk, (bytes) => this.#take(bytes));
    if (error !== undefined) this.#fail(error.message);
  }

  #take(bytes: Buffer): void {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) this.#fail(decoded.error.message);
    else if (decoded.message.type === 'echoRequest') this.#write({ ...decoded.message, type: 'echoReply' });
    else if (this.received.length >= MAX_RECEIVED) this.#fail('too many messages');
    else this.received.push(decoded.message);
  }

  #fail(reason: string): void {
    this.#failure ??= reason;
    this.#socket.destroy();
  }
}
