import { inRepository } from './paths.mjs';
import { runCollected } from './run-command.mjs';
import { setUp } from './setup.mjs';

/** @param {string} name */
function tool(name) {
  return inRepository('node_modules', '.bin', name);
}

/** @type {readonly { name: string, command: string, args: string[] }[]} */
const CHECKS = [
  { name: 'style (biome)', command: tool('biome'), args: ['check', '--error-on-warnings'] },
  { name: 'types (tsc)', command: tool('tsc'), args: ['--noEmit'] },
  { name: 'types of the page (tsc)', command: tool('tsc'), args: ['--noEmit', '-p', 'page'] },
  {
    name: 'architecture',
    command: tool('vitest'),
    args: ['run', '--project', 'unit', 'test/architecture.test.ts', 'test/page-architecture.test.ts'],
  },
  { name: 'unused (knip)', command: tool('knip'), args: [] },
];

/** npm run check: every check, each on its own line with its time; all of them run even when one fails. */
async function check() {
  await setUp({ for: 'check' });
  let failures = 0;
  for (const { name, command, args } of CHECKS) {
    const startedAtMs = Date.now();
    const { code, output } = await runCollected(command, args);
    if (code > 128) process.exit(code);
    const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
    process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} ${seconds} s\n`);
    if (code === 0) continue;
    failures++;
    process.stdout.write(output);
  }
  process.exit(failures === 0 ? 0 : 1);
}

check();
