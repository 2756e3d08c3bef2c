/** Short messages about what was just done, with a way back. */
import { Shared } from '../frame/shared.ts';

export interface ToastOptions {
  readonly kind?: 'done' | 'problem';
  /** Takes it back; the toast says how that went. */
  readonly undo?: () => Promise<void>;
  /** Where it can be seen. */
  readonly link?: { readonly to: string; readonly text: string };
}

export interface Toast extends ToastOptions {
  readonly id: number;
  readonly text: string;
}

/** The most that are shown at once; the oldest go. */
const MAX_TOASTS = 3;

/** What is shown now, the newest last. */
export const toasts = new Shared<readonly Toast[]>([]);
/** The last thing that can be taken back; its message may be gone. */
export const undoable = new Shared<Toast | undefined>(undefined);
/** How long the key takes back what was done: later, one has forgotten what it was. */
const UNDO_MS = 120_000;
let lastId = 0;

export function toast(text: string, options: ToastOptions = {}): void {
  lastId++;
  const one = { ...options, id: lastId, text };
  toasts.set([...toasts.value, one].slice(-MAX_TOASTS));
  if (one.undo === undefined) return;
  undoable.set(one);
  setTimeout(() => forget(one.id), UNDO_MS);
}

/** Nobody can take it back any more. */
export function forget(id: number): void {
  if (undoable.value?.id === id) undoable.set(undefined);
}

export function dropToast(id: number): void {
  toasts.set(toasts.value.filter((shown) => shown.id !== id));
}
