/** The thread that looks at what the hosts of a running gluewall do. */
import { parentPort, workerData } from 'node:worker_threads';
import { every, systemClock } from '../../core/clock.ts';
import { errorParts, sentLog } from '../thread-replies.ts';
import type { BehaviourOrder } from './behaviour-order.ts';
import type { FromBehaviourThread, ToBehaviourThread } from './behaviour-protocol.ts';
import { BehaviourWork, type RoundResult } from './behaviour-work.ts';
import { EntryPort } from './entry-tee.ts';
import { sendInPortions } from './found-portions.ts';
import { Rounds, type RoundTakers } from './rounds.ts';

const FIGURES_MS = 1000;
const WHAT = 'the look at hosts';

function serveBehaviour(order: BehaviourOrder): void {
  const port = parentPort!;
  const send = (message: FromBehaviourThread) => port.postMessage(message);
  const log = sentLog(send);
  const work = new BehaviourWork(order, systemClock);
  const takers: RoundTakers<RoundResult> = {
    ended: ({ found, groups }) => {
      send({ kind: 'groups', groups });
      return sendInPortions(found, systemClock, (portion) => send({ kind: 'found', found: portion }));
    },
    failed: (error) => log.error({ error: error.message }, `what hosts did could not be judged: ${error.message}`),
  };
  const rounds = new Rounds(() => work.round(), order.roundMs, takers, systemClock);
  const entries = new EntryPort((batch) => work.takeEntries(batch));
  const answer = async ({ id, operation, args }: Extract<ToBehaviourThread, { kind: 'ask' }>) => {
    try {
      // The only one that asks is Behaviour, whose calls are typed by the same operations.
      const perform = work[operation] as (...args: readonly unknown[]) => Promise<unknown>;
      send({ kind: 'done', id, result: await perform.apply(work, [...args]) });
    } catch (cause) {
      send({ kind: 'failed', id, ...errorParts(cause, WHAT) });
    }
  };
  const cancelTick = every(systemClock, FIGURES_MS, () => {
    work.tick();
    send({ kind: 'figures', figures: work.figures });
  });
  rounds.start();
  port.on('message', (message: ToBehaviourThread) => {
    switch (message.kind) {
      case 'handed':
        work.take(message.what);
        send({ kind: 'taken', octets: message.octets });
        return;
      case 'log':
        entries.use(message.port);
        return;
      case 'settings':
        work.configure(message.settings);
        rounds.configure(message.settings.roundMs);
        return;
      case 'ask':
        void answer(message);
        return;
      case 'stop':
        cancelTick();
        void rounds.stop().then(() => {
          entries.close();
          port.close();
        });
    }
  });
}

serveBehaviour(workerData as BehaviourOrder);
