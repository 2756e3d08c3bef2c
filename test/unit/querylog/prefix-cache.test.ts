import { describe, expect, it } from 'vitest';
import { takePrefix } from '../../../src/querylog/line-prefix.ts';
import { PrefixCache } from '../../../src/querylog/prefix-cache.ts';
import { SourceTime } from '../../../src/querylog/source-time.ts';
import { linesOf, serverLog } from '../../support/server-logs.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 19);
const clock = () =>
  new SourceTime({
    zone: 'Europe/Vienna',
    nowMs: () => NOW_MS,
  });

describe('PrefixCache', () => {
  it.each([
    'dnsmasq-2.90.log',
    'dnsmasq-2.90-extra.log',
    'unbound-1.17.1.log',
    'unbound-1.17.1-replies-tagged.log',
    'pdns-recursor-4.8.8.log',
  ])('gives for each line of %s what takePrefix gives', (name) => {
    const [time, ownTime] = [clock(), clock()];
    const cache = new PrefixCache(time);
    for (const line of linesOf(serverLog(name)).map((octets) => octets.toString('latin1'))) {
      expect(cache.take(line)).toEqual(takePrefix(line, ownTime));
    }
    expect(time.lastMs).toBe(ownTime.lastMs);
  });

  it('reads anew what begins with a time alone, and what was no time', () => {
    const cache = new PrefixCache(clock());
    const lines = [
      'Nov 21 12:00:00 ',
      'Nov 21 12:00:00 ns1 unbound[7]: a',
      'Nov 21 12:00:00 ns1 unbound[7]: b',
      'Feb 30 12:00:00 ns1 unbound[7]: c',
      'Feb 30 12:00:00 ns1 unbound[7]: d',
      'unbound[7]: e',
      'unbound[7]: f',
    ];
    for (const line of lines) expect(cache.take(line), line).toEqual(takePrefix(line, clock()));
  });
});
