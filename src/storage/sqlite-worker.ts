/** The thread that has the database of a SqliteStore: opens it, answers one request after the other, and ends on `close`. */
import { parentPort, workerData } from 'node:worker_threads';
import { GluewallError } from '../core/errors.ts';
import { openSqliteDatabase, type SqliteDatabase } from './sqlite-database.ts';
import type { StoreMessage, StoreRequest, ThreadOrder } from './sqlite-protocol.ts';

const port = parentPort;
if (port === null) throw new Error('this file is run as a thread by sqlite-store.ts');
const send = (message: StoreMessage) => port.postMessage(message);
const { file, options } = workerData as ThreadOrder;

try {
  const { database, setAside } = openSqliteDatabase(file, options);
  port.on('message', (request: StoreRequest) => answer(database, request));
  send({ kind: 'opened', setAside });
} catch (cause) {
  send({ kind: 'refused', ...errorParts(cause) });
}

function answer(database: SqliteDatabase, request: StoreRequest): void {
  const { id } = request;
  try {
    const result = perform(database, request);
    send({ kind: 'done', id, result, unreadableRows: database.unreadableRows });
  } catch (cause) {
    send({ kind: 'failed', id, ...errorParts(cause) });
  }
  if (request.operation === 'close') port?.close();
}

function perform(database: SqliteDatabase, request: StoreRequest): unknown {
  if (request.operation === 'close') return database.close();
  // The only sender is SqliteStore, whose calls are typed by the same operations.
  const operation = database[request.operation] as (...args: readonly unknown[]) => unknown;
  return operation.apply(database, [...request.args]);
}

function errorParts(cause: unknown): { readonly code: string; readonly message: string } {
  if (cause instanceof GluewallError) return { code: cause.code, message: cause.message };
  return { code: 'internal', message: `the store failed: ${cause instanceof Error ? cause.message : String(cause)}` };
}
