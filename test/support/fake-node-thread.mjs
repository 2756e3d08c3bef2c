// A thread as NodeHost starts it: answers what it is asked with what it was asked, and does as the name of its node tells it.
import { parentPort, workerData } from 'node:worker_threads';

if (parentPort === null) throw new Error('this is for a thread');
const port = parentPort;
const { name } = workerData.options;
const figures = { granted: {}, refused: {}, atWork: 0, peerFailures: {}, cases: {}, auditRecords: 7, unaudited: 0 };
if (name === 'refuses') {
  port.postMessage({ kind: 'refused', code: 'node-listen', message: 'the port is taken' });
  port.close();
} else if (name === 'dies') {
  throw new Error('told to fail');
} else {
  port.postMessage({ kind: 'figures', figures });
  port.postMessage({ kind: 'listening', port: 8853 });
  if (name === 'names') port.postMessage({ kind: 'named', named: { asker: 'peer.example', hosts: [] } });
}
port.on('message', (message) => {
  switch (message.kind) {
    case 'settings':
      throw new Error('told to fail');
    case 'ask':
      if (message.operation === 'show' && message.args[0] === 'none') {
        port.postMessage({ kind: 'failed', id: message.id, code: 'case-unknown', message: 'there is none' });
      } else if (message.operation === 'list') {
        // Asks the log, and answers with what it said.
        port.postMessage({ kind: 'search', id: message.id, question: { limit: 5 } });
        if (name === 'drops') port.postMessage({ kind: 'drop', id: message.id });
      } else port.postMessage({ kind: 'done', id: message.id, result: message.args });
      return;
    case 'found':
    case 'not found':
      port.postMessage({ kind: 'done', id: message.id, result: message });
      return;
    case 'request':
      port.postMessage({ kind: 'progress', id: message.id, progress: { case: 'c', step: 'confirm', words: 'asking' } });
      if (message.demand.by !== 'waits') port.postMessage({ kind: 'done', id: message.id, result: message.demand });
      return;
    case 'drop':
      port.postMessage({ kind: 'done', id: message.id, result: 'dropped' });
      return;
    case 'stop':
      port.close();
  }
});
