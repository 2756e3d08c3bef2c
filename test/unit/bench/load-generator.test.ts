import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compileLoadGenerator, type Load, runLoad } from '../../../bench/support/load-generator.ts';
import { Framer } from '../../../src/openflow/framer.ts';
import { decodeMessage, encodeMessage, type Message, type MessageOf } from '../../../src/openflow/message.ts';

const LOAD: Load = { switches: 1, window: 4, warm: 0.05, seconds: 0.2 };
/** Where the frame has its destination and its DNS ID. */
const DESTINATION = 30;
const { signal } = new AbortController();

let folder: string;
let generator: string;
let server: Server | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-generator-'));
  generator = await compileLoadGenerator(folder, signal);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  server?.close();
});

type Answer = (packet: MessageOf<'packetIn'>, destination: Buffer) => Message | undefined;

/** A controller that answers each packet_in with what `answer` makes of it. Resolves with its port. */
async function listen(answer: Answer): Promise<number> {
  const serve = (socket: Socket) => {
    const framer = new Framer();
    const tell = (message: Message) => socket.write(encodeMessage(message));
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      framer.push(chunk, (bytes) => {
        const decoded = decodeMessage(bytes);
        if (!decoded.ok || decoded.message.type !== 'packetIn') return;
        const { data } = decoded.message;
        const reply = answer(decoded.message, data.subarray(DESTINATION, DESTINATION + 4));
        if (reply !== undefined) tell(reply);
      });
    });
    tell({ type: 'hello', xid: 0, elements: [] });
    tell({ type: 'featuresRequest', xid: 1 });
  };
  server = createServer(serve).listen(0, '127.0.0.1');
  await new Promise((resolve) => server?.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}

const release = ({ data }: MessageOf<'packetIn'>): Message => ({
  type: 'packetOut',
  xid: 2,
  bufferId: 0xffffffff,
  inPort: 1,
  actions: [],
  data,
});

describe('the load generator', () => {
  it('counts a packet_out that carries the DNS ID, also with padded frames', async () => {
    let frameBytes = 0;
    const port = await listen((packet) => {
      frameBytes = packet.data.length;
      return release(packet);
    });
    const marks: string[] = [];
    const load: Load = { ...LOAD, frame: 1400, all_out: 1 };
    const result = await runLoad(generator, port, load, signal, (mark) => marks.push(mark));
    expect(frameBytes).toBe(1400);
    expect(marks).toEqual(['measuring', 'measured']);
    expect(result).toMatchObject({ unanswered: 0, errors: 0, leastShare: 1 });
    expect(result.answers).toBeGreaterThan(10);
    expect(result.answers).toBeLessThanOrEqual(result.packetOuts);
  });

  it('does not take a packet_out for the answer to an unknown destination', async () => {
    const port = await listen(release);
    await expect(runLoad(generator, port, LOAD, signal)).rejects.toThrow('not every packet_in was answered');
  }, 10_000);

  it('misses an answer that never comes', async () => {
    const port = await listen((packet, destination) => (destination[3] === 7 ? undefined : release(packet)));
    await expect(runLoad(generator, port, { ...LOAD, all_out: 1 }, signal)).rejects.toThrow('"unanswered":');
  }, 10_000);

  it('sends at a rate, and reconnects as often as it is told', async () => {
    const port = await listen(release);
    const load: Load = { switches: 4, window: 8, warm: 0, seconds: 1.5, rate: 400, reconnects: 4, all_out: 1 };
    const result = await runLoad(generator, port, load, signal);
    expect(result).toMatchObject({ unanswered: 0, closed: 0 });
    expect(result.reconnects).toBeGreaterThanOrEqual(3);
    expect(result.sent).toBeGreaterThan(300);
    expect(result.sent).toBeLessThanOrEqual(600);
  });

  it('tells how far the least switch is behind the mean', async () => {
    let connections = 0;
    const port = await listen(release);
    server?.prependListener('connection', (socket: Socket) => {
      if (connections++ > 0) return;
      // The first switch is answered with a delay.
      const write = socket.write.bind(socket);
      socket.write = ((bytes: Buffer) => setTimeout(() => write(bytes), 5)) as unknown as typeof socket.write;
    });
    const { leastShare } = await runLoad(generator, port, { ...LOAD, switches: 2, all_out: 1 }, signal);
    expect(leastShare).toBeGreaterThan(0);
    expect(leastShare).toBeLessThan(0.5);
  });

  it('ends with the signal', async () => {
    const port = await listen(release);
    const abort = new AbortController();
    const load = runLoad(generator, port, { ...LOAD, seconds: 60, all_out: 1 }, abort.signal, () => abort.abort());
    await expect(load).rejects.toThrow('aborted');
  });

  it('says what it does not understand', async () => {
    const load = { ...LOAD, frame: 90 };
    await expect(runLoad(generator, 1, load, signal)).rejects.toThrow('a frame has 80 octets, or from 95 on');
  });
});
