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
let lastId = 0;

export function toast(text: string, options: ToastOptions = {}): void {
  lastId++;
  toasts.set([...toasts.value, { ...options, id: lastId, text }].slice(-MAX_TOASTS));
}

export function dropToast(id: number): void {
  toasts.set(toasts.value.filter((shown) => shown.id !== id));
}
