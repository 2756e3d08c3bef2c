/**
 * The floor for a controller in Node: reads the destination of each packet_in, writes a flow_mod for it and, where it
 * is in 198.18.0.0/16, a packet_out, and does nothing else: no history, no DNS, no checks, no log. A peer of the
 * benchmarks, not a controller for anyone. Prints the loopback port on which it listens.
 */
import { createServer, type Socket } from 'node:net';

const PACKET_IN = 10;
/** HELLO and FEATURES_REQUEST: all that a switch waits for before it sends packet_ins. */
const GREETING = Buffer.from('04000008000000000405000800000001', 'hex');

/** ADD to table 0, hard_timeout 10, priority 200, no instructions: eth_type IPv4, ip_proto UDP, ipv4_dst, udp_dst 53. */
const FLOW_MOD = Buffer.from(
  '040e0050000000000000000000000000000000000000000000000000000a00c8ffffffffffffffffffffffff00000000' +
    '0001001d80000a02080080001401118000180400000000800020020035000000',
  'hex',
);
const FLOW_MOD_DESTINATION = 67;
/** No buffer, in_port 1, output NORMAL; the length is patched and the frame follows. */
const PACKET_OUT = Buffer.from(
  '040d000000000000ffffffff00000001001000000000000000000010fffffffaffff000000000000',
  'hex',
);
const MAX_ANSWER_BYTES = FLOW_MOD.length + PACKET_OUT.length;

function serve(socket: Socket): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const input = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    rest = answerAll(socket, input);
  });
  socket.write(GREETING);
}

/** Answers the whole messages of `input` in one write; the result is what is left of it. */
function answerAll(socket: Socket, input: Buffer): Buffer {
  // An answer is never four times as long as its packet_in.
  const output = Buffer.allocUnsafe(input.length * 4 + MAX_ANSWER_BYTES);
  let filled = 0;
  let at = 0;
  while (input.length - at >= 8) {
    const lengthBytes = input.readUInt16BE(at + 2);
    if (lengthBytes < 8 || input.length - at < lengthBytes) break;
    if (input[at + 1] === PACKET_IN) filled = answer(input, at, at + lengthBytes, output, filled);
    at += lengthBytes;
  }
  if (filled > 0) socket.write(output.subarray(0, filled));
  return Buffer.from(input.subarray(at));
}

/** The result is where the next answer goes. */
function answer(input: Buffer, at: number, end: number, output: Buffer, filled: number): number {
  const matchBytes = input.readUInt16BE(at + 26);
  const frame = at + 24 + ((matchBytes + 7) & ~7) + 2;
  const destination = input.readUInt32BE(frame + 30);
  FLOW_MOD.copy(output, filled);
  output.writeUInt32BE(destination, filled + FLOW_MOD_DESTINATION);
  const packetOut = filled + FLOW_MOD.length;
  if (destination >>> 16 !== 0xc612) return packetOut;
  PACKET_OUT.copy(output, packetOut);
  output.writeUInt16BE(PACKET_OUT.length + end - frame, packetOut + 2);
  input.copy(output, packetOut + PACKET_OUT.length, frame, end);
  return packetOut + PACKET_OUT.length + end - frame;
}

const server = createServer(serve).listen(0, '127.0.0.1', () => {
  const bound = server.address();
  if (typeof bound === 'object' && bound !== null) process.stdout.write(`${bound.port}\n`);
});
