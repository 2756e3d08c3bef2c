import { inRepository } from './paths.mjs';
import { runCommand } from './run-command.mjs';
import { setUp } from './setup.mjs';
import { canMakeWorld, insideWorld, runInWorld } from './world.mjs';

/** npm test: every test, inside a private world when one can be made; arguments go to vitest. */
async function test() {
  await setUp({ for: 'test' });
  const vitest = inRepository('node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', ...process.argv.slice(2)];
  if (insideWorld() || canMakeWorld()) process.exit(await runInWorld([process.execPath, ...args]));
  process.exit(await runCommand(process.execPath, args));
}

test();
