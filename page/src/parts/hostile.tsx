import type { VNode } from 'preact';
import { splitHostile } from './hostile-text.ts';

/** Text from the network, set apart from what is around it, with its controls made visible. */
export function Hostile({ text, hasLines = false }: { readonly text: string; readonly hasLines?: boolean }): VNode {
  return (
    <bdi class={hasLines ? 'hostile hostile-lines' : 'hostile'}>
      {splitHostile(text, hasLines).map((part) =>
        part.isSign ? <span class="hostile-sign">{part.text}</span> : part.text,
      )}
    </bdi>
  );
}
