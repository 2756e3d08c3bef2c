import type { VNode } from 'preact';

export interface Tab<N extends string> {
  readonly name: N;
  readonly text: string;
  readonly count?: number | undefined;
}

interface TabsProps<N extends string> {
  readonly label: string;
  readonly tabs: readonly Tab<N>[];
  readonly chosen: N;
  readonly onChoose: (name: N) => void;
}

/** A choice of what a page shows below: buttons of which one is pressed. */
export function Tabs<N extends string>({ label, tabs, chosen, onChoose }: TabsProps<N>): VNode {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div class="tabs" role="group" aria-label={label}>
      {tabs.map(({ name, text, count }) => (
        <button key={name} type="button" class="tab" aria-pressed={name === chosen} onClick={() => onChoose(name)}>
          {text}
          {count !== undefined && <span class="tab-count">{count}</span>}
        </button>
      ))}
    </div>
  );
}
