import { pathToFileURL } from 'node:url';
import { inRepository } from './paths.mjs';
import { setUp } from './setup.mjs';

/** npm start: the firewall in this very process, so that signals and the exit code are its own. */
async function start() {
  await setUp({ for: 'run' });
  const main = inRepository('dist', 'src', 'cli', 'main.js');
  process.argv.splice(1, 1, main, 'run');
  await import(pathToFileURL(main).href);
}

start();
