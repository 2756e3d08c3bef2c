import type { CaptureSource } from '../../src/capture/container/capture-source.ts';
import { readCapture } from '../../src/capture/container/read-capture.ts';
import { FragmentReassembly } from '../../src/packet/fragment-reassembly.ts';
import { FrameView } from '../../src/packet/frame.ts';
import { TcpStreams } from '../../src/packet/tcp-streams.ts';

const LIMITS = { streams: 4096, bytes: 2 ** 25, waitingBytes: 2 ** 18, gapMs: 3000, idleMs: 120_000 };

/** Copies of the DNS messages of a capture, on port 53, over UDP and TCP, whole or in fragments. */
export async function captureMessages(source: CaptureSource): Promise<Buffer[]> {
  const messages: Buffer[] = [];
  const take = (octets: Buffer, start: number, end: number) => messages.push(Buffer.from(octets.subarray(start, end)));
  const frame = new FrameView();
  const fragments = new FragmentReassembly({ datagrams: 4096, bytes: 2 ** 24, timeMs: 30_000 }, () => {});
  const streams = new TcpStreams<'any'>(LIMITS, {
    isPlausible: (octets, start, end) => end - start >= 12 && octets.readUInt16BE(start + 4) === 1,
    onMessage: (_, __, octets, start, end) => take(octets, start, end),
    onCount: () => {},
  });
  const segment = (octets: Buffer, atMs: number) => {
    if (frame.sourcePort !== 53 && frame.destinationPort !== 53) return;
    if (frame.protocol === 17) take(octets, frame.payloadStart, frame.payloadEnd);
    else streams.add(frame, octets, atMs, 'any', '');
  };
  await readCapture(source, (octets, start, end, atMs, linkType) => {
    const problem = frame.parse(octets, start, end, linkType);
    if (frame.fragment !== 'none') {
      const datagram = fragments.add(frame, octets, atMs, 'any', true);
      const isRead = datagram !== undefined && frame.parseReassembled(datagram, frame.fragmentProtocol) === undefined;
      if (isRead) segment(datagram, atMs);
    } else if (problem === undefined) {
      segment(octets, atMs);
    }
  });
  streams.finish();
  return messages;
}
