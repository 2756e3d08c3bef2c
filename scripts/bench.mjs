import { existsSync, readdirSync } from 'node:fs';
import { inRepository } from './paths.mjs';
import { runCommand } from './run-command.mjs';
import { setUp } from './setup.mjs';
import { runInWorld } from './world.mjs';

/** They make interfaces or servers, and not among those of the machine. */
const IN_WORLD = ['capture', 'first-query', 'traceback'];

/** npm run bench -- NAME [OPTION...]: one program of bench/, which is told the options. */
async function bench() {
  const [name, ...args] = process.argv.slice(2);
  if (name === undefined || !/^[a-z0-9-]+$/.test(name)) {
    const names = readdirSync(inRepository('bench')).filter((file) => file.endsWith('.ts'));
    const known = names.map((file) => file.slice(0, -3)).join(', ');
    process.stderr.write(`usage: npm run bench -- NAME [--json] [OPTION...]    (NAME is one of: ${known})\n`);
    process.exit(2);
  }
  if (!existsSync(inRepository('bench', `${name}.ts`))) {
    process.stderr.write(`gluewall: there is no bench/${name}.ts\n`);
    process.exit(2);
  }
  await setUp({ for: 'bench' });
  const program = inRepository('dist', 'bench', `${name}.js`);
  const run = IN_WORLD.includes(name)
    ? runInWorld([process.execPath, program, ...args])
    : runCommand(process.execPath, [program, ...args]);
  process.exit(await run);
}

bench();
