import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { repositoryRoot } from './paths.mjs';

/** What of a hidden command's output is kept to be shown when it fails. */
const KEPT_OUTPUT_BYTES = 256 * 1024;

/** @type {readonly NodeJS.Signals[]} */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const ENDS_ITSELF_MS = 3000;
const KILL_AFTER_MS = 10_000;

/**
 * @typedef {object} CommandOptions
 * @property {NodeJS.ProcessEnv} [env] the whole environment; ours when left out
 * @property {(pid: number) => void} [terminate] ends the command when we are told to end; SIGTERM when left out
 */

/**
 * The exit code a shell would report for a process that ended so.
 * @param {number | null} code
 * @param {string | null} signal
 */
function exitCode(code, signal) {
  if (code !== null) return code;
  const numbers = /** @type {Record<string, number>} */ (constants.signals);
  return 128 + ((signal && numbers[signal]) || 0);
}

/**
 * Runs a command with our own terminal and answers its exit code (127 when it cannot be started). SIGINT is not
 * sent on at once, because a terminal sends it to both of us; a command that outlives a signal by 10 s is killed.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {CommandOptions} [options]
 * @returns {Promise<number>}
 */
export function runCommand(command, args, options = {}) {
  const child = spawn(command, args, { cwd: repositoryRoot, env: options.env || process.env, stdio: 'inherit' });
  return endOf(child, options);
}

/**
 * Runs a command and hides what it says, unless it fails: then its last lines go to stderr.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {CommandOptions} [options]
 * @returns {Promise<number>} its exit code
 */
export async function runHidden(command, args, options = {}) {
  const { code, output } = await runCollected(command, args, options);
  if (code !== 0) process.stderr.write(output.endsWith('\n') ? output : `${output}\n`);
  return code;
}

/**
 * Runs a command and answers its exit code with what it wrote to stdout and stderr (the last 256 KiB of it).
 * @param {string} command
 * @param {readonly string[]} args
 * @param {CommandOptions} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function runCollected(command, args, options = {}) {
  const child = spawn(command, args, {
    cwd: repositoryRoot,
    env: options.env || process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  /** @param {string} text */
  const keep = (text) => {
    output = (output + text).slice(-KEPT_OUTPUT_BYTES);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  child.once('error', (error) => keep(`${error.message}\n`));
  const code = await endOf(child, options);
  return { code, output };
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {CommandOptions} options
 * @returns {Promise<number>}
 */
function endOf(child, options) {
  const terminate = options.terminate || (() => child.kill('SIGTERM'));
  /** @type {NodeJS.Signals | undefined} */
  let received;
  /** @type {NodeJS.Timeout[]} */
  const timers = [];
  /** @param {NodeJS.Signals} signal */
  const onSignal = (signal) => {
    if (received !== undefined || child.pid === undefined) return;
    const { pid } = child;
    received = signal;
    // After Ctrl-C the terminal has told the command itself; it gets a moment to end in its own way.
    timers.push(setTimeout(() => terminate(pid), signal === 'SIGINT' ? ENDS_ITSELF_MS : 0));
    timers.push(setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS));
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return new Promise((resolve) => {
    /** @param {number} code */
    const end = (code) => {
      for (const timer of timers) clearTimeout(timer);
      for (const signal of SIGNALS) process.removeListener(signal, onSignal);
      resolve(received === undefined ? code : exitCode(null, received));
    };
    child.once('error', () => end(127));
    child.once('close', (code, signal) => end(exitCode(code, signal)));
  });
}
