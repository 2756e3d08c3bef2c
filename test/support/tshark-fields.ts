/** What tshark reads in Ethernet frames, with the checksums of IPv4 and TCP verified. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pcapFile } from './capture-file-builder.ts';

const ETHERNET = 1;
const VERIFY = ['ip.check_checksum:TRUE', 'tcp.check_checksum:TRUE'];

/** The named fields of each frame, in its order. */
export function readFieldsWithTshark(frames: readonly Buffer[], fields: readonly string[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), 'gluewall-tshark-'));
  try {
    const file = join(folder, 'frames.pcap');
    const records = frames.map((octets, seconds) => ({ seconds, ticks: 0, octets }));
    writeFileSync(file, pcapFile(records, { linkField: ETHERNET }));
    const options = [...VERIFY.flatMap((option) => ['-o', option]), ...fields.flatMap((field) => ['-e', field])];
    const args = ['-n', '-r', file, '-T', 'fields', ...options];
    const { status, stdout, stderr } = spawnSync('tshark', args, { encoding: 'utf8', timeout: 60_000 });
    if (status !== 0) throw new Error(`tshark ended with ${status}: ${stderr}`);
    return stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split('\t'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
