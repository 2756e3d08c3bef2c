import { describe, expect, it } from 'vitest';
import { captureFilter, sessionDirections } from '../../../src/capture/capture-filter.ts';

describe('captureFilter', () => {
  it('looks both ways on a port, each in a session of its own', () => {
    expect(sessionDirections('port')).toEqual(['outbound', 'inbound']);
    expect(sessionDirections('networks')).toEqual(['both']);
  });

  it('asks for the server port on the far side', () => {
    expect(captureFilter('outbound')).toMatch(/^outbound and \(.*udp dst port 53 or tcp dst port 53/);
    expect(captureFilter('inbound')).toMatch(/^inbound and \(.*udp src port 53 or tcp src port 53/);
    expect(captureFilter('both')).toMatch(/^\(.*udp port 53 or tcp port 53/);
  });

  it('lets later fragments of IPv4 and extension headers of IPv6 through, in its direction only', () => {
    for (const direction of ['outbound', 'inbound'] as const) {
      expect(captureFilter(direction)).toMatch(new RegExp(`^${direction} and \\(.*\\)$`));
      for (const part of captureFilter(direction).split('vlan')) {
        expect(part).toContain('(ip and (ip[9] = 17 or ip[9] = 6) and ip[6:2] & 0x1fff != 0)');
        expect(part).toContain('ip6[6] = 44');
      }
    }
  });

  it('has twins for one and two VLAN tags behind all that counts without', () => {
    for (const direction of ['outbound', 'inbound', 'both'] as const) {
      const [untagged, one, two, ...more] = captureFilter(direction).split('vlan');
      expect(more).toEqual([]);
      for (const part of [untagged, one, two]) expect(part).toMatch(/udp .*tcp .*ip6/);
    }
  });
});
