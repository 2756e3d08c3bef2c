import type { HostEvent } from '../../correlation/host-event.ts';

/** Where events come from. */
export type EventSource = 'border' | 'client' | 'dnstap' | 'gate' | 'log';

interface Sight {
  readonly source: EventSource;
  readonly atMs: number;
}

/** Clocks of this machine and of those that write logs differ by no more, and logs have whole seconds. */
const SAME_MS = 5000;
const MAX_SIGHTS = 65_536;

/**
 * Tells what one source has told already from what is new: a query may pass a capture, and stand in the log of the resolver, too. What
 * one source tells twice happened twice. Of more than it can remember the older half is forgotten.
 */
export class SeenTwice {
  #young = new Map<string, Sight>();
  #old = new Map<string, Sight>();

  /** Whether another source has told of it; if not, it is remembered. */
  isAgain(source: EventSource, event: HostEvent): boolean {
    if (event.kind !== 'query' && event.kind !== 'answer') return false;
    // What goes past the resolver is no query to it again, nor one to another server.
    const path = event.isDirect ? event.server : '';
    const key = `${event.kind}${event.type} ${event.host} ${path} ${event.name}`;
    const sight = this.#young.get(key) ?? this.#old.get(key);
    const isKnown = sight !== undefined && sight.source !== source && Math.abs(sight.atMs - event.atMs) <= SAME_MS;
    if (isKnown) return true;
    if (this.#young.size >= MAX_SIGHTS / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, { source, atMs: event.atMs });
    return false;
  }
}
