import type { VNode } from 'preact';

/** Holds the place of what loads, `rows` lines high, so that nothing moves when it comes. */
export function Skeleton({ rows = 6 }: { readonly rows?: number }): VNode {
  return (
    <div class="skeleton" role="status">
      <span class="unseen">Loading</span>
      {Array.from({ length: rows }, (_, index) => (
        <span key={index} class="skeleton-row" aria-hidden="true" />
      ))}
    </div>
  );
}
