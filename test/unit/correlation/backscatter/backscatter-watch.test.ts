import { describe, expect, it } from 'vitest';
import { type Address, parseAddress } from '../../../../src/core/address.ts';
import {
  type BackscatterOptions,
  BackscatterWatch,
  DEFAULT_BACKSCATTER,
} from '../../../../src/correlation/backscatter/backscatter-watch.ts';
import { parseName } from '../../../../src/dns/name.ts';
import {
  ATTACK_SHAPES,
  backscatterEvents,
  LOCAL_DOMAIN,
  MAIL_SERVER,
  type MailTraffic,
} from '../../../support/backscatter-log.ts';

const SERVER = parseAddress(MAIL_SERVER)!;
const START_MS = Date.UTC(2026, 7, 1);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WINDOW_MS = DEFAULT_BACKSCATTER.windowMs;
const LOCAL = parseName(LOCAL_DOMAIN)!;

function watch(
  traffic: MailTraffic,
  { codes = false, options = {} as Partial<BackscatterOptions>, named = true } = {},
) {
  const servers: readonly { address: Address; localDomains: readonly (typeof LOCAL)[] }[] = named
    ? [{ address: SERVER, localDomains: codes ? [] : [LOCAL] }]
    : [];
  const watched = new BackscatterWatch(servers, { ...DEFAULT_BACKSCATTER, localDomains: [LOCAL], ...options });
  for (const event of backscatterEvents(traffic, { codes })) watched.observe(event);
  watched.passTime(traffic.toMs + WINDOW_MS);
  return watched;
}

describe.each([
  ['by the rule of the paper', false, ['a', 'b']],
  ['by response codes', true, ['b']],
])('%s', (_, codes, seeds) => {
  it.each(ATTACK_SHAPES.flatMap((shape) => seeds.map((seed) => [shape, seed] as const)))(
    'an attack of shape %s is seen within two windows (seed %s)',
    (shape, seed) => {
      // Not where a window begins, and by day or by night.
      const fromMs = START_MS + (seed === 'a' ? 14 : 23) * HOUR_MS + 7 * 60_000;
      const toMs = fromMs + 2 * HOUR_MS;
      const attack = { shape, fromMs, toMs, perSecond: 3 };
      const watched = watch({ seed, fromMs: START_MS, toMs: toMs + HOUR_MS, attacks: [attack] }, { codes });
      const alarms = watched.alarms(SERVER);
      expect(alarms).toHaveLength(1);
      const alarm = alarms[0]!;
      expect(alarm.detectedMs - fromMs).toBeLessThanOrEqual(2 * WINDOW_MS);
      expect(Math.abs(alarm.startMs - fromMs)).toBeLessThanOrEqual(2 * 60_000);
      // The last pulse ends before the attack does.
      expect(Math.abs(alarm.endMs! - toMs)).toBeLessThanOrEqual((shape === 'pulses' ? 10 : 2) * 60_000);
      expect(alarm.peakMs).toBeGreaterThanOrEqual(fromMs - 60_000);
      expect(alarm.peakMs).toBeLessThan(toMs);
      expect(alarm.r2).toBeGreaterThan(0.9);
      expect(watched.found(toMs + HOUR_MS)).toHaveLength(1);
    },
  );

  it('thirty quiet days bring no alarm', () => {
    const seed = seeds[0]!;
    const at = (day: number, hour: number, hours: number) => {
      const fromMs = START_MS + day * DAY_MS + hour * HOUR_MS;
      return { fromMs, toMs: fromMs + hours * HOUR_MS };
    };
    const disturbances = [
      { kind: 'newsletter' as const, ...at(2, 10, 0.5) },
      { kind: 'newsletter' as const, ...at(9, 3, 2) },
      { kind: 'restart' as const, ...at(4, 22, 0.1) },
      { kind: 'restart' as const, ...at(15, 2, 0.5) },
      { kind: 'one-name' as const, ...at(6, 3, 5) },
      { kind: 'one-name' as const, ...at(20, 12, 24) },
    ];
    const traffic = { seed, fromMs: START_MS, toMs: START_MS + 30 * DAY_MS, perSecond: 0.08, disturbances };
    const watched = watch(traffic, { codes });
    expect(watched.alarms(SERVER)).toEqual([]);
  }, 60_000);
});

describe('BackscatterWatch', () => {
  const hour = (from: number, hours: number) => ({
    fromMs: START_MS + from * HOUR_MS,
    toMs: START_MS + (from + hours) * HOUR_MS,
  });
  const attacked: MailTraffic = {
    seed: 'w',
    ...hour(0, 14),
    attacks: [{ shape: 'waves', ...hour(10, 2), perSecond: 3 }],
  };

  it('tells of an attack while it goes on and for a day, with its reasons', () => {
    const watched = new BackscatterWatch([{ address: SERVER, localDomains: [LOCAL] }], DEFAULT_BACKSCATTER);
    const seen: (number | undefined)[] = [];
    for (const event of backscatterEvents(attacked)) {
      watched.observe(event);
      if (seen.length === 0 && watched.found(event.atMs).length > 0)
        seen.push(event.atMs, watched.alarms(SERVER)[0]!.endMs);
    }
    expect(seen[0]).toBeLessThan(START_MS + 10 * HOUR_MS + 2 * WINDOW_MS + 60_000);
    expect(seen[1]).toBeUndefined();
    const [found] = watched.found(START_MS + 14 * HOUR_MS);
    expect(found).toMatchObject({ kind: 'backscatter', subject: MAIL_SERVER, hosts: [MAIL_SERVER] });
    expect(found!.score).toBeGreaterThan(0.8);
    expect(found!.score).toBeLessThanOrEqual(1);
    expect(found!.reasons.map(({ kind }) => kind)).toEqual(['unresolvable-names', 'share', 'correlation']);
    expect(found!.reasons[0]!.line).toMatch(/rose from 0\.\d\d to \d\.\d\d a second at 2026-08-01T1[01]:\d\d/);
    expect(found!.reasons[2]!.line).toMatch(/R² = 0\.99\d/);
    expect(watched.found(START_MS + 40 * HOUR_MS)).toEqual([]);
  });

  it('finds the mail server by what it asks, and then its attack', () => {
    const watched = watch(attacked, { named: false });
    expect(watched.servers).toEqual([SERVER]);
    expect(watched.alarms(SERVER)).toHaveLength(1);
    expect(watch(attacked, { named: false, options: { findsServers: false } }).servers).toEqual([]);
  });

  it('judges nothing without response codes and without a local domain', () => {
    const watched = watch(attacked, { named: false, options: { localDomains: [] } });
    expect(watched.servers).toEqual([SERVER]);
    expect(watched.alarms(SERVER)).toEqual([]);
  });

  it('is not led astray by a source whose clock is wrong', () => {
    const watched = new BackscatterWatch([{ address: SERVER, localDomains: [LOCAL] }], DEFAULT_BACKSCATTER);
    const [first] = backscatterEvents(attacked);
    watched.observe({ ...first!, atMs: START_MS + 20 * DAY_MS });
    let tick = START_MS;
    for (const event of backscatterEvents(attacked)) {
      for (; tick <= event.atMs; tick += 30_000) watched.passTime(tick);
      watched.observe(event);
      if (event.atMs % 7 === 0) watched.observe({ ...event, atMs: event.atMs + DAY_MS });
      if (event.atMs % 7 === 1) watched.observe({ ...event, atMs: event.atMs - DAY_MS });
    }
    expect(watched.alarms(SERVER)).toHaveLength(1);
    expect(Math.abs(watched.alarms(SERVER)[0]!.startMs - (START_MS + 10 * HOUR_MS))).toBeLessThanOrEqual(120_000);
  });

  it('takes times without any log for unknown, not for quiet', () => {
    const quiet: MailTraffic = { seed: 'g', ...hour(0, 12) };
    const later: MailTraffic = { seed: 'h', ...hour(24 * 20, 12) };
    const watched = new BackscatterWatch([{ address: SERVER, localDomains: [LOCAL] }], DEFAULT_BACKSCATTER);
    for (const traffic of [quiet, later]) for (const event of backscatterEvents(traffic)) watched.observe(event);
    expect(watched.alarms(SERVER)).toEqual([]);
  });
});
