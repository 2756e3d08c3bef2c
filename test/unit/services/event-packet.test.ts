import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { composePcap, viewPacket } from '../../../src/services/event-packet.ts';
import { describeIf } from '../../support/describe-if.ts';
import { composeQuery } from '../../support/dns-messages.ts';
import { composeFrame } from '../../support/frames.ts';
import { readPcapFile } from '../../support/pcap-file.ts';

const AT_MS = Date.UTC(2026, 10, 21, 4, 52, 0, 123) + 0.456;
const toServer = { destinationPort: 53, sourcePort: 40_000 };
const FRAME = composeFrame(composeQuery('evil.example'), toServer);

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-packet-'));
  file = join(folder, 'event.pcap');
  writeFileSync(file, composePcap(FRAME, AT_MS));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('the packet of an event', () => {
  it('is shown whole, with its message', () => {
    const { hex, length, message } = viewPacket(FRAME);
    expect({ hex, length }).toEqual({ hex: FRAME.toString('hex'), length: FRAME.length });
    expect(message?.questions).toEqual([{ name: 'evil.example', type: 'A', class: 'IN' }]);
  });

  it('has no message where it is a SYN, a fragment or no frame at all', () => {
    const syn = composeFrame(Buffer.alloc(0), { ...toServer, transport: 'tcp', tcpFlags: 2 });
    const later = composeFrame(composeQuery('a.example'), { ...toServer, fragmentField: 0x2001 });
    for (const octets of [syn, later, Buffer.alloc(0), Buffer.alloc(60), FRAME.subarray(0, 30)])
      expect(viewPacket(octets).message).toBeNull();
  });

  it('has the message behind the length on TCP', () => {
    const query = composeQuery('evil.example');
    const payload = Buffer.concat([Buffer.from([0, query.length]), query]);
    const frame = composeFrame(payload, { ...toServer, transport: 'tcp', tcpFlags: 0x18 });
    expect(viewPacket(frame).message?.questions[0]?.name).toBe('evil.example');
  });

  it('is written as a capture file that is read back the same', () => {
    const { linkType, packets } = readPcapFile(file);
    expect(linkType).toBe(1);
    expect(packets).toHaveLength(1);
    expect(Buffer.compare(packets[0]!.octets, FRAME)).toBe(0);
    expect(packets[0]!.atMs).toBeCloseTo(AT_MS, 2);
  });
});

describeIf(['tshark'], 'the packet of an event, in tshark', () => {
  it('is read as what it is', () => {
    const fields = ['frame.time_epoch', 'frame.len', 'ip.src', 'ip.dst', 'dns.qry.name'];
    const args = ['-n', '-r', file, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
    const { stdout, stderr, status } = spawnSync('tshark', args, { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    const [time, length, source, destination, name] = stdout.trim().split('\t');
    expect(Number(time) * 1000).toBeCloseTo(AT_MS, 1);
    expect([Number(length), source, destination, name]).toEqual([
      FRAME.length,
      '192.0.2.1',
      '198.51.100.53',
      'evil.example',
    ]);
  });
});
