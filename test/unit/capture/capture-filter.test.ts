import { describe, expect, it } from 'vitest';
import { captureFilter, SNAP_OCTETS, sessionDirections } from '../../../src/capture/capture-filter.ts';

describe('captureFilter', () => {
  it('looks both ways on a port, each in a session of its own', () => {
    expect(sessionDirections('port')).toEqual(['outbound', 'inbound']);
    expect(sessionDirections('networks')).toEqual(['both']);
  });

  it('asks for the server port on the far side', () => {
    expect(captureFilter('outbound', 'usual')).toMatch(
      /^outbound and less 1920 and \(.*udp dst port 53 or tcp dst port 53/,
    );
    expect(captureFilter('inbound', 'usual')).toMatch(
      /^inbound and less 1920 and \(.*udp src port 53 or tcp src port 53/,
    );
    expect(captureFilter('both', 'usual')).toMatch(/^less 1920 and \(.*udp port 53 or tcp port 53/);
  });

  it('lets later fragments of IPv4 and extension headers of IPv6 through, in its direction only', () => {
    for (const direction of ['outbound', 'inbound'] as const) {
      expect(captureFilter(direction, 'usual')).toMatch(new RegExp(`^${direction} and less 1920 and \\(.*\\)$`));
      for (const part of captureFilter(direction, 'usual').split('vlan')) {
        expect(part).toContain('(ip and (ip[9] = 17 or ip[9] = 6) and ip[6:2] & 0x1fff != 0)');
        expect(part).toContain('ip6[6] = 44');
      }
    }
  });

  it('has every frame seen in one session and whole', () => {
    expect(captureFilter('inbound', 'large')).toBe(
      captureFilter('inbound', 'usual').replace('less 1920', 'greater 1921'),
    );
    expect(SNAP_OCTETS.usual).toBeGreaterThanOrEqual(1920 + 4);
    expect(SNAP_OCTETS.large).toBe(65_535);
  });

  it('has twins for one and two VLAN tags behind all that counts without', () => {
    for (const direction of ['outbound', 'inbound', 'both'] as const) {
      const [untagged, one, two, ...more] = captureFilter(direction, 'usual').split('vlan');
      expect(more).toEqual([]);
      for (const part of [untagged, one, two]) expect(part).toMatch(/udp .*tcp .*ip6/);
    }
  });
});
