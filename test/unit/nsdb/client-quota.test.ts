import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/core/address.ts';
import { ClientQuota } from '../../../src/nsdb/client-quota.ts';
import { addressOf } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const CLIENTS = ['192.0.2.1', '192.0.2.2', '2001:db8::1'].map(addressOf) as [Address, Address, Address];

describe('ClientQuota', () => {
  it('has room until the minute has as many as it may, and again in the next', () => {
    const clock = new VirtualClock();
    const quota = new ClientQuota(clock, 3);
    const [client] = CLIENTS;
    quota.charge(client, 2);
    expect(quota.hasRoom(client)).toBe(true);
    clock.advance(30_000);
    quota.charge(client, 1);
    expect(quota.hasRoom(client)).toBe(false);
    clock.advance(29_999);
    expect(quota.hasRoom(client)).toBe(false);
    clock.advance(1);
    expect(quota.hasRoom(client)).toBe(true);
  });

  it('counts nothing when any number may come, nor for a response that brought nothing', () => {
    const clock = new VirtualClock();
    const free = new ClientQuota(clock, 0);
    free.charge(CLIENTS[0], 1e9);
    expect(free.hasRoom(CLIENTS[0])).toBe(true);
    const quota = new ClientQuota(clock, 1);
    quota.charge(CLIENTS[0], 0);
    clock.advance(59_999);
    quota.charge(CLIENTS[0], 1);
    clock.advance(1);
    // The minute began with the first triple.
    expect(quota.hasRoom(CLIENTS[0])).toBe(false);
  });

  it('forgets the client that was counted first when there are too many', () => {
    const quota = new ClientQuota(new VirtualClock(), 1);
    const clientAt = (index: number) => index as Address;
    for (let index = 0; index < 65_536; index++) quota.charge(clientAt(index), 1);
    expect(quota.hasRoom(clientAt(0))).toBe(false);
    quota.charge(clientAt(65_536), 1);
    expect(quota.hasRoom(clientAt(0))).toBe(true);
    expect(quota.hasRoom(clientAt(1))).toBe(false);
    expect(quota.hasRoom(clientAt(65_536))).toBe(false);
  });

  it('behaves as a count for each client and minute', () => {
    const step = fc.record({
      client: fc.constantFrom(...CLIENTS),
      count: fc.nat({ max: 4 }),
      waitMs: fc.constantFrom(0, 1, 20_000, 59_999, 60_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 8 }), (steps, perMinute) => {
        const clock = new VirtualClock();
        const quota = new ClientQuota(clock, perMinute);
        const model = new Map<Address, { beganAtMs: number; count: number }>();
        for (const { client, count, waitMs } of steps) {
          clock.advance(waitMs);
          const held = model.get(client);
          const isOver = held === undefined || clock.nowMs() - held.beganAtMs >= 60_000;
          expect(quota.hasRoom(client)).toBe(isOver || held.count < perMinute);
          quota.charge(client, count);
          if (count === 0) continue;
          if (isOver) model.set(client, { beganAtMs: clock.nowMs(), count });
          else held.count += count;
        }
      }),
    );
  });
});
