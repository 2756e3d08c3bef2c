/** Learns from one capture in a process of its own; prints seconds and triples as JSON. */
import { CaptureLearner } from '../../src/services/learn-capture.ts';

async function main(): Promise<void> {
  const file = process.argv[2]!;
  const startedAtMs = performance.now();
  const learner = new CaptureLearner([file], {
    learner: {
      teach: 'matched',
      trustUnmatched: false,
      trustedResolvers: new Set(),
      resolverLinks: new Map(),
      insideNetworks: [],
      pending: { timeMs: 5000, size: 65_536 },
      glueWaitMs: 2000,
      clientQuota: 0,
      rulesOff: new Set(),
    },
    history: {
      ttlFloorSeconds: 60,
      ttlCapSeconds: 7 * 86_400,
      size: 1_000_000,
      keepMs: 7 * 86_400_000,
      staleMs: 0,
      isParentBound: true,
    },
    rootHints: [],
  });
  await learner.read(file);
  const { triples, packets } = await learner.finish();
  const seconds = (performance.now() - startedAtMs) / 1000;
  process.stdout.write(`${JSON.stringify({ seconds, triples, packets })}\n`);
}

main();
