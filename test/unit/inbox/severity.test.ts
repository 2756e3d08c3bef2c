import { describe, expect, it } from 'vitest';
import { parseName } from '../../../src/dns/name.ts';
import type { Severity } from '../../../src/inbox/entry.ts';
import { severityOf, type WeighedEvent } from '../../../src/inbox/severity.ts';

const hint = { zone: parseName('example')!, nameServer: parseName('ns.example')!, expiresAtMs: 0 };
const UNKNOWN: WeighedEvent = { verdict: 'block', reason: 'unknown', hint: undefined, recursionDesired: undefined };

describe('severity', () => {
  it.each<[string, Partial<WeighedEvent>, Severity | undefined]>([
    ['of what a rule denies', { reason: 'denyRule', recursionDesired: false }, 'high'],
    ['of what a pack denies', { reason: 'denyPack' }, 'high'],
    ['of an unknown server asked to recurse', { recursionDesired: true }, 'high'],
    ['of an unknown server', { recursionDesired: false }, 'medium'],
    ['of an unknown server asked for what is not seen', {}, 'medium'],
    ['of a server that was known', { hint }, 'low'],
    ['of a server that was known and is asked to recurse', { hint, recursionDesired: true }, 'low'],
    ['of a server of other zones', { reason: 'notServed', hint }, 'medium'],
    ['of an authoritative server asked to recurse', { reason: 'recursionDesired', recursionDesired: true }, 'medium'],
    ['of a message that cannot be read', { reason: 'unreadable' }, 'medium'],
    ['of a server known too shortly', { reason: 'tooYoung', hint }, 'low'],
    ['of what was allowed', { verdict: 'allow', reason: 'history' }, undefined],
  ])('%s', (_what, changes, severity) => {
    expect(severityOf({ ...UNKNOWN, ...changes })).toBe(severity);
  });
});
