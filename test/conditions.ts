/**
 * Why a part of the tests may be left out on some machine: this file is the only place that knows. A test names what it
 * needs; where that is missing, the test is reported as skipped with the reason in its name.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a test may need from the machine. */
export type Condition =
  | 'root'
  | 'namespaces'
  | 'openVswitch'
  | 'shared'
  | 'zsh'
  | 'fish'
  | 'tshark'
  | 'mariadb'
  | 'promtool'
  | 'systemdAnalyze'
  | 'systemd'
  | 'browser';

interface ConditionCheck {
  /** Said when the condition does not hold. */
  readonly reason: string;
  /** Whether a test that runs now has what it needs. */
  holds(): boolean;
  /** Whether this machine could give it, asked anew: a skip is only honest where it could not. */
  possible(): boolean;
}

/** The folder of data shared between projects, beside the repository. */
export const sharedFolder = join(dirname(dirname(fileURLToPath(import.meta.url))), '..', 'shared');

const isRoot = () => process.getuid?.() === 0;
const hasOpenVswitch = () => runs('ovs-vswitchd', ['--version']) && runs('ovsdb-server', ['--version']);
const hasZsh = () => runs('zsh', ['--version']);
const hasFish = () => runs('fish', ['--version']);
const hasTshark = () => runs('tshark', ['--version']);
const hasMariadb = () => runs('mariadbd', ['--version']);
const hasPromtool = () => runs('promtool', ['--version']);
const hasBrowser = () => runs('chromium', ['--version']);
const hasShared = () => existsSync(sharedFolder);
const hasSystemdAnalyze = () => runs('systemd-analyze', ['--version']);
const hasSystemd = () =>
  existsSync('/lib/systemd/systemd') && runs('unshare', ['--mount', '--cgroup', '/bin/sh', '-e', '-c', CGROUP_TRIAL]);

/** Whether a cgroup can be made and a folder be written over in memory, as a systemd of the tests' own needs. */
const CGROUP_TRIAL = `
mount -t tmpfs tmpfs /mnt
mkdir /mnt/cgroup /mnt/upper /mnt/work
mount -t overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work overlay /etc
mount -t cgroup2 cgroup2 /mnt/cgroup
mkdir /mnt/cgroup/gluewall-trial-$$
rmdir /mnt/cgroup/gluewall-trial-$$
`;

const checks: Readonly<Record<Condition, ConditionCheck>> = {
  root: { reason: 'not root', holds: isRoot, possible: isRoot },
  namespaces: {
    reason: 'not in a private network namespace (npm test makes one where root may)',
    holds: () => process.env.GLUEWALL_WORLD === '1',
    possible: () => runs('unshare', ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'true']),
  },
  openVswitch: { reason: 'no Open vSwitch', holds: hasOpenVswitch, possible: hasOpenVswitch },
  zsh: { reason: 'no zsh', holds: hasZsh, possible: hasZsh },
  fish: { reason: 'no fish', holds: hasFish, possible: hasFish },
  tshark: { reason: 'no tshark', holds: hasTshark, possible: hasTshark },
  mariadb: { reason: 'no MariaDB server', holds: hasMariadb, possible: hasMariadb },
  promtool: { reason: 'no promtool', holds: hasPromtool, possible: hasPromtool },
  systemdAnalyze: { reason: 'no systemd-analyze', holds: hasSystemdAnalyze, possible: hasSystemdAnalyze },
  systemd: {
    reason: 'no systemd that could be started in a cgroup of its own',
    holds: hasSystemd,
    possible: hasSystemd,
  },
  browser: { reason: 'no Chromium', holds: hasBrowser, possible: hasBrowser },
  shared: { reason: 'no ../shared folder', holds: hasShared, possible: hasShared },
};

/** The reason why these conditions do not all hold here; undefined when they do. */
export function missing(...needs: readonly Condition[]): string | undefined {
  const reasons = needs.filter((need) => !checks[need].holds()).map((need) => checks[need].reason);
  return reasons.length === 0 ? undefined : reasons.join(', ');
}

/** The name of the test that stands in for skipped ones. */
export function skippedName(reason: string): string {
  return `skipped: ${reason}`;
}

/** The reason in a stand-in's name; undefined for any other name. */
export function skippedReason(testName: string): string | undefined {
  return testName.startsWith('skipped: ') ? testName.slice('skipped: '.length) : undefined;
}

/** Whether a reason for a skip is true of this machine: every condition it names is one that cannot be had here. */
export function isHonest(reason: string): boolean {
  const named = Object.values(checks).filter((check) => reason.includes(check.reason));
  return named.length > 0 && named.every((check) => !check.possible());
}

function runs(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 10_000 }).status === 0;
}
