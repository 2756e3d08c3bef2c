import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { TimeSource } from '../core/clock.ts';
import type { ClockFacts } from './clock-findings.ts';

const TIMEOUT_MS = 3000;
/** Made by systemd-timesyncd once it has set the clock. */
const TIMESYNC_MARK = '/run/systemd/timesync/synchronized';

export async function readClockFacts(clock: TimeSource): Promise<ClockFacts> {
  return { nowMs: clock.nowMs(), synchronised: await readSynchronised() };
}

function readSynchronised(): Promise<ClockFacts['synchronised']> {
  const args = ['show', '--property=NTPSynchronized', '--value'];
  return new Promise((resolve) => {
    execFile('timedatectl', args, { timeout: TIMEOUT_MS }, (error, stdout) => {
      const said = stdout.trim();
      if (error === null && (said === 'yes' || said === 'no')) resolve(said === 'yes');
      else if (existsSync(TIMESYNC_MARK)) resolve(true);
      else resolve({ unknown: 'timedatectl does not say whether NTP keeps the clock right' });
    });
  });
}
