import { describe, expect, it } from 'vitest';
import { accountOfEvents } from '../../../bench/support/event-account.ts';

const status = (verdicts: Record<string, number>, eventsLost: number, lostEvents = 0) => ({
  verdicts,
  eventsLost,
  store: { lostEvents },
});

describe('accountOfEvents', () => {
  it('finds none lost where the log took what its pace lets it take', () => {
    const verdicts = { allowed: 50_000, blocked: 49_000, 'would block': 1000, released: 50_000 };
    expect(accountOfEvents(status(verdicts, 100_000 - 8192 - 4000), 1000, 4)).toEqual({ lost: 0, beyondPace: 87_808 });
  });

  it('finds those that had room and are nowhere', () => {
    expect(accountOfEvents(status({ allowed: 100_000 }, 90_000), 1000, 4)).toEqual({ lost: 2192, beyondPace: 87_808 });
  });

  it('takes every event for lost below the pace', () => {
    expect(accountOfEvents(status({ blocked: 100 }, 3), 1000, 4)).toEqual({ lost: 3, beyondPace: 0 });
  });

  it('adds what the store lost', () => {
    expect(accountOfEvents(status({ blocked: 100 }, 0, 7), 1000, 4)).toEqual({ lost: 7, beyondPace: 0 });
  });
});
