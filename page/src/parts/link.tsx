import type { ComponentChildren, VNode } from 'preact';
import { navigate, useRoute } from '../frame/route.ts';

interface LinkProps {
  /** A path of the page, with its query. */
  readonly to: string;
  /** Marks it as the present place when the path is this one or below it. */
  readonly isPlace?: boolean;
  readonly class?: string;
  readonly title?: string;
  readonly 'aria-label'?: string;
  readonly children: ComponentChildren;
}

/** A link to a page of the console; with Ctrl, Meta or Shift the browser does what it always does. */
export function Link({ to, isPlace = false, children, ...rest }: LinkProps): VNode {
  const { path } = useRoute();
  const isHere = isPlace && (path === to || (to !== '/' && path.startsWith(`${to}/`)));
  const onClick = (event: MouseEvent) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a {...rest} href={to} onClick={onClick} {...(isHere ? { 'aria-current': 'page' as const } : {})}>
      {children}
    </a>
  );
}
