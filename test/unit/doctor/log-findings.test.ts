import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type LogFileFacts, logFindings, readLogFileFacts } from '../../../src/doctor/log-findings.ts';

const facts = (state: LogFileFacts['state']): LogFileFacts => ({ source: 'ns1', file: '/var/log/q.log', state });

describe('logFindings', () => {
  it.each([
    ['readable', true],
    ['missing', null],
    ['no file', false],
    ['forbidden', null],
  ] as const)('of a file that is %s, while no gluewall runs', (state, ok) => {
    const [finding] = logFindings([facts(state)], undefined);
    expect(finding).toMatchObject({ check: 'log-source', ok });
    expect(finding!.remedy === undefined).toBe(ok === true);
  });

  it.each(['readable', 'missing', 'no file', 'forbidden'] as const)(
    'believes the gluewall that runs, with a file that this user finds %s',
    (state) => {
      expect(logFindings([facts(state)], new Map())).toMatchObject([{ ok: true }]);
      const [finding] = logFindings([facts(state)], new Map([['ns1', '/var/log/q.log cannot be read (EACCES)']]));
      expect(finding).toMatchObject({ ok: false, message: 'ns1: /var/log/q.log cannot be read (EACCES)' });
      expect(finding!.remedy).toBeDefined();
    },
  );

  it('names the right that is missing where that is what the gluewall that runs says, else what to look at', () => {
    const remedyOf = (problem: string) => logFindings([facts('readable')], new Map([['ns1', problem]]))[0]!.remedy;
    expect(remedyOf('/var/log/q.log cannot be read (EACCES)')).toContain('setfacl -m u:gluewall:r /var/log/q.log');
    expect(remedyOf('/var/log/q.log looks like bind')).toContain('gluewall log detect /var/log/q.log');
  });

  it('tells of sources without a file, too', () => {
    expect(logFindings([], new Map([['campus', 'cannot be listened on']]))).toMatchObject([
      { ok: false, message: 'campus: cannot be listened on' },
    ]);
  });
});

it('readLogFileFacts looks at what is there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gluewall-doctor-'));
  writeFileSync(join(folder, 'q.log'), '');
  const states = ['q.log', 'none', '.'].map((name) => readLogFileFacts('ns1', join(folder, name)).state);
  rmSync(folder, { recursive: true });
  expect(states).toEqual(['readable', 'missing', 'no file']);
});
