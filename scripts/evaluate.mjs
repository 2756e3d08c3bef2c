import { inRepository } from './paths.mjs';
import { runCommand } from './run-command.mjs';
import { setUp } from './setup.mjs';

/** npm run evaluate -- [OPTION...]: evaluation/evaluate.ts, which is told the options. */
async function evaluate() {
  await setUp({ for: 'bench' });
  const program = inRepository('dist', 'evaluation', 'evaluate.js');
  process.exit(await runCommand(process.execPath, [program, ...process.argv.slice(2)]));
}

evaluate();
