/** Controllers of others, and whether they are on this machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryPath } from '../../mininet/repository-path.ts';
import type { Bench } from './bench-program.ts';
import { type Peer, startNode, startOnPort } from './peer.ts';

/** A controller that can be started, or why it cannot. */
export type Candidate = { readonly start: () => Promise<Peer> } | { readonly missing: string };

/** The floor: `bench/support/bare-loop.ts`. */
export function bareLoop(bench: Bench): Promise<Peer> {
  return startNode([repositoryPath('dist', 'bench', 'support', 'bare-loop.js')], Number, bench.signal);
}

/** `ovs-testcontroller`: a learning switch in C, which answers what it cannot place with a packet_out. */
export function testcontroller(bench: Bench): Candidate {
  const command = 'ovs-testcontroller';
  if (spawnSync(command, ['--version'], { stdio: 'ignore' }).error !== undefined) {
    return { missing: `${command} is not installed; on Debian: apt-get install openvswitch-testcontroller` };
  }
  const folder = mkdtempSync(join(bench.folder, 'testcontroller-'));
  const args = (port: number) => [
    '--protocols=OpenFlow13',
    '--verbose=ANY:syslog:off',
    `--unixctl=${join(folder, 'control')}`,
    `ptcp:${port}:127.0.0.1`,
  ];
  return { start: () => startOnPort(command, args, bench.signal) };
}

/** A firewall of the same purpose as a program for os-ken, the maintained fork of Ryu. */
export function osKen(bench: Bench): Candidate {
  const python = ['python3', '/usr/bin/python3'].find(hasOsKen);
  if (python === undefined) {
    return { missing: 'no python3 here has the module os_ken; on Debian: apt-get install python3-os-ken' };
  }
  const program = repositoryPath('bench', 'support', 'os-ken-controller.py');
  const args = (port: number) => [
    '-m',
    'os_ken.cmd.manager',
    '--ofp-listen-host=127.0.0.1',
    `--ofp-tcp-listen-port=${port}`,
    program,
  ];
  return { start: () => startOnPort(python, args, bench.signal) };
}

function hasOsKen(python: string): boolean {
  try {
    execFileSync(python, ['-c', 'import os_ken.cmd.manager'], { stdio: 'ignore' });
    return true;
  } catch (_) {
    return false;
  }
}
