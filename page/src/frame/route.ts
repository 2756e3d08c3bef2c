/** The place in the URL, which holds the whole state of a page. */
import { Shared, useShared } from './shared.ts';

export interface Route {
  /** Such as `/inbox/12`: starts with `/`, and does not end with one. */
  readonly path: string;
  readonly query: URLSearchParams;
}

const here = new Shared<Route>(readRoute());
if (typeof window !== 'undefined') window.addEventListener('popstate', () => here.set(readRoute()));

export function useRoute(): Route {
  return useShared(here);
}

export function currentRoute(): Route {
  return here.value;
}

/** Goes to a path of the page, with its query; `replace` leaves no step to go back to. */
export function navigate(to: string, options: { readonly replace?: boolean } = {}): void {
  const { pathname, search, hash } = window.location;
  if (to === pathname + search + hash) return;
  window.history[options.replace === true ? 'replaceState' : 'pushState'](null, '', to);
  const before = here.value.path;
  here.set(readRoute());
  if (here.value.path !== before) window.scrollTo(0, 0);
}

/** The present path with some values of the query put in, or taken out where undefined. */
export function withQuery(values: Readonly<Record<string, string | undefined>>): string {
  return changedQuery(here.value, values);
}

/** The same for any route. */
export function changedQuery(route: Route, values: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams(route.query);
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return text === '' ? route.path : `${route.path}?${text}`;
}

/** The part of a path behind a pattern such as `/events/:`, decoded; undefined when the path does not fit. */
export function pathParameter(path: string, pattern: string): string | undefined {
  const start = pattern.slice(0, -1);
  if (!pattern.endsWith('/:') || !path.startsWith(start)) return undefined;
  const rest = path.slice(start.length);
  if (rest === '' || rest.includes('/')) return undefined;
  try {
    return decodeURIComponent(rest);
  } catch {
    return undefined;
  }
}

function readRoute(): Route {
  if (typeof window === 'undefined') return { path: '/', query: new URLSearchParams() };
  const { pathname, search } = window.location;
  return { path: pathname.replace(/(?<=.)\/+$/, ''), query: new URLSearchParams(search) };
}
