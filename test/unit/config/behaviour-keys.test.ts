import { describe, expect, it } from 'vitest';
import { contradictions } from '../../../src/config/contradictions.ts';
import { configDifference, liveConfig } from '../../../src/config/difference.ts';
import { looksAtHosts } from '../../../src/config/effective.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { parseName } from '../../../src/dns/name.ts';

const config = (given: object = {}) => configSchema.parse(given);
const inside = { networks: ['192.0.2.0/24'] };
const problems = (given: object) => contradictions(config(given)).map(({ path, problem }) => [path.join('.'), problem]);

describe('the keys below behaviour', () => {
  it('have us look where there is an inside, unless told otherwise', () => {
    expect(looksAtHosts(config())).toBe(false);
    expect(looksAtHosts(config({ inside }))).toBe(true);
    expect(looksAtHosts(config({ inside, behaviour: { enabled: false } }))).toBe(false);
    expect(looksAtHosts(config({ behaviour: { enabled: true } }))).toBe(true);
  });

  it('have defaults', () => {
    expect(config().behaviour).toEqual({
      client_side: { interfaces: [], dnstap: false },
      hosts: 100_000,
      pairs: 10_000_000,
      half_life: 6 * 3_600_000,
      min_score: 0.8,
      round: 30_000,
      mail_servers: [],
    });
  });

  it.each([
    ['hosts', { hosts: 0 }],
    ['pairs', { pairs: 20_000_001 }],
    ['half_life', { half_life: '59s' }],
    ['min_score', { min_score: 1.01 }],
    ['round', { round: '500ms' }],
    ['mail_servers', { mail_servers: [{ address: 'mail.example' }] }],
    ['client_side', { client_side: { interfaces: ['a-name-that-is-too-long'] } }],
  ])('refuse a bad %s', (key, behaviour) => {
    const issues = configSchema.safeParse({ behaviour }).error?.issues ?? [];
    expect(issues[0]?.path.slice(0, 2)).toEqual(['behaviour', key]);
  });

  it.each([
    [
      'an inside',
      { behaviour: { client_side: { interfaces: ['eth1'] } } },
      'behaviour.client_side.interfaces',
      'inside.networks',
    ],
    [
      'another interface than that of the border',
      { inside, capture: { interfaces: ['eth1'] }, behaviour: { client_side: { interfaces: ['eth0', 'eth1'] } } },
      'behaviour.client_side.interfaces.1',
      'captured already',
    ],
    [
      'each interface once',
      { inside, behaviour: { client_side: { interfaces: ['eth0', 'eth0'] } } },
      'behaviour.client_side.interfaces.1',
      'there already',
    ],
    [
      'dnstap',
      { inside, behaviour: { client_side: { dnstap: true } } },
      'behaviour.client_side.dnstap',
      'dnstap.listen',
    ],
    [
      'each mail server once',
      { behaviour: { mail_servers: [{ address: '192.0.2.25' }, { address: '192.0.2.25' }] } },
      'behaviour.mail_servers.1.address',
      'there already',
    ],
    ['zones that are not everything', { inside: { zones: ['example.org', '.'] } }, 'inside.zones.1', 'everybody'],
  ])('need %s', (_what, given, path, words) => {
    const found = problems(given);
    expect(found.map(([place]) => place)).toEqual([path]);
    expect(found[0]![1]).toContain(words);
  });

  it('are taken up as far as that goes while gluewall runs', () => {
    const before = config({ inside });
    const after = config({
      inside: { ...inside, zones: ['Example.ORG'] },
      behaviour: { min_score: 0.9, round: '10s', hosts: 5, mail_servers: [{ address: '192.0.2.25' }] },
    });
    const differences = configDifference(before, after);
    expect(differences.filter(({ isLive }) => !isLive).map(({ path }) => path)).toEqual(['behaviour.hosts']);
    const live = liveConfig(before, after);
    expect(live.behaviour).toMatchObject({ min_score: 0.9, round: 10_000, hosts: 100_000 });
    expect(live.behaviour.mail_servers).toHaveLength(1);
    expect(live.inside.zones).toEqual([parseName('example.org')]);
  });
});
