import type { VNode } from 'preact';

const PATHS = {
  overview: 'M3 13h5v4H3zM8 9h4v8H8zM12 4h5v13h-5z',
  inbox: 'M3 11l2.5-7h9L17 11v5H3zM3 11h4l1.2 2h3.6L13 11h4',
  events: 'M4 5h12M4 10h12M4 15h8',
  findings: 'M9 3a6 6 0 1 0 0 12A6 6 0 0 0 9 3zM13.5 13.5L17 17',
  history: 'M10 3a7 7 0 1 1-6.3 4M3 3v4h4M10 6v4l3 2',
  traceback: 'M4 4h4v4H4zM12 12h4v4h-4zM6 8v6h6',
  rules: 'M4 5h2M8 5h8M4 10h2M8 10h8M4 15h2M8 15h8',
  switches: 'M3 6h14v3.5H3zM3 11.5h14V15H3zM6 7.8h.1M6 13.2h.1',
  users: 'M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 17c0-3 2.7-5 6-5s6 2 6 5',
  changes: 'M5 3h7l3 3v11H5zM8 9h4M8 12h4',
  more: 'M4 10h.1M10 10h.1M16 10h.1',
} as const;

export type IconName = keyof typeof PATHS;

/** A picture beside a word; it says nothing by itself. */
export function Icon({ name }: { readonly name: IconName }): VNode {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
