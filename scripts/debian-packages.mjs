import { existsSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { runCollected, runHidden } from './run-command.mjs';

/** What the packet capture add-on needs to be built. */
const RUN_PACKAGES = ['libpcap-dev', 'python3', 'make', 'g++', 'util-linux'];

/** What the tests and the demo need besides: switches, Mininet, real DNS servers, a browser and the tools around them. */
const TEST_PACKAGES = [
  'openvswitch-switch',
  'mininet',
  'nsd',
  'unbound',
  'bind9',
  'dnsmasq-base',
  'bind9-dnsutils',
  'dnsperf',
  'ethtool',
  'iproute2',
  'iputils-ping',
  'procps',
  'zsh',
  'fish',
  'tshark',
  'mariadb-server',
  'systemd',
  'prometheus',
  'chromium',
];

/** What benchmarks compare with, and the network of one of them. */
const BENCH_PACKAGES = [
  'tcpdump',
  'openvswitch-switch',
  'mininet',
  'nsd',
  'unbound',
  'bind9-dnsutils',
  'dnsperf',
  'ethtool',
  'iproute2',
  'procps',
  'sqlite3',
  'mariadb-server',
  'chromium',
];

const PACKAGES = {
  run: RUN_PACKAGES,
  test: [...RUN_PACKAGES, ...TEST_PACKAGES],
  bench: [...RUN_PACKAGES, ...BENCH_PACKAGES],
};

const POLICY_FILE = '/usr/sbin/policy-rc.d';
const POLICY_TEXT =
  '#!/bin/sh\n# Put here by the gluewall set-up while packages are installed: start no service.\nexit 101\n';

/**
 * Installs the Debian packages that are missing, without starting their services. When that cannot be done (not root,
 * not Debian) it names them in one line and goes on: what really needs one fails, or skips, with its own reason.
 * @param {'run' | 'test' | 'bench'} purpose
 * @param {(line: string) => void} say
 * @returns {Promise<number>} 0, or the exit code of an installation that was tried and failed
 */
export async function installDebianPackages(purpose, say) {
  const wanted = PACKAGES[purpose];
  if (!isDebian()) {
    say(`this is not Debian: see to it that these are there: ${wanted.join(' ')}`);
    return 0;
  }
  const missing = await missingPackages(wanted);
  if (missing.length === 0) return 0;
  if (process.getuid?.() !== 0) {
    say(`not root, so these stay missing (install them with: apt-get install ${missing.join(' ')})`);
    return 0;
  }
  say(`installing Debian packages: ${missing.join(' ')}`);
  return withoutServices(() => aptInstall(missing, say));
}

function isDebian() {
  try {
    return /^ID(_LIKE)?=.*\bdebian\b/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch (_) {
    return false;
  }
}

/**
 * @param {readonly string[]} wanted
 * @returns {Promise<string[]>}
 */
async function missingPackages(wanted) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders are dpkg's.
  const format = '${db:Status-Abbrev} ${Package}\\n';
  const { output } = await runCollected('dpkg-query', ['-W', '-f', format, ...wanted]);
  const installed = new Set();
  for (const line of output.split('\n')) {
    const [status, name] = line.trim().split(/\s+/);
    if (status === 'ii' || status === 'hi') installed.add(name);
  }
  return wanted.filter((name) => !installed.has(name));
}

/**
 * @param {readonly string[]} names
 * @param {(line: string) => void} say
 */
async function aptInstall(names, say) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const wait = ['-o', 'DPkg::Lock::Timeout=120'];
  const install = [...wait, 'install', '-y', '-q', '--no-install-recommends', ...names];
  if (hasPackageLists()) {
    const { code } = await runCollected('apt-get', install, { env });
    if (code === 0 || code > 128) return code;
  }
  say('fetching the Debian package lists');
  const code = await runHidden('apt-get', [...wait, 'update', '-q'], { env });
  return code === 0 ? runHidden('apt-get', install, { env }) : code;
}

function hasPackageLists() {
  try {
    return readdirSync('/var/lib/apt/lists').some((name) => name.includes('_Packages'));
  } catch (_) {
    return false;
  }
}

/**
 * Runs an action while Debian's policy-rc.d forbids every service start. An administrator's own file stays as it is.
 * @template T
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
async function withoutServices(action) {
  const ours = !existsSync(POLICY_FILE) || readFileSync(POLICY_FILE, 'utf8') === POLICY_TEXT;
  const remove = () => {
    if (ours && existsSync(POLICY_FILE)) unlinkSync(POLICY_FILE);
  };
  if (ours) writeFileSync(POLICY_FILE, POLICY_TEXT, { mode: 0o755 });
  process.once('exit', remove);
  try {
    return await action();
  } finally {
    remove();
    process.removeListener('exit', remove);
  }
}
