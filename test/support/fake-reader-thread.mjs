/** A thread in place of the one that reads captures: what it does is told by the path. */
import { parentPort } from 'node:worker_threads';

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
let given = 0;
let back = 0;

port.on('message', (order) => {
  if (order.kind === 'batch back') back++;
  else if (order.kind === 'read') read(order.path);
  else port.postMessage({ kind: 'finished', totals: { given, back } });
});

/** @param {string} path */
function read(path) {
  switch (path) {
    case 'throws':
      throw new Error('out of order');
    case 'exits':
      process.exit(3);
      break;
    case 'silent':
      break;
    case 'refuses':
      port.postMessage({ kind: 'refused', code: 'capture-file', message: 'no capture' });
      break;
    default:
      for (; given < 3; given++)
        port.postMessage({ kind: 'batch', batch: new Uint8Array(new SharedArrayBuffer(8), 0, 4) });
      port.postMessage({ kind: 'progress', bytesRead: 77 });
      port.postMessage({ kind: 'read', summary: { packets: 5, damage: undefined } });
  }
}
