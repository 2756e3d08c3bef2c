/**
 * Plays the capture process for LiveCapture's tests; the first interface of the order says what to do. The frames are put
 * together here from the words of capture-wire.ts, not by its code.
 */
import { Socket } from 'node:net';

const stream = new Socket({ fd: 3 });

/** @param {number} kind @param {Buffer} body */
function sendFrame(kind, body) {
  const header = Buffer.from([0, 0, 0, 0, 1, kind, 2, 1]);
  header.writeUInt32BE(body.length);
  stream.write(Buffer.concat([header, body]));
}

/** @param {object} message */
const send = (message) => sendFrame(1, Buffer.from(JSON.stringify(message)));

/** @param {number} atMs @param {number} sentAtMs */
function sendQuery(atMs, sentAtMs) {
  const name = Buffer.from('\x01\xe4\0', 'latin1');
  const record = Buffer.alloc(21 * 4 + 4);
  record.writeInt32LE(record.length, 0);
  record.writeInt32LE(32 << 16, 4);
  record.writeDoubleLE(atMs, 8);
  record.writeInt32LE(7, 16);
  record.writeInt32LE(2 | (53 << 16), 20);
  record.writeInt32LE(1 | (1 << 16), 24);
  record.fill(0xff, 44, 60);
  record.writeInt32LE(84, 80);
  name.copy(record, 84);
  const time = Buffer.alloc(8);
  time.writeDoubleLE(sentAtMs);
  sendFrame(2, Buffer.concat([time, record]));
}

/** @param {{ interfaces: string[] }} order */
function play(order) {
  const [part = ''] = order.interfaces;
  if (part === 'fail') {
    process.stderr.write('no pcap here', () => process.exit(1));
    return;
  }
  if (part === 'babble') {
    stream.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    return;
  }
  if (part === 'stubborn') process.on('SIGTERM', () => {});
  send({ kind: 'hello', name: 'here', interfaces: order.interfaces });
  send({ kind: 'problem', interface: part, reason: 'it is away', remedy: 'bring it back' });
  send({ kind: 'ready' });
  sendQuery(5000, 5010);
  send({
    kind: 'statistics',
    openInterfaces: [part],
    receivedByKernel: 3,
    droppedByKernel: 2,
    droppedByBackpressure: 1,
    counters: { frames: 3, order: JSON.stringify(order).length },
  });
  if (part === 'once') setTimeout(() => process.exit(1), 20);
}

let text = Buffer.alloc(0);
stream.on('close', () => process.exit(0));
stream.on('error', () => {});
stream.on('data', (octets) => {
  text = Buffer.concat([text, octets]);
  if (text.length >= 8 && text.length === 8 + text.readUInt32BE()) play(JSON.parse(text.subarray(8).toString()));
});
