import { connect, type Socket } from 'node:net';

const ANSWER_MS = 20_000;

interface Answer {
  readonly result: string | null;
  readonly error: string | null;
}

/**
 * A connection to the control socket of an Open vSwitch daemon, as `ovs-appctl` makes one for each command: JSON-RPC, one
 * command at a time.
 */
export class UnixControl {
  readonly #socket: Socket;
  #text = '';
  #depth = 0;
  #scanned = 0;
  #inString = false;
  #waiting: ((answer: Answer) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#take(text));
    const fail = (error: string) => this.#answer({ result: null, error });
    socket.on('error', ({ message }) => fail(message));
    socket.on('close', () => fail('the daemon closed its control socket'));
  }

  static async connect(path: string): Promise<UnixControl> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new UnixControl(socket);
  }

  /** What a command prints; throws what it complains of. */
  async run(method: string, ...params: string[]): Promise<string> {
    const answered = new Promise<Answer>((resolve) => {
      this.#waiting = resolve;
    });
    const timer = setTimeout(() => this.#answer({ result: null, error: 'no answer' }), ANSWER_MS);
    this.#socket.write(JSON.stringify({ id: 1, method, params }));
    const { result, error } = await answered;
    clearTimeout(timer);
    if (error !== null || result === null) throw new Error(`${method} ${params.join(' ')}: ${error?.trim()}`);
    return result;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** An answer ends where the braces do that are not in a string. */
  #take(text: string): void {
    this.#text += text;
    for (; this.#scanned < this.#text.length; this.#scanned++) {
      const character = this.#text[this.#scanned];
      if (character === '\\') this.#scanned++;
      else if (character === '"') this.#inString = !this.#inString;
      else if (!this.#inString && character === '{') this.#depth++;
      else if (!this.#inString && character === '}') this.#depth--;
      if (character === '}' && !this.#inString && this.#depth === 0) {
        this.#end();
        return;
      }
    }
  }

  #end(): void {
    const answer = JSON.parse(this.#text.slice(0, this.#scanned + 1)) as Answer;
    this.#text = '';
    this.#scanned = 0;
    this.#answer(answer);
  }

  #answer(answer: Answer): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(answer);
  }
}
