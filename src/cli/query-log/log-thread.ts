/** The thread that keeps the query log of a running gluewall. */
import { parentPort, workerData } from 'node:worker_threads';
import { every, systemClock } from '../../core/clock.ts';
import { errorParts, sentLog } from '../thread-replies.ts';
import { LateStore } from './late-store.ts';
import { logClients } from './log-clients.ts';
import { LogKeeper } from './log-keeper.ts';
import type { LogOrder } from './log-order.ts';
import type { FromLogThread, LogOperations, ToLogThread } from './log-protocol.ts';
import { openLogStore } from './open-log-store.ts';

const FIGURES_MS = 1000;

function serveQueryLog(order: LogOrder): void {
  const port = parentPort!;
  const send = (message: FromLogThread) => port.postMessage(message);
  const log = sentLog(send);
  const store = new LateStore(() => openLogStore(order.store, log));
  const keeper = new LogKeeper(order, store, logClients(order.key), systemClock, log);
  const operations: LogOperations = {
    search: (question, signal) => store.search(question, signal),
    coverage: (gapMs) => store.coverage(gapMs),
    quarantined: (source) => store.quarantined(source),
    trim: () => keeper.trim(),
    sourceFigures: async () => keeper.figures(),
  };
  const waiting = new Map<number, AbortController>();
  const answer = async ({ id, operation, args }: Extract<ToLogThread, { kind: 'ask' }>) => {
    const dropped = new AbortController();
    waiting.set(id, dropped);
    try {
      // The only one that asks is QueryLog, whose calls are typed by the same operations.
      const perform = operations[operation] as (...args: readonly unknown[]) => Promise<unknown>;
      send({ kind: 'done', id, result: await perform(...args, dropped.signal) });
    } catch (cause) {
      send({ kind: 'failed', id, ...errorParts(cause, 'the query log') });
    } finally {
      waiting.delete(id);
    }
  };
  const sendFigures = () => send({ kind: 'figures', sources: keeper.figures() });
  keeper.start();
  const cancelFigures = every(systemClock, FIGURES_MS, sendFigures);
  port.on('message', (message: ToLogThread) => {
    switch (message.kind) {
      case 'handed':
        keeper.take(message.what);
        send({ kind: 'taken', octets: message.octets });
        return;
      case 'tee':
        keeper.teeTo(message.port);
        return;
      case 'settings':
        keeper.configure(message.settings, message.trustedResolvers);
        return;
      case 'ask':
        void answer(message);
        return;
      case 'drop':
        waiting.get(message.id)?.abort();
        return;
      case 'stop':
        cancelFigures();
        keeper.stop().then(
          () => port.close(),
          (error: Error) => {
            log.error({ error: error.message }, `the query log was not closed well: ${error.message}`);
            port.close();
          },
        );
    }
  });
}

serveQueryLog(workerData as LogOrder);
