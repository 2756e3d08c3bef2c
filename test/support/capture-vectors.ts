import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FrameView } from '../../src/packet/frame.ts';
import { readPcapFile } from './pcap-file.ts';

/** What tshark and dnspython found in a capture; see the NOTICE beside the vectors. */
export interface ExpectedCapture {
  readonly messages: Readonly<Record<string, { readonly queries: number; readonly responses: number }>>;
  /** Rows of zone, name server, address, glue TTL, NS TTL. */
  readonly glue: readonly (readonly [string, string, string, number, number])[];
}

export interface CaptureVector {
  /** Such as `zeek/dns53.pcap`. */
  readonly name: string;
  readonly path: string;
  readonly expected: ExpectedCapture;
}

const ROOT = fileURLToPath(new URL('../vectors/pcap/', import.meta.url));

/** The captures that this repository holds. */
export function captureVectors(): CaptureVector[] {
  return ['dnscap', 'nmsg', 'zeek'].flatMap((source) => {
    const expected = JSON.parse(readFileSync(`${ROOT}${source}/expected.json`, 'utf8'));
    return readdirSync(ROOT + source)
      .filter((file) => file.endsWith('.pcap'))
      .map((file) => ({
        name: `${source}/${file}`,
        path: `${ROOT}${source}/${file}`,
        expected: expected.files[file] as ExpectedCapture,
      }));
  });
}

/** The frames of one of the captures. */
export function captureFrames(name: string): Buffer[] {
  return readPcapFile(ROOT + name).packets.map(({ octets }) => octets);
}

/** The UDP payloads on port 53 in a capture. */
export function udpMessages(path: string): Buffer[] {
  const frame = new FrameView();
  return readPcapFile(path).packets.flatMap(({ octets }) => {
    if (frame.parse(octets, 0, octets.length) !== undefined || frame.protocol !== 17) return [];
    if (frame.sourcePort !== 53 && frame.destinationPort !== 53) return [];
    return frame.fragment === 'none' ? [octets.subarray(frame.payloadStart, frame.payloadEnd)] : [];
  });
}
