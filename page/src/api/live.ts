/** What the console tells of itself: server-sent events, taken up again where they broke off (`Last-Event-ID`). */
import { useEffect } from 'preact/hooks';
import type { EntryView } from '../../../src/services/inbox-view.ts';
import type { OverviewView } from '../../../src/services/overview.ts';
import { loadSession } from '../frame/session.ts';
import { Shared, useShared } from '../frame/shared.ts';
import { apiPath, consoleNowMs } from './client.ts';

export type LiveState =
  | { readonly state: 'joining' }
  | { readonly state: 'live' }
  /** Since when nothing is heard, by the clock of the console. */
  | { readonly state: 'lost'; readonly sinceMs: number };

export type Now = OverviewView['now'];

/** Changed entries; with a `count` of more than come along, the list must be loaded anew. */
interface EntriesMessage {
  readonly entries: readonly EntryView[];
  readonly count: number;
  readonly change: number;
}

export interface EntriesListener {
  onEntries(entries: readonly EntryView[]): void;
  /** Some were not told: what is shown must be loaded again. */
  onMissed(): void;
}

/** The console says something at least every 15 seconds, which a browser does not tell; `now` comes every 5. */
const SILENCE_MS = 20_000;
const AGAIN_MS = 3_000;

const state = new Shared<LiveState>({ state: 'joining' });
const now = new Shared<Now | undefined>(undefined);
const listeners = new Set<EntriesListener>();
let users = 0;
let source: EventSource | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Whether the page hears of changes as they are; keeps the stream open while the part is shown. */
export function useLive(): LiveState {
  useOpenStream();
  return useShared(state);
}

/** How things stand now; undefined until the console has said it. */
export function useNow(): Now | undefined {
  useOpenStream();
  return useShared(now);
}

/** Tells of changed entries of the inbox, until the function that comes back is called. */
export function listenToEntries(listener: EntriesListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function useOpenStream(): void {
  useEffect(() => {
    users++;
    if (users === 1) open();
    return () => {
      users--;
      if (users === 0) close();
    };
  }, []);
}

function open(): void {
  source = new EventSource(apiPath('/live'));
  source.addEventListener('open', onHeard);
  source.addEventListener('error', onError);
  source.addEventListener('now', (event) => {
    onHeard();
    now.set(parse<Now>(event) ?? now.value);
  });
  source.addEventListener('entries', (event) => {
    onHeard();
    const message = parse<EntriesMessage>(event);
    if (message === undefined || message.count > message.entries.length) return tellMissed();
    for (const listener of listeners) listener.onEntries(message.entries);
  });
  source.addEventListener('lost', tellMissed);
  source.addEventListener('end', () => {
    source?.close();
    void loadSession();
  });
  listenForSilence();
}

function close(): void {
  clearTimeout(timer);
  source?.close();
  source = undefined;
  state.set({ state: 'joining' });
  now.set(undefined);
}

function onHeard(): void {
  if (state.value.state !== 'live') state.set({ state: 'live' });
  listenForSilence();
}

function onError(): void {
  noteLost();
  // A browser goes on by itself after a broken line; after a refusal it does not, and where it was is forgotten.
  if (source?.readyState !== EventSource.CLOSED) return;
  beginAnew();
}

function beginAnew(): void {
  clearTimeout(timer);
  source?.close();
  timer = setTimeout(() => {
    if (users === 0) return;
    void loadSession();
    open();
    tellMissed();
  }, AGAIN_MS);
}

function listenForSilence(): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    noteLost();
    beginAnew();
  }, SILENCE_MS);
}

function noteLost(): void {
  if (state.value.state !== 'lost') state.set({ state: 'lost', sinceMs: consoleNowMs() });
}

function tellMissed(): void {
  for (const listener of listeners) listener.onMissed();
}

function parse<T>(event: Event): T | undefined {
  try {
    return JSON.parse((event as MessageEvent<string>).data) as T;
  } catch {
    return undefined;
  }
}
