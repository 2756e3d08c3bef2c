import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { inRepository } from './paths.mjs';
import { runCommand } from './run-command.mjs';

/** Own network, mounts and process ids; the first process's end, or ours, ends all that run inside. */
const UNSHARE = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** True in a process that already runs inside a private world. */
export function insideWorld() {
  return process.env.GLUEWALL_WORLD === '1';
}

/** Whether this machine lets us make a private world; tries it. */
export function canMakeWorld() {
  const tried = spawnSync('unshare', [...UNSHARE, 'true'], { stdio: 'ignore', timeout: 10_000 });
  return tried.status === 0;
}

/**
 * Runs a command in a private world: its own network with only loopback up, its own /run and temporary folder, its own
 * process ids. Everything started inside ends with the command, and also when this process is killed. Inside a world
 * it just runs the command.
 * @param {readonly [string, ...string[]]} command
 * @returns {Promise<number>} the exit code
 */
export function runInWorld(command) {
  if (insideWorld()) return runCommand(command[0], command.slice(1));
  const { program, args, env } = worldCommand(command);
  return runCommand(program, args, { env: { ...process.env, ...env }, terminate: endWorld });
}

/**
 * What to start so that a command runs in a new private world, which ends with the process that starts it; a world
 * inside another is as private.
 * @param {readonly string[]} command
 * @returns {{ program: string, args: string[], env: Record<string, string> }} `env` is what the environment needs, too
 */
export function worldCommand(command) {
  const world = ['unshare', ...UNSHARE, '/bin/sh', inRepository('scripts', 'world.sh')];
  return { program: 'setpriv', args: ['--pdeathsig', 'KILL', ...world, ...command], env: { GLUEWALL_WORLD: '1' } };
}

/**
 * Kills a world's first process, and with it all others. unshare, which waits for it, ends when the last is gone.
 * @param {number} pid unshare's, which itself ignores SIGTERM
 */
function endWorld(pid) {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    process.kill(children.length > 0 ? Number(children[0]) : pid, 'SIGKILL');
  } catch (_) {
    // It has ended in this very moment.
  }
}
