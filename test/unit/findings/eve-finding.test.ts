import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eveFindingLine } from '../../../src/findings/eve-finding.ts';
import { eveFindingSchema } from '../../../src/findings/eve-finding-schema.ts';
import { anyFinding, FOUND_AT_MS, findingOf } from '../../support/findings.ts';

const CLOSED = { atMs: 5, by: 'alice', as: 'mistake', reason: 'no' } as const;

describe('news of a finding as a line of eve.json', () => {
  it('says what is new, in short', () => {
    const changes = [{ atMs: 5, by: 'alice', text: 'closed as mistake: no' }];
    const finding = findingOf('F-1', { state: 'closed', closed: CLOSED, changes, cases: ['one'] });
    expect(JSON.parse(eveFindingLine({ what: 'state', finding }))).toEqual({
      timestamp: '2026-01-15T11:30:00.000+0000',
      event_type: 'finding',
      src_ip: '192.0.2.66',
      finding: {
        id: 'F-1',
        news: 'state',
        kind: 'infected-host',
        subject: '192.0.2.66',
        state: 'closed',
        closed_as: 'mistake',
        by: 'alice',
        change: 'closed as mistake: no',
        score: 0.85,
        first: '2026-01-15T10:30:00.000+0000',
        last: new Date(FOUND_AT_MS).toISOString().replace('Z', '+0000'),
        hosts: ['192.0.2.66'],
        host_count: 1,
        reasons: [{ kind: 'beaconing', weight: 0.6, line: 'asked 198.51.100.7 every 300 s, 40 times', events: 40 }],
        cases: ['one'],
      },
    });
  });

  it('is what the schema says, one line, and cannot steer a terminal', () => {
    fc.assert(
      fc.property(anyFinding, fc.constantFrom('opened', 'state', 'risen', 'response'), (finding, what) => {
        const line = eveFindingLine({ what, finding });
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        expect(eveFindingSchema.safeParse(JSON.parse(line)).error).toBeUndefined();
      }),
    );
  });

  it('names some of many hosts, and how many there are', () => {
    const hosts = Array.from({ length: 500 }, (_, index) => `192.0.2.${index}`);
    const record = JSON.parse(eveFindingLine({ what: 'opened', finding: findingOf('F-1', { hosts }) }));
    expect(record).toMatchObject({ src_ip: null, finding: { host_count: 500, by: null } });
    expect(record.finding.hosts).toEqual(hosts.slice(0, 100));
  });
});
