import { parentPort } from 'node:worker_threads';
import { GluewallError } from '../core/errors.ts';
import type { AsyncStoreOperations, StoreOperations } from './store-operations.ts';
import type { StoreMessage, StoreRequest } from './thread-protocol.ts';

/** A database, and where a damaged file went. */
export interface Served {
  readonly database: (StoreOperations | AsyncStoreOperations) & {
    readonly unreadableRows: number;
    close(): void | Promise<void>;
  };
  readonly setAside: string | undefined;
}

/** In a thread: opens a database (`moving` is to be called while that takes its time), answers one request of its store after the other, and ends on `close`. */
export function serveStore(open: (moving: () => void) => Served): void {
  const port = parentPort;
  if (port === null) throw new Error('this is for a thread, which a store starts');
  const send = (message: StoreMessage, given: ArrayBuffer[] = []) => port.postMessage(message, given);

  const answer = async (database: Served['database'], request: StoreRequest) => {
    const { id } = request;
    try {
      const result = await perform(database, request);
      send({ kind: 'done', id, result, unreadableRows: database.unreadableRows }, batchOf(result));
    } catch (cause) {
      send({ kind: 'failed', id, ...errorParts(cause) });
    }
    if (request.operation === 'close') port.close();
  };

  try {
    const { database, setAside } = open(() => send({ kind: 'moving' }));
    let last = Promise.resolve();
    port.on('message', (request: StoreRequest) => {
      last = last.then(() => answer(database, request));
    });
    send({ kind: 'opened', setAside });
  } catch (cause) {
    send({ kind: 'refused', ...errorParts(cause) });
  }
}

function perform(database: Served['database'], request: StoreRequest): unknown {
  if (request.operation === 'close') return database.close();
  // The only sender is ThreadStore, whose calls are typed by the same operations.
  const operation = database[request.operation] as (...args: readonly unknown[]) => unknown;
  return operation.apply(database, [...request.args]);
}

/** The memory of a batch is handed over and not copied. */
function batchOf(result: unknown): ArrayBuffer[] {
  const items = typeof result === 'object' && result !== null && 'items' in result ? result.items : undefined;
  return items instanceof Uint8Array && items.buffer instanceof ArrayBuffer ? [items.buffer] : [];
}

function errorParts(cause: unknown): { readonly code: string; readonly message: string } {
  if (cause instanceof GluewallError) return { code: cause.code, message: cause.message };
  return { code: 'internal', message: `the store failed: ${cause instanceof Error ? cause.message : String(cause)}` };
}
