import { expect, it } from 'vitest';
import { readClockFacts } from '../../../src/doctor/clock-facts.ts';
import { clockFindings } from '../../../src/doctor/clock-findings.ts';

const okOf = (facts: Parameters<typeof clockFindings>[0]) => clockFindings(facts).map(({ ok }) => ok);
const NOW = Date.UTC(2026, 10, 21);

it.each([
  [NOW, true],
  [0, false],
  [Date.UTC(2025, 11, 31), false],
  [Date.UTC(2100, 0, 1), false],
  [Number.NaN, false],
  [1e300, false],
])('the time %f', (nowMs, ok) => {
  expect(okOf({ nowMs, synchronised: true })).toEqual([ok, true]);
});

it('says whether it is kept right, and why it does not know', () => {
  expect(okOf({ nowMs: NOW, synchronised: false })).toEqual([true, false]);
  const [, unknown] = clockFindings({ nowMs: NOW, synchronised: { unknown: 'no timedatectl' } });
  expect(unknown).toMatchObject({ ok: null, message: 'not known: no timedatectl' });
  for (const { ok, remedy } of clockFindings({ nowMs: 0, synchronised: false })) {
    expect(ok).toBe(false);
    expect(remedy).toContain('timedatectl set-ntp true');
  }
});

it('is read from this machine', async () => {
  const { nowMs, synchronised } = await readClockFacts({ nowMs: () => NOW });
  expect(nowMs).toBe(NOW);
  expect(typeof synchronised === 'boolean' || synchronised.unknown !== '').toBe(true);
});
