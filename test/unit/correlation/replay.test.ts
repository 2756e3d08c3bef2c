import { describe, expect, it, vi } from 'vitest';
import { type Address, parseAddress, parseNetwork } from '../../../src/core/address.ts';
import { DEFAULT_CORRELATION } from '../../../src/correlation/correlation-options.ts';
import { Correlator } from '../../../src/correlation/correlator.ts';
import type { HostEvent } from '../../../src/correlation/host-event.ts';
import { Replay } from '../../../src/correlation/replay.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2025, 10, 21);
const SITE = { insideNetworks: [parseNetwork('192.0.2.0/24')!], trustedResolvers: [], mailServers: [] };
const at = (text: string): Address => parseAddress(text)!;

function syn(atMs: number, host: Address, number = 0): HostEvent {
  const destination = at(`198.18.${(number >> 8) & 255}.${number & 255}`);
  return { kind: 'syn', atMs, host, mac: undefined, hostPort: 1, destination, port: 445 };
}

/** One host tries an address each second. */
const scan = Array.from({ length: 3000 }, (_, number) => syn(START_MS + number * 1000, at('192.0.2.66'), number));
const scanner = { kind: 'infected-host', subject: '192.0.2.66' };

function outcomeOf(events: readonly HostEvent[], latestMs?: number) {
  const replay = new Replay(DEFAULT_CORRELATION, SITE, latestMs);
  for (const event of events) replay.observe(event);
  return replay.finish();
}

describe('Replay', () => {
  it.each([
    ['forward', 400 * DAY_MS],
    ['back', -400 * DAY_MS],
  ])('finds what there is beside lines with a clock far %s, wherever they are', (_, jumpMs) => {
    const [plain] = outcomeOf(scan).found;
    const wrong = syn(START_MS + jumpMs, at('192.0.2.9'));
    expect(plain).toMatchObject(scanner);
    for (const place of [0, 1, 1500, 2999, 3000]) {
      const { found, tooLate } = outcomeOf(scan.toSpliced(place, 0, wrong));
      expect({ place, tooLate, found }).toMatchObject({ tooLate: 0, found: [scanner] });
      expect(found[0]!.score, `at ${place}`).toBeGreaterThan(plain!.score * 0.9);
    }
  });

  it('leaves out, and counts, what is later than it can be', () => {
    const late = [1, 2].map((days) => syn(START_MS + days * DAY_MS, at('192.0.2.9')));
    const outcome = outcomeOf([...late, ...scan, ...late], START_MS + DAY_MS - 1);
    expect(outcome).toMatchObject({ events: scan.length, tooLate: 4, lastAtMs: scan.at(-1)!.atMs, found: [scanner] });
  });

  it('looks once before a gap, and not again and again in it', () => {
    const round = vi.spyOn(Correlator.prototype, 'round');
    outcomeOf([...scan.slice(0, 100), syn(START_MS + 30 * DAY_MS, at('192.0.2.9'))]);
    expect(round.mock.calls).toEqual([[START_MS + 99_000], [START_MS + 30 * DAY_MS]]);
    round.mockRestore();
  });

  it('does not judge all hosts for each line of a clock that jumps', () => {
    const round = vi.spyOn(Correlator.prototype, 'round');
    const many = Array.from({ length: 1000 }, (_, host) => ({ ...syn(START_MS, at('192.0.2.1')), mac: host + 1 }));
    const crowd = many.map((event, host) => ({ ...event, host: at(`192.0.2.${host & 255}`) }));
    outcomeOf([...crowd, ...crowd.map((event, line) => ({ ...event, atMs: START_MS + (line % 2) * DAY_MS }))]);
    expect(round.mock.calls.length).toBeLessThan(1000 / 50);
    round.mockRestore();
  });
});
