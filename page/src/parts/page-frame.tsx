import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useRoute } from '../frame/route.ts';

interface PageFrameProps {
  readonly title: string;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

let pathBefore: string | undefined;

/** The heading of a page and what is below it. On coming from another page, the heading takes the focus. */
export function PageFrame({ title, actions, children }: PageFrameProps): VNode {
  const heading = useRef<HTMLHeadingElement>(null);
  const { path } = useRoute();
  useEffect(() => {
    document.title = `${title} · gluewall`;
  }, [title]);
  useEffect(() => {
    const isMove = pathBefore !== undefined && pathBefore !== path;
    pathBefore = path;
    if (isMove && document.activeElement?.closest('main') === null) heading.current?.focus({ preventScroll: true });
  }, [path]);
  return (
    <div class="page">
      <header class="page-head">
        <h1 class="page-title" ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions !== undefined && <div class="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
