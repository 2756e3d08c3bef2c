import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SystemFacts } from '../../../src/doctor/system-facts.ts';
import {
  interfaceFindings,
  nodeFinding,
  OLDEST_NODE,
  packageFindings,
  programFindings,
  rightsFinding,
} from '../../../src/doctor/system-findings.ts';

const facts = (changes: Partial<SystemFacts>): SystemFacts => ({
  nodeVersion: '20.19.0',
  packages: new Map(),
  programs: new Map(),
  hasNetRaw: true,
  userId: 0,
  interfaces: [],
  ...changes,
});

describe('nodeFinding', () => {
  it.each(['20.19.0', '20.19.5', '20.20.0', '22.0.0', '100.1.0'])('%s will do', (version) => {
    expect(nodeFinding(version)).toEqual({ check: 'node', ok: true, message: `Node.js ${version}` });
  });

  it.each(['20.18.9', '18.20.0', '9.99.0', '0.0.0'])('%s is too old', (version) => {
    expect(nodeFinding(version)).toMatchObject({ ok: false, remedy: expect.stringContaining('install Node.js 20.19') });
  });

  it('wants what package.json wants', () => {
    const { engines } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8'));
    expect(engines.node).toBe(`>=${OLDEST_NODE}`);
  });
});

describe('packageFindings', () => {
  it('says for each whether it loads, and what needs it', () => {
    const packages = new Map([
      ['pcap', { ok: true } as const],
      ['better-sqlite3', { ok: false, problem: 'NODE_MODULE_VERSION 115' } as const],
    ]);
    expect(packageFindings(packages)).toEqual([
      { check: 'package-pcap', ok: true, message: 'pcap loads' },
      {
        check: 'package-better-sqlite3',
        ok: false,
        message: 'better-sqlite3 does not load, and the store needs it: NODE_MODULE_VERSION 115',
        remedy: expect.stringContaining('npm rebuild'),
      },
    ]);
  });
});

describe('programFindings', () => {
  it('setpriv is needed, ovs-vsctl only for bridges of this machine', () => {
    const missing = programFindings(
      new Map([
        ['setpriv', false],
        ['ovs-vsctl', false],
      ]),
    );
    expect(missing.map(({ check, ok }) => [check, ok])).toEqual([
      ['program-setpriv', false],
      ['program-ovs-vsctl', null],
    ]);
    for (const { remedy } of missing) expect(remedy).toContain('apt install');
    const there = programFindings(
      new Map([
        ['setpriv', true],
        ['ovs-vsctl', true],
      ]),
    );
    expect(there.every(({ ok }) => ok)).toBe(true);
  });
});

describe('rightsFinding', () => {
  it.each([
    [{ hasNetRaw: true, userId: 1000 }, false, true],
    [{ hasNetRaw: false, userId: 1000 }, false, false],
    [{ hasNetRaw: false, userId: 0 }, false, false],
    [{ hasNetRaw: undefined }, false, null],
    [{ hasNetRaw: false, userId: 1000 }, true, true],
  ])('%o, capturing %s', (changes, isCapturing, ok) => {
    const finding = rightsFinding(facts(changes), isCapturing);
    expect(finding.ok).toBe(ok);
    if (ok === false) expect(finding.remedy).toContain('AmbientCapabilities=CAP_NET_RAW');
  });
});

describe('interfaceFindings', () => {
  it('one for each', () => {
    const findings = interfaceFindings(
      [
        { name: 'eth0', exists: true, isUp: true },
        { name: 'eth1', exists: true, isUp: false },
        { name: 'eth2', exists: false, isUp: undefined },
        { name: 'eth3', exists: true, isUp: undefined },
      ],
      false,
    );
    expect(findings.map(({ ok, remedy }) => [ok, remedy])).toEqual([
      [true, undefined],
      [false, 'ip link set eth1 up'],
      [false, expect.stringContaining('ip link')],
      [null, undefined],
    ]);
  });

  it('none at all is a mistake', () => {
    expect(interfaceFindings([], false)).toEqual([
      expect.objectContaining({ ok: false, remedy: expect.stringContaining('outside.ports') }),
    ]);
  });

  it('none is right where something else is learned from', () => {
    expect(interfaceFindings([], true)).toEqual([expect.objectContaining({ ok: true })]);
  });
});
