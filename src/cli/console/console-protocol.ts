/** What gluewall and the thread of the console say to each other. */
import type { ConsoleFigures } from '../../console/console.ts';
import type { SaidLine } from '../thread-replies.ts';

export interface ToConsoleThread {
  readonly kind: 'stop';
}

export type FromConsoleThread =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'figures'; readonly figures: ConsoleFigures }
  | SaidLine;
