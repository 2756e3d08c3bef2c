/** Learns from one capture in a process of its own; prints seconds and triples as JSON. */
import { openCaptureSource } from '../../src/capture/container/capture-source.ts';
import { CaptureLearner } from '../../src/services/learn-capture.ts';

async function main(): Promise<void> {
  const learner = new CaptureLearner({
    learner: {
      teach: 'matched',
      trustUnmatched: false,
      trustedResolvers: new Set(),
      pending: { timeMs: 5000, size: 65_536 },
      awaitingGlue: { timeMs: 2000, size: 65_536 },
    },
    history: { ttlFloorSeconds: 60, ttlCapSeconds: 7 * 86_400, size: 10_000_000 },
    rootHints: [],
  });
  const startedAtMs = performance.now();
  await learner.read(await openCaptureSource(process.argv[2]!));
  learner.finish();
  const seconds = (performance.now() - startedAtMs) / 1000;
  const { triples, packets } = learner.summary();
  process.stdout.write(`${JSON.stringify({ seconds, triples, packets })}\n`);
}

main();
