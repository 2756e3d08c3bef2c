import { describe, expect, it } from 'vitest';
import type { BotGroup, Candidate } from '../../../../src/correlation/bot-group.ts';
import { groupFindings } from '../../../../src/correlation/groups/group-findings.ts';
import { addressOf, nameOf } from '../../../support/observations.ts';

function candidate(last: number, changes: Partial<Candidate> = {}): Candidate {
  return {
    role: 'c2',
    address: addressOf(`203.0.113.${last}`),
    name: undefined,
    ports: [443],
    score: 0.9,
    contactedBy: [addressOf('198.18.0.1'), addressOf('198.18.0.2')],
    suspects: 2,
    others: 0,
    firstAtMs: 1000,
    lastAtMs: 5000,
    reasons: [],
    ...changes,
  };
}

function groupWith(...candidates: readonly Candidate[]): BotGroup {
  return {
    id: 'G-aaaa',
    sinceMs: 1000,
    lastAtMs: 5000,
    score: 0.9,
    hosts: [1, 2].map((host) => ({ host: addressOf(`198.18.0.${host}`), score: 0.8, matches: 3 })),
    features: [],
    matches: [],
    candidates,
    victims: [],
    changes: [],
  };
}

const scores = (...candidates: readonly Candidate[]) => {
  return groupFindings([groupWith(...candidates)]).flatMap(({ kind, score }) => (kind === 'bot-group' ? [] : [score]));
};

describe('groupFindings', () => {
  it('is the less sure of a server the more others are about as likely', () => {
    const [alone] = scores(candidate(1));
    expect(alone).toBeGreaterThan(0.8);
    const decoys = scores(...Array.from({ length: 16 }, (_, index) => candidate(index)));
    expect(decoys).toHaveLength(16);
    for (const score of decoys) expect(score).toBeCloseTo(alone! / 4);
  });

  it('counts no rivals that are unlikely, of the other role, or may be the same server', () => {
    const [alone] = scores(candidate(1));
    expect(scores(candidate(1), candidate(2, { score: 0.2 }))).toEqual([alone]);
    expect(scores(candidate(1), candidate(2, { role: 'download' }))).toEqual([alone, alone]);
    const named = candidate(2, { address: undefined, name: nameOf('k1.evil.example') });
    expect(scores(candidate(1), named)).toEqual([alone, alone]);
  });

  it('says nothing of a group that is known from before, and not found since', () => {
    expect(groupFindings([groupWith()])).toEqual([]);
  });

  it('says that a whole domain stands for the names below it', () => {
    const lines = (name: string) => {
      const found = groupFindings([groupWith(candidate(1, { name: nameOf(name) }))]);
      return found.find(({ kind }) => kind === 'c2-server')!.reasons.map(({ line }) => line);
    };
    expect(lines('evil.example')).toContain('hosts came to it by the name evil.example, or names below it');
    expect(lines('k1.evil.example')).toContain('hosts came to it by the name k1.evil.example');
  });
});
