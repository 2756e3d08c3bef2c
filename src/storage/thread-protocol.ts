/** The messages between a store and the thread that has its database. */
import type { StoreOperations } from './store-operations.ts';

export type OperationName = keyof StoreOperations;

/** To the thread: an operation, or the last message of all. Each is answered, in order. */
export type StoreRequest =
  | { readonly id: number; readonly operation: 'close' }
  | { readonly id: number; readonly operation: OperationName; readonly args: readonly unknown[] };

/** From the thread. Errors travel as their code and message, which is what a clone would lose. */
export type StoreMessage =
  /** Opening goes on: rows of an older version are being moved. */
  | { readonly kind: 'moving' }
  | { readonly kind: 'opened'; readonly setAside: string | undefined }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown; readonly unreadableRows: number }
  | { readonly kind: 'failed'; readonly id: number; readonly code: string; readonly message: string };
