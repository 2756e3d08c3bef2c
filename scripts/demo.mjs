import { inRepository } from './paths.mjs';
import { setUp } from './setup.mjs';
import { canMakeWorld, insideWorld, runInWorld } from './world.mjs';

/** npm run demo: the firewall in front of a small Internet of real servers, inside a private world. */
async function demo() {
  await setUp({ for: 'test' });
  if (!insideWorld() && !canMakeWorld()) {
    process.stderr.write('gluewall: the demo needs its own network namespace: run it as root on Linux\n');
    process.exit(1);
  }
  const main = inRepository('dist', 'mininet', 'demo.js');
  process.exit(await runInWorld([process.execPath, main, ...process.argv.slice(2)]));
}

demo();
