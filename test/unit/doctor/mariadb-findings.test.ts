import { describe, expect, it } from 'vitest';
import { type MariadbFacts, mariadbFindings } from '../../../src/doctor/mariadb-findings.ts';

const WELL: MariadbFacts = {
  place: 'MariaDB database gluewall at 127.0.0.1:3306 (user gluewall)',
  schemaVersion: 1,
  problem: undefined,
  isLocal: true,
  hasTls: false,
  journalBytes: 0,
};
const verdicts = (facts: Partial<MariadbFacts>) => mariadbFindings({ ...WELL, ...facts }).map(({ ok }) => ok);

describe('a MariaDB store', () => {
  it('is well where it answers', () => {
    expect(verdicts({})).toEqual([true, true, true]);
    expect(verdicts({ schemaVersion: 0 })).toEqual([true, true, true]);
    expect(verdicts({ isLocal: false, hasTls: true })).toEqual([true, true, true]);
  });

  it('is not where it cannot be asked, and says why', () => {
    const [finding] = mariadbFindings({ ...WELL, schemaVersion: undefined, problem: 'it refuses us' });
    expect(finding).toMatchObject({ ok: false, message: 'it refuses us' });
  });

  it('is not safe over a network without TLS', () => {
    expect(verdicts({ isLocal: false })).toEqual([true, false, true]);
  });

  it('says what waits in the journal', () => {
    expect(mariadbFindings({ ...WELL, journalBytes: 4711 })[2]).toMatchObject({
      ok: null,
      message: expect.stringContaining('4711'),
    });
  });
});
