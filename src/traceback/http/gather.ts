import type { Readable } from 'node:stream';
import { PeerFailure } from '../node-options.ts';

/**
 * All octets of a stream, when it has closed. Rejects when it breaks, or is not whole; with PeerFailure `nonsense` when it has more
 * than `mostBytes`, and it is destroyed then.
 */
export function gather(stream: Readable, mostBytes: number, isWhole: () => boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let lengthBytes = 0;
    stream.on('data', (part: Buffer) => {
      lengthBytes += part.length;
      if (lengthBytes <= mostBytes) parts.push(part);
      else {
        reject(new PeerFailure('nonsense', 'the answer is too large'));
        stream.destroy();
      }
    });
    stream.once('error', reject);
    stream.once('close', () => {
      if (stream.readableEnded && isWhole()) resolve(Buffer.concat(parts));
      else reject(new Error('it ended before its time'));
    });
  });
}
