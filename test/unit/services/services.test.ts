import { describe, expect, it } from 'vitest';
import { parseAddress, parseNetwork } from '../../../src/core/address.ts';
import { parseName } from '../../../src/dns/name.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import { AllowList } from '../../../src/policy/allow-list.ts';
import { createServices, formatInstant } from '../../../src/services/services.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const server = parseAddress('192.0.2.53')!;
const teacher = parseAddress('198.51.100.1')!;
const atMs = Date.UTC(2026, 10, 21, 2, 0, 0, 250);

function services(isEnforcing: boolean) {
  const clock = new VirtualClock(atMs);
  const history = new NsHistory(clock, { ttlFloorSeconds: 60, ttlCapSeconds: 86400, size: 10 });
  history.learn({
    zone: parseName('corp.example')!,
    nameServer: parseName('ns1.corp.example')!,
    address: server,
    nsTtlSeconds: 7200,
    glueTtlSeconds: 3600,
    trust: 'high',
    teacher,
    queryAtMs: atMs - 10,
    queryId: 4711,
    queryName: parseName('www.corp.example')!,
    responseAtMs: atMs,
  });
  const allowList = new AllowList([], 1);
  return createServices({
    history,
    allowList,
    insideNetworks: [parseNetwork('203.0.113.0/24')!],
    trustedResolvers: [parseAddress('203.0.113.53')!, parseAddress('198.51.100.53')!],
    isEnforcing: () => isEnforcing,
    status: () => ({ up: true }),
  });
}

describe('lookup', () => {
  it('has the columns of Ichise et al., table I', () => {
    expect(services(true).lookup(server)).toEqual({
      address: '192.0.2.53',
      known: true,
      expires: '2026-11-21T03:00:00.250Z',
      triples: [
        {
          zone: 'corp.example',
          nameServer: 'ns1.corp.example',
          address: '192.0.2.53',
          origin: 'learned',
          trust: 'high',
          nsTtlSeconds: 7200,
          glueTtlSeconds: 3600,
          firstSeen: '2026-11-21T02:00:00.250Z',
          lastSeen: '2026-11-21T02:00:00.250Z',
          expires: '2026-11-21T03:00:00.250Z',
          taughtBy: {
            server: '198.51.100.1',
            queryName: 'www.corp.example',
            queryId: 4711,
            queryTime: '2026-11-21T02:00:00.240Z',
            responseTime: '2026-11-21T02:00:00.250Z',
          },
        },
      ],
    });
  });

  it('answers for an unknown address', () => {
    expect(services(true).lookup(teacher)).toEqual({
      address: '198.51.100.1',
      known: false,
      expires: null,
      triples: [],
    });
  });
});

describe('check', () => {
  it('gives the verdict that a query would get, and whether it is carried out', () => {
    expect(services(true).check(server)).toMatchObject({ verdict: 'allow', reason: 'history', enforced: true });
    expect(services(true).check(teacher).message).toBe('198.51.100.1 is unknown and block');
    expect(services(false).check(teacher).message).toBe('198.51.100.1 is unknown and would block');
  });
});

describe('check of what no verdict is asked for', () => {
  it.each([
    ['203.0.113.53', 'trustedResolver', '203.0.113.53 is a trusted resolver and pass'],
    ['198.51.100.53', 'trustedResolver', '198.51.100.53 is a trusted resolver and pass'],
    ['203.0.113.7', 'inside', '203.0.113.7 is inside and pass'],
  ])('%s passes as %s', (address, reason, message) => {
    expect(services(true).check(parseAddress(address)!)).toMatchObject({ verdict: 'allow', reason, message });
  });
});

describe('the allow-list', () => {
  it('is changed within its size', () => {
    const { allowAdd, allowRemove, check } = services(true);
    expect(allowAdd(teacher)).toEqual({ address: '198.51.100.1', outcome: 'added' });
    expect(check(teacher)).toMatchObject({ verdict: 'allow', reason: 'allowList' });
    expect(allowAdd(teacher).outcome).toBe('present');
    expect(allowAdd(server).outcome).toBe('full');
    expect(allowRemove(teacher).outcome).toBe('removed');
    expect(allowRemove(teacher).outcome).toBe('absent');
  });
});

it('an instant is ISO 8601 in UTC with milliseconds, or null when it never comes', () => {
  expect(formatInstant(atMs)).toBe('2026-11-21T02:00:00.250Z');
  expect(formatInstant(Number.POSITIVE_INFINITY)).toBeNull();
});
