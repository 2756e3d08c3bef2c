import { DurationHistogram } from '../../src/core/duration-histogram.ts';
import type { MetricSources } from '../../src/metrics/metric-sources.ts';

export const SWITCH_ID = '000000000000002a';

/** Sources in which every metric has a sample; `changes` take the place of some. */
export function metricFigures(changes: Partial<MetricSources> = {}): MetricSources {
  const verdictTimes = new DurationHistogram();
  for (const durationMs of [0.02, 0.3, 40, 9000]) verdictTimes.observe(durationMs);
  return {
    version: '1.2.3',
    config: () => ({
      hash: '0123456789ab',
      appliedAtMs: 1_768_000_000_000,
      last: 'applied',
      applied: 2,
      refused: 1,
    }),
    mode: () => ({
      groups: [
        { name: 'default', configured: 'enforce', inForce: 'monitor' },
        { name: 'lab', configured: 'monitor', inForce: 'monitor' },
      ],
      warmupLeftMs: 60_000,
      hasFallenBack: false,
      bypasses: [{ group: 'all', endsAtMs: 1_768_000_600_000 }],
      quarantines: 3,
    }),
    walk: () => ({
      verdicts: [
        { verdict: 'allow', reason: 'history', mode: 'enforce', count: 7 },
        { verdict: 'block', reason: 'unknown', mode: 'monitor', count: 3 },
      ],
      verdictTimes: verdictTimes.figures(),
      holdTimes: new DurationHistogram().figures(),
      heldPackets: 2,
      heldBytes: 180,
      holdsBegun: 10,
      holdsAllowed: 5,
      holdsMerged: 4,
      holdsRefused: 1,
      openings: { held: 1, bytes: 40, events: [['opened', 3]] },
      packetsReleased: 6,
      ignored: [['unreadable', 1]],
      queued: 11,
      dropped: 12,
      late: 13,
      queueBytes: 14,
    }),
    history: () => ({
      triples: 900,
      pastTriples: 50,
      capacity: 1000,
      addresses: 400,
      refused: 3,
      learnedAddresses: 500,
      expiredAddresses: 100,
      glueless: 2,
    }),
    learning: () => ({
      isComplete: true,
      lastLearnedAtMs: 1_768_000_000_000,
      capture: {
        isCapturing: true,
        receivedByKernel: 1000,
        droppedByKernel: 20,
        droppedByBackpressure: 1,
        observations: 900,
        restarts: 1,
      },
      isDnstapConnected: false,
      queries: 100,
      responsesMatched: 90,
      responsesUnmatched: 5,
      lessons: 60,
      refused: [['above-question', 4]],
      pendingQueries: 9,
      pendingCapacity: 65_536,
    }),
    controller: () => ({
      switches: [
        {
          datapathId: SWITCH_ID,
          peer: '192.0.2.1:4711',
          role: 'equal',
          hasMeters: true,
          flows: [
            { kind: 'allow', count: 40, budget: 100 },
            { kind: 'drop', count: 4, budget: 10 },
          ],
          flowEvents: [['allow flows', 44]],
          packetIns: 70,
          messages: 80,
          errors: 0,
        },
      ],
      capacity: 64,
      connections: [['accepted', 1]],
      errors: 0,
    }),
    losses: () => [
      { place: 'verdicts not logged', datapathId: undefined, count: 2 },
      { place: 'queries dropped by the meter', datapathId: SWITCH_ID, count: 3 },
    ],
    store: () => ({
      writtenTriples: 800,
      writtenEvents: 10,
      waitingTriples: 1,
      waitingEvents: 2,
      lostTriples: 0,
      lostEvents: 0,
      lastFlushAtMs: 1_768_000_000_000,
      failing: undefined,
      journalSaves: 0,
      journalBytes: 0,
    }),
    node: () => ({
      isUp: true,
      restarts: 1,
      requests: [
        { kind: 'traceback', outcome: 'granted', count: 4 },
        { kind: 'unknown', outcome: 'refused', count: 2 },
      ],
      problems: [['unknown-peer', 2]],
      peerFailures: [{ peer: 'node.example.net', reason: 'late', count: 1 }],
      answerTimes: verdictTimes.figures(),
      cases: [['open', 3]],
      auditRecords: 6,
      unaudited: 1,
      certificateExpiresAtMs: 1_800_000_000_000,
    }),
    queryLog: () => ({
      isKept: true,
      sources: [{ source: 'ns1', entries: 5, refused: 1, lost: 0, lastAtMs: 1_768_000_000_000, isFailing: false }],
    }),
    behaviour: () => ({
      isLooking: true,
      hosts: 120,
      pairs: 4000,
      groups: 1,
      events: [['query', 9000]],
      lost: [['log', 5]],
      rounds: 20,
      roundsSeconds: 1.5,
    }),
    openFindings: () => [['infected-host', 3]],
    quarantineRules: () => ({ begun: 2, refused: 1 }),
    rpz: () => ({
      serial: 1_768_000_000,
      entries: 12,
      leftOut: 1,
      requests: [
        ['transfer', 2],
        ['bad signature', 1],
      ],
      notifies: 3,
      notifiesUnanswered: 1,
      problem: undefined,
      failures: 0,
    }),
    policy: () => ({
      rules: [
        { id: 'r1', action: 'allow', origin: 'configuration', hits: 3 },
        { id: 'r2', action: 'deny', origin: 'command', hits: 0 },
      ],
      packs: [{ name: 'public-resolvers', entries: 120, refreshedAtMs: 1_768_000_000_000, isFailing: false }],
    }),
    ...changes,
  };
}
