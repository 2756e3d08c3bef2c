/** What a user has set for this browser. */
import { Shared, useShared } from './shared.ts';

export interface Settings {
  /** How instants are written. */
  readonly times: 'utc' | 'local';
  /** Whether keys without Ctrl, Alt or Meta do anything (WCAG 2.2, 2.1.4). */
  readonly hasKeys: boolean;
}

const PLACE = 'gluewall-settings';
const FIRST: Settings = { times: 'utc', hasKeys: true };

const kept = new Shared<Settings>(readSettings());

export function useSettings(): Settings {
  return useShared(kept);
}

export function currentSettings(): Settings {
  return kept.value;
}

export function changeSettings(changes: Partial<Settings>): void {
  kept.set({ ...kept.value, ...changes });
  try {
    localStorage.setItem(PLACE, JSON.stringify(kept.value));
  } catch {
    // A browser that keeps nothing has them until the page is left.
  }
}

/** Settings from what is kept; whatever is damaged is as at first. */
export function parseSettings(text: string | null): Settings {
  try {
    const { times, hasKeys } = JSON.parse(text ?? '{}') as Partial<Record<keyof Settings, unknown>>;
    return { times: times === 'local' ? 'local' : FIRST.times, hasKeys: hasKeys !== false };
  } catch {
    return FIRST;
  }
}

function readSettings(): Settings {
  try {
    return parseSettings(localStorage.getItem(PLACE));
  } catch {
    return FIRST;
  }
}
