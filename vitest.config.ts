import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/**
 * The parts that use the network: one file after the other, with time to start servers, and after the others have run,
 * so that the machine is theirs.
 */
const onTheNetwork = (groupOrder: number) => ({
  fileParallelism: false,
  maxWorkers: 1,
  testTimeout: 60_000,
  hookTimeout: 120_000,
  sequence: { groupOrder },
});

export default defineConfig({
  test: {
    pool: 'forks',
    // Of two processors one would stand idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: ['./test/support/summary-reporter.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/*.test.ts'], testTimeout: 15_000 },
      },
      { extends: true, test: { name: 'scenario', include: ['test/scenario/**/*.test.ts'], testTimeout: 30_000 } },
      { extends: true, test: { name: 'switch', include: ['test/switch/**/*.test.ts'], ...onTheNetwork(1) } },
      { extends: true, test: { name: 'mininet', include: ['test/mininet/**/*.test.ts'], ...onTheNetwork(2) } },
    ],
  },
});
