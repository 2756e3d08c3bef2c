import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { insideWorld } from './scripts/world.mjs';
import { worldPool } from './test/support/world-pool.ts';

const SWITCH = 'test/switch/**/*.test.ts';
const MININET = 'test/mininet/**/*.test.ts';
/** They measure time or flood, and have the machine to themselves. */
const ALONE = [
  'test/switch/capture-rest.test.ts',
  'test/switch/mariadb-failures.test.ts',
  'test/mininet/failure-overload.test.ts',
];

/** Of two processors one would stand idle. */
const maxWorkers = Math.max(2, availableParallelism() - 1);
const oneAfterTheOther = { fileParallelism: false, maxWorkers: 1 };

/**
 * The parts that use the network: after the others have run, and with time to start servers. Each file has a private world
 * of its own, and one more of them is under way, for they wait more than they work; where no worlds can be made, all are in
 * the one network of the machine.
 */
const onTheNetwork = (groupOrder: number) => ({
  ...(insideWorld() ? { pool: worldPool, maxWorkers: maxWorkers + 1 } : oneAfterTheOther),
  testTimeout: 60_000,
  hookTimeout: 120_000,
  sequence: { groupOrder },
});

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers,
    // Kernels, servers and busy machines keep their own time: what fails once is tried again, and the report names it.
    retry: 1,
    reporters: ['./test/support/summary-reporter.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/*.test.ts'], testTimeout: 30_000 },
      },
      {
        extends: true,
        test: { name: 'scenario', include: ['test/scenario/**/*.test.ts'], testTimeout: 60_000 },
      },
      { extends: true, test: { name: 'switch', include: [SWITCH], exclude: ALONE, ...onTheNetwork(1) } },
      { extends: true, test: { name: 'mininet', include: [MININET], exclude: ALONE, ...onTheNetwork(1) } },
      { extends: true, test: { name: 'alone', include: ALONE, ...onTheNetwork(2), ...oneAfterTheOther } },
    ],
  },
});
