// A thread as QueryLog starts it: answers what it is asked with what it was asked, and does as it is told by its order.
import { parentPort, resourceLimits, workerData } from 'node:worker_threads';

if (parentPort === null) throw new Error('this is for a thread');
const port = parentPort;
let handed = 0;
port.on('message', (message) => {
  switch (message.kind) {
    case 'handed':
      handed++;
      // Of no size to keep: it takes nothing, as one that hangs.
      if (workerData.sizeBytes > 0) port.postMessage({ kind: 'taken', octets: message.octets });
      return;
    case 'settings':
      throw new Error('told to fail');
    case 'ask':
      if (message.operation === 'trim') {
        port.postMessage({ kind: 'failed', id: message.id, code: 'store-away', message: 'the store is away' });
        return;
      }
      // As one that searches for long.
      if (message.args[0]?.limit === 0) return;
      port.postMessage({
        kind: 'done',
        id: message.id,
        result: { ...message, handed, heapMib: resourceLimits.maxOldGenerationSizeMb },
      });
      return;
    case 'drop':
      port.postMessage({ kind: 'done', id: message.id, result: 'dropped' });
      return;
    case 'stop':
      port.postMessage({ kind: 'say', level: 'info', fields: {}, message: `stopped after ${handed}` });
      port.close();
  }
});
