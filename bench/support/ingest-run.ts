/** Learns from one capture in a process of its own; prints seconds and triples as JSON. */
import { openStore, withStore } from '../../src/cli/open-store.ts';
import { defaultConfig } from '../../src/config/load.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { CaptureLearner } from '../../src/services/learn-capture.ts';
import type { Store } from '../../src/storage/store.ts';
import { StoreWriter } from '../../src/storage/store-writer.ts';

/** The capture is older than its records live: all of them are kept. */
const KEPT_MS = 100 * 365 * 86_400_000;

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
  const store = await storeFor(process.argv[3]);
  const writer = store === undefined ? undefined : writerFor(store, learner);
  await learner.read(file);
  const { triples, packets } = await learner.finish();
  await writer?.stop();
  const seconds = (performance.now() - startedAtMs) / 1000;
  const stored = (await store?.contents())?.triples ?? null;
  await store?.close();
  process.stdout.write(`${JSON.stringify({ seconds, triples, packets, stored })}\n`);
}

/** `target`: a file for SQLite, mysql://USER@HOST:PORT/DATABASE with its password in GLUEWALL_STORE_PASSWORD, or none. */
async function storeFor(target: string | undefined): Promise<Store | undefined> {
  return target === undefined ? undefined : openStore(withStore(defaultConfig(), target), silentLog);
}

/** Written while it is learned, as a running gluewall does. */
function writerFor(store: Store, learner: CaptureLearner): StoreWriter {
  const writer = new StoreWriter(systemClock, silentLog, store, learner.history, { flushMs: 100, keepMs: KEPT_MS });
  learner.history.subscribe({ changed: () => writer.changed() });
  return writer;
}

main();
