/** A thread in place of the store's: what it does is told by the name of the file. */
import { basename } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
const behaviour = basename(workerData.file);

switch (behaviour) {
  case 'throws':
    throw new Error('nothing works');
  case 'ends':
    break;
  case 'silent':
    port.on('message', () => {});
    break;
  case 'moves': {
    const told = new BroadcastChannel(behaviour);
    port.postMessage({ kind: 'moving' });
    told.postMessage('moving');
    told.onmessage = () => {
      port.postMessage({ kind: 'opened', setAside: undefined });
      told.close();
    };
    port.on('message', (request) => answer(request));
    break;
  }
  case 'refuses':
    port.postMessage({ kind: 'refused', code: 'store-busy', message: 'somebody has it' });
    break;
  default:
    port.postMessage({ kind: 'opened', setAside: behaviour === 'sets-aside' ? 'there' : undefined });
    port.on('message', (request) => answer(request));
}

/** @param {import('../../src/storage/thread-protocol.ts').StoreRequest} request */
function answer(request) {
  if (behaviour === 'hangs') return;
  if (behaviour === 'dies') throw new Error('out of order');
  if (behaviour === 'exits') process.exit(3);
  if (behaviour === 'fails') {
    port.postMessage({ kind: 'failed', id: request.id, code: 'store-write', message: 'no room' });
  } else {
    const result = request.operation === 'triplesAfter' ? { items: new Uint8Array(0), next: undefined } : undefined;
    port.postMessage({ kind: 'done', id: request.id, result, unreadableRows: 7 });
  }
  if (request.operation === 'close') port.close();
}
