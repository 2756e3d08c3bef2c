/** Which page is at which path; each is fetched when it is first gone to. */
import type { ComponentType } from 'preact';
import { askEarly } from '../api/client.ts';
import { inboxQuery } from '../api/inbox-query.ts';
import { pathParameter } from './route.ts';

/** What a page is given: the part of the path that its pattern leaves open; empty where it leaves none. */
export interface PageProps {
  readonly id: string;
}

export type Page = ComponentType<PageProps>;

interface PageEntry {
  readonly patterns: readonly string[];
  readonly load: () => Promise<Page>;
  /** Asks for what the page shows first. */
  readonly askEarly?: (query: URLSearchParams) => void;
}

const PAGES: readonly PageEntry[] = [
  {
    patterns: ['/'],
    load: () => import('../pages/overview/overview-page.tsx').then(({ OverviewPage }) => OverviewPage),
  },
  {
    patterns: ['/inbox', '/inbox/:'],
    load: () => import('../pages/inbox/inbox-page.tsx').then(({ InboxPage }) => InboxPage),
    askEarly: (query) => askEarly('/inbox', inboxQuery(query.get('search') ?? '')),
  },
  { patterns: ['/events'], load: () => import('../pages/event/events-page.tsx').then(({ EventsPage }) => EventsPage) },
  { patterns: ['/events/:'], load: () => import('../pages/event/event-page.tsx').then(({ EventPage }) => EventPage) },
  { patterns: ['/hosts/:'], load: () => import('../pages/host/host-page.tsx').then(({ HostPage }) => HostPage) },
  {
    patterns: ['/history'],
    load: () => import('../pages/history/history-page.tsx').then(({ HistoryPage }) => HistoryPage),
  },
  {
    patterns: ['/findings'],
    load: () => import('../pages/findings/findings-page.tsx').then(({ FindingsPage }) => FindingsPage),
  },
  {
    patterns: ['/findings/:'],
    load: () => import('../pages/findings/finding-page.tsx').then(({ FindingPage }) => FindingPage),
  },
  { patterns: ['/bots/:'], load: () => import('../pages/findings/group-page.tsx').then(({ GroupPage }) => GroupPage) },
  { patterns: ['/traceback'], load: () => import('../pages/cases/cases-page.tsx').then(({ CasesPage }) => CasesPage) },
  { patterns: ['/traceback/:'], load: () => import('../pages/cases/case-page.tsx').then(({ CasePage }) => CasePage) },
  { patterns: ['/rules'], load: () => import('../pages/rules/rules-page.tsx').then(({ RulesPage }) => RulesPage) },
  {
    patterns: ['/switches'],
    load: () => import('../pages/switches/switches-page.tsx').then(({ SwitchesPage }) => SwitchesPage),
  },
  {
    patterns: ['/account'],
    load: () => import('../pages/account/account-page.tsx').then(({ AccountPage }) => AccountPage),
  },
  { patterns: ['/users'], load: () => import('../pages/users/users-page.tsx').then(({ UsersPage }) => UsersPage) },
  {
    patterns: ['/changes'],
    load: () => import('../pages/changes/changes-page.tsx').then(({ ChangesPage }) => ChangesPage),
  },
];

/** For those who are not signed in. */
export const loadSignIn = () => import('../pages/sign-in/sign-in-page.tsx').then(({ SignInPage }) => SignInPage);
export const loadSetUp = () => import('../pages/set-up/set-up-page.tsx').then(({ SetUpPage }) => SetUpPage);

export interface FoundPage extends PageProps {
  readonly load: () => Promise<Page>;
  readonly askEarly: PageEntry['askEarly'];
}

/** Undefined where there is no page. */
export function findPage(path: string): FoundPage | undefined {
  for (const { patterns, load, askEarly: ask } of PAGES) {
    for (const pattern of patterns) {
      const id = pattern.endsWith('/:') ? pathParameter(path, pattern) : path === pattern ? '' : undefined;
      if (id !== undefined) return { id, load, askEarly: ask };
    }
  }
  return undefined;
}
