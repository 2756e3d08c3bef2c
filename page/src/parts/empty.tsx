import type { ComponentChildren, VNode } from 'preact';

/** What stands where nothing is: why, and what to do next. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }): VNode {
  return (
    <div class="empty">
      <h2 class="empty-title">{title}</h2>
      <div class="empty-text">{children}</div>
    </div>
  );
}
