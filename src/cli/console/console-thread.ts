/** The thread of the console of a running gluewall. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { Console } from '../../console/console.ts';
import { every, systemClock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { PacedLog } from '../../core/paced-log.ts';
import { errorParts, sentLog } from '../thread-replies.ts';
import type { ConsoleOrder } from './console-order.ts';
import type { FromConsoleThread, ToConsoleThread } from './console-protocol.ts';

const FIGURES_MS = 1000;
const WHAT = 'the console';
/** Beside the compiled sources: `dist/page`. */
const PAGE_FOLDER = join(import.meta.dirname, '..', '..', '..', 'page');

async function serveConsole(order: ConsoleOrder): Promise<void> {
  const port = parentPort!;
  const send = (message: FromConsoleThread) => port.postMessage(message);
  const log = sentLog(send);
  const strays = new PacedLog(systemClock, log, 'error');
  // What nobody waits for, in a request of one browser, is no reason to turn all others away.
  process.on('unhandledRejection', (cause) => strays.say({ error: messageOf(cause) }, `${WHAT}: a promise was broken`));
  const served = new Console({ ...order, pageFolder: PAGE_FOLDER }, systemClock, log);
  let cancelFigures = () => {};
  const starting = served.start();
  port.on('message', ({ kind }: ToConsoleThread) => {
    if (kind !== 'stop') return;
    // What has not begun yet would begin when it is over; whether it could begin is told below.
    starting
      .catch(() => undefined)
      .then(() => {
        cancelFigures();
        return served.stop();
      })
      .catch((error: Error) => log.error({ error: error.message }, `${WHAT} did not end well`))
      .finally(() => {
        strays.stop();
        port.close();
      });
  });
  try {
    const listening = await starting;
    const sendFigures = () => send({ kind: 'figures', figures: served.figures });
    sendFigures();
    cancelFigures = every(systemClock, FIGURES_MS, sendFigures);
    send({ kind: 'listening', port: listening });
  } catch (cause) {
    send({ kind: 'refused', ...errorParts(cause, WHAT) });
    port.close();
  }
}

await serveConsole(workerData as ConsoleOrder);
