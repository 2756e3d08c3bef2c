import type { Case } from '../../src/traceback/cases/case.ts';
import { numbered } from './audit-entries.ts';
import { reportedHost, reportOf } from './scripted-node.ts';

/** A case of spoofed packets with one host named, and one gap. */
export function endedCase(): Case {
  const path = ['destination.example.net', 'source.example.net'];
  return {
    version: 1,
    id: numbered(1001),
    state: 'open',
    node: 'victim.example.net',
    question: {
      name: 'www.example.org',
      at: '2026-11-20T12:00:05.000Z',
      source: '192.0.2.7',
      window: { beforeMs: 5000, afterMs: 1000 },
      method: 'oblivious',
      commandAndControl: true,
      timeLimitMs: 30_000,
      by: 'operator',
    },
    openedAt: '2026-11-20T13:00:00.000Z',
    endedAt: '2026-11-20T13:00:01.000Z',
    step: 'ended',
    outcome: 'hosts named',
    detail: '1 host named by 1 source, the most likely 192.0.2.50 (80 %); 1 gap',
    confirmation: {
      outcome: 'spoofed',
      words: 'others asked for the name at 1 source, the address did not',
      verdicts: [{ path, verdict: 'no match' }],
    },
    ground: { confirmed: 'spoofed' },
    hosts: [
      {
        address: '192.0.2.50',
        name: 'host-50',
        confidence: 0.8,
        paths: [path],
        expected: 0.01,
        chance: 0.001,
        queries: 2,
        firstAt: '2026-11-20T12:00:03.000Z',
        lastAt: '2026-11-20T12:00:04.000Z',
        cases: [],
        reasons: ['1 host asked for the name in the window, 0.01 expected by chance'],
      },
    ],
    reports: [reportOf('source.example.net', [reportedHost('192.0.2.50', 0.8)], 3)],
    suspects: [
      {
        path,
        names: [
          {
            name: 'c2.example',
            score: 17.5,
            hosts: ['192.0.2.50'],
            cases: 1,
            clients: 0,
            beforeMs: 4000,
            answers: ['198.51.100.9'],
            reasons: ['asked by 0 of 240 other clients in 24 h'],
          },
        ],
      },
    ],
    gaps: [{ reason: 'unknown server', server: '203.0.113.53', detail: 'no peer speaks for it' }],
    isComplete: false,
    exchanges: [
      {
        kind: 'traceback',
        request: numbered(7),
        sentAt: '2026-11-20T13:00:00.500Z',
        timeLimitMs: 20_000,
        endedAt: '2026-11-20T13:00:00.700Z',
      },
    ],
  };
}
