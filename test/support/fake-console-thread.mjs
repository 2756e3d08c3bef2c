// A thread as ConsoleHost starts it: does as the version in its order tells it.
import { parentPort, workerData } from 'node:worker_threads';

if (parentPort === null) throw new Error('this is for a thread');
const port = parentPort;
const { version, listen } = workerData;
if (version === 'refuses') {
  port.postMessage({ kind: 'refused', code: 'console-listen', message: 'the port is taken' });
  port.close();
} else if (version === 'dies') {
  throw new Error('told to fail');
} else {
  port.postMessage({ kind: 'figures', figures: { viewers: 2, requests: 17, refused: 1 } });
  port.postMessage({ kind: 'say', level: 'warn', fields: { port: listen.port }, message: 'said by the thread' });
  port.postMessage({ kind: 'listening', port: listen.port === 0 ? 8453 : listen.port });
  process.stdout.write('printed by a library\n');
  if (version === 'fails once' && listen.port === 0) setTimeout(() => process.exit(1), 50);
}
port.on('message', ({ kind }) => {
  if (kind === 'stop') port.close();
});
