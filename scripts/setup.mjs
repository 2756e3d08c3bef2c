import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { installDebianPackages } from './debian-packages.mjs';
import { inRepository, repositoryRoot } from './paths.mjs';
import { requireNode } from './require-node.mjs';
import { runHidden } from './run-command.mjs';

const LOCK_STAMP = inRepository('node_modules', '.gluewall-lock');
const BUILD_STAMP = inRepository('dist', '.stamp');
const BUILD_INPUTS = [
  'src',
  'mininet',
  'bench',
  'evaluation',
  'page',
  'tsconfig.json',
  'tsconfig.build.json',
  'package-lock.json',
];

/**
 * Makes this checkout ready, doing only what is missing and saying each thing it does in one line on stderr. Ends the
 * process with status 1 (130 after Ctrl-C) when something that is needed cannot be had.
 * @param {object} options
 * @param {'run' | 'test' | 'bench' | 'check'} options.for `run`: build tools, npm packages, build; `test`: also switches, Mininet
 *   and DNS servers; `bench`: also what is compared with; `check`: npm packages, and what building them takes
 */
export async function setUp(options) {
  requireNode();
  const wantsDebian = options.for === 'check' ? !existsSync(LOCK_STAMP) : true;
  const purpose = options.for === 'check' ? 'run' : options.for;
  const code = wantsDebian ? await installDebianPackages(purpose, say) : 0;
  if (code !== 0) fail('the Debian packages above could not be installed', code);
  await installNpmPackages();
  if (options.for !== 'check') await build();
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`gluewall: ${line}\n`);
}

/**
 * @param {string} line
 * @param {number} code of the command that failed; kept when a signal ended it
 * @returns {never}
 */
function fail(line, code) {
  say(line);
  process.exit(code > 128 ? code : 1);
}

async function installNpmPackages() {
  const lockHash = hashFiles([inRepository('package-lock.json')]);
  if (existsSync(LOCK_STAMP) && readFileSync(LOCK_STAMP, 'utf8') === lockHash) return;
  if (lstatSync(inRepository('node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) {
    fail(
      'node_modules is a link, and installing would empty the folder it leads to: remove the link, then try again',
      1,
    );
  }
  say('installing npm packages');
  const [command, ...prefix] = npmCommand();
  const args = [...prefix, 'ci', '--no-audit', '--no-fund'];
  const code = await runHidden(command, args, { env: npmEnvironment() });
  if (code !== 0) fail('npm ci failed (see above)', code);
  writeFileSync(LOCK_STAMP, lockHash);
}

/** @returns {[string, ...string[]]} */
function npmCommand() {
  const npm = process.env.npm_execpath;
  return npm && /\.[cm]?js$/.test(npm) ? [process.execPath, npm] : ['npm'];
}

/** With Node's headers on this machine, an add-on is built from those and nothing is downloaded. */
function npmEnvironment() {
  const env = { ...process.env };
  if (env.npm_config_nodedir === undefined && hasMatchingHeaders()) env.npm_config_nodedir = '/usr';
  return env;
}

function hasMatchingHeaders() {
  const file = '/usr/include/node/node_version.h';
  if (!existsSync(file)) return false;
  const text = readFileSync(file, 'utf8');
  const version = ['MAJOR', 'MINOR', 'PATCH'].map((part) => {
    const match = new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(text);
    return match ? match[1] : '?';
  });
  return version.join('.') === process.versions.node;
}

async function build() {
  const sources = buildInputs();
  const sourceHash = hashFiles(sources);
  if (existsSync(BUILD_STAMP) && readFileSync(BUILD_STAMP, 'utf8') === sourceHash) return;
  say('building');
  // A file whose source is gone must not stay behind and be loaded.
  rmSync(inRepository('dist'), { recursive: true, force: true });
  const tool = (/** @type {string} */ name) => inRepository('node_modules', '.bin', name);
  for (const [command, ...args] of [
    [tool('tsc'), '-p', 'tsconfig.build.json'],
    [tool('vite'), 'build', '--config', 'page/vite.config.ts'],
  ]) {
    const code = await runHidden(/** @type {string} */ (command), args);
    if (code !== 0) fail('the build failed (see above)', code);
  }
  writeFileSync(BUILD_STAMP, sourceHash);
}

function buildInputs() {
  const files = [];
  for (const name of BUILD_INPUTS) {
    const path = inRepository(name);
    if (!existsSync(path)) continue;
    if (statSync(path).isDirectory()) files.push(...filesBelow(path));
    else files.push(path);
  }
  return files.sort();
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  const files = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) files.push(...filesBelow(path));
    else if (/\.(ts|tsx|css|html|svg|json)$/.test(entry.name)) files.push(path);
  }
  return files;
}

/**
 * @param {readonly string[]} files
 * @returns {string} sha256 over their paths and contents, hex
 */
function hashFiles(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = readFileSync(file);
    hash.update(`${relative(repositoryRoot, file)}\0${content.length}\0`);
    hash.update(content);
  }
  return hash.digest('hex');
}
