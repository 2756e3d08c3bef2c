/** The thread of the traceback node of a running gluewall. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Address } from '../../core/address.ts';
import { every, systemClock } from '../../core/clock.ts';
import type { NamedHosts } from '../../traceback/named-hosts.ts';
import { errorParts, sentLog } from '../thread-replies.ts';
import { AskedQueryLog } from './asked-query-log.ts';
import type { NodeOrder } from './node-order.ts';
import type { FromNodeThread, ToNodeThread } from './node-protocol.ts';
import { NodeService } from './node-service.ts';

const FIGURES_MS = 1000;
const WHAT = 'the traceback node';

type Asked = Extract<ToNodeThread, { readonly kind: 'ask' | 'request' }>;

async function serveNode(order: NodeOrder): Promise<void> {
  const port = parentPort!;
  const send = (message: FromNodeThread) => port.postMessage(message);
  const queryLog = new AskedQueryLog(send);
  const log = sentLog(send);
  const names = (address: Address) => queryLog.nameOf(address);
  let service: NodeService | undefined;
  try {
    const onNamed = (named: NamedHosts) => send({ kind: 'named', named });
    service = new NodeService(order, { queryLog, names, onNamed, clock: systemClock, log });
    const answer = answering(service, send);
    let cancelFigures = () => {};
    const end = async (ended: NodeService) => {
      cancelFigures();
      await ended.stop().catch((error: Error) => log.error({ error: error.message }, `${WHAT} did not end well`));
      port.close();
    };
    const begun = service;
    port.on('message', (message: ToNodeThread) => {
      if (message.kind === 'found' || message.kind === 'not found') queryLog.take(message);
      else if (message.kind === 'settings') begun.configure(message.settings);
      else if (message.kind === 'stop') void end(begun);
      else answer(message);
    });
    const listening = await service.start();
    const sendFigures = () => send({ kind: 'figures', figures: begun.figures() });
    sendFigures();
    cancelFigures = every(systemClock, FIGURES_MS, sendFigures);
    send({ kind: 'listening', port: listening });
  } catch (cause) {
    await service?.stop();
    send({ kind: 'refused', ...errorParts(cause, WHAT) });
    port.close();
  }
}

/** Takes what is asked and requested, and that nobody waits for it any more. */
function answering(service: NodeService, send: (message: FromNodeThread) => void) {
  const waiting = new Map<number, AbortController>();
  const work = async (asked: Asked, signal: AbortSignal): Promise<unknown> => {
    if (asked.kind === 'ask') {
      // The only one that asks is NodeHost, whose calls are typed by the same operations.
      const perform = service[asked.operation] as (...args: readonly unknown[]) => Promise<unknown>;
      return perform.apply(service, [...asked.args]);
    }
    const items = service.request(asked.demand, signal);
    for (;;) {
      const step = await items.next();
      if (step.done === true) return step.value;
      send({ kind: 'progress', id: asked.id, progress: step.value });
    }
  };
  return (message: Asked | Extract<ToNodeThread, { readonly kind: 'drop' }>) => {
    const { id } = message;
    if (message.kind === 'drop') {
      waiting.get(id)?.abort();
      return;
    }
    const dropped = new AbortController();
    waiting.set(id, dropped);
    work(message, dropped.signal)
      .then(
        (result) => send({ kind: 'done', id, result }),
        (cause: unknown) => send({ kind: 'failed', id, ...errorParts(cause, WHAT) }),
      )
      .finally(() => waiting.delete(id));
  };
}

await serveNode(workerData as NodeOrder);
