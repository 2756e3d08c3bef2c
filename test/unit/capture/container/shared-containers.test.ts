import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openCaptureSource } from '../../../../src/capture/container/capture-source.ts';
import { readCapture } from '../../../../src/capture/container/read-capture.ts';
import { sharedFolder } from '../../../conditions.ts';
import { readPackets, sourceOf } from '../../../support/capture-file-builder.ts';
import { describeIf } from '../../../support/describe-if.ts';

interface ExpectedFile {
  /** Missing where tshark reads nothing. */
  readonly packets?: number;
}

const folder = join(sharedFolder, 'data', 'pcap');

const refused = {
  'libpcap/pcap-invalid-version-1.pcap': 'format version is 1, not 2',
  'libpcap/linktype-reserved-field-not-zero.pcap': 'reserved bits of its link type',
  'libpcap/pcapng-invalid-vers-1.pcapng': 'octet 0 is a section of format version 0, not 1',
  'libpcap/shb-option-too-long.pcapng': 'octet 0 ends with another length than it begins with',
  'pcapplusplus/crash-pcapng-epb-unbounded-length.pcapng': 'octet 48 claims a packet of 65536 octets',
};

function* expectedFiles(): Generator<readonly [string, ExpectedFile]> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const { files } = JSON.parse(readFileSync(join(folder, entry.name, 'expected.json'), 'utf8'));
    for (const [name, file] of Object.entries(files as Record<string, ExpectedFile>)) {
      yield [`${entry.name}/${name}`, file];
    }
  }
}

async function countPackets(name: string): Promise<{ packets: number; damage: string | undefined }> {
  return readCapture(await openCaptureSource(join(folder, name)), () => {});
}

describeIf(['shared'], 'capture files from many tools', () => {
  it('are read with the packets that tshark counts', async () => {
    const counted: Record<string, number> = {};
    const golden: Record<string, number> = {};
    const damaged: string[] = [];
    for (const [name, { packets }] of expectedFiles()) {
      if (name in refused) continue;
      golden[name] = packets ?? -1;
      const summary = await countPackets(name);
      counted[name] = summary.packets;
      if (summary.damage !== undefined) damaged.push(`${name}: ${summary.damage}`);
    }
    expect(counted).toEqual(golden);
    expect(Object.keys(counted).length).toBeGreaterThan(200);
    expect(damaged).toEqual(['dpkt/truncated_dns_2.pcap: it ends in the middle of the record at octet 240']);
  }, 30_000);

  it.each(Object.entries(refused))('refuses %s', async (name, reason) => {
    const error = await countPackets(name).catch((cause) => cause);
    expect(error).toMatchObject({ name: 'GluewallError', code: 'capture-file' });
    expect(error.message).toContain(`${join(folder, name)} cannot be read: `);
    expect(error.message).toContain(reason);
  });

  it('reads gzip as it reads what was packed', async () => {
    const read = async (name: string) => readPackets(await openCaptureSource(join(folder, name)));
    const plain = await read('dnscap/dns.pcap');
    expect(plain.packets).toBe(133);
    expect(await read('dnscap/dns.pcap.gz')).toEqual(plain);
  });

  it('keeps absurd nanoseconds', async () => {
    const { read } = await readPackets(await openCaptureSource(join(folder, 'tcpdump/timestamp_invalid_nano.pcap')));
    const seconds = 0x54872e59;
    expect(read.slice(0, 3).map(({ atMs }) => atMs)).toEqual([
      seconds * 1000 + 999.999999,
      (seconds + 1) * 1000 + 1000,
      (seconds + 1) * 1000 + 2147.483648,
    ]);
  });

  it('reads every cut of real files', async () => {
    const names = ['dnscap/dns6.pcap', 'pcapng-test-generator/output_le__difficult__test202.pcapng'];
    for (const name of names) {
      const file = readFileSync(join(folder, name));
      const all = (await readPackets(sourceOf(file))).read;
      for (let cut = 1; cut < file.length; cut++) {
        const result = await readPackets(sourceOf(file.subarray(0, cut), () => 100)).catch((error) => {
          expect(error).toMatchObject({ code: 'capture-file' });
          return { read: [] };
        });
        expect(result.read).toEqual(all.slice(0, result.read.length));
      }
    }
  });
});
