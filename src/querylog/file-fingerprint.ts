import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** What is looked at of a file. */
export const FINGERPRINT_OCTETS = 1024;

/** Of a file in which nothing stands yet: every file begins like it. */
export const EMPTY_FINGERPRINT = '0:';

/** Where a file lies; given anew once it is gone. */
export interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
}

/**
 * How a file begins, and where it lies: `OCTETS:DIGEST:DEV-INO`, over its first FINGERPRINT_OCTETS, or as many as there are. Rejects
 * as reading does.
 */
export async function fingerprintOf(handle: FileHandle, { dev, ino }: FileIdentity): Promise<string> {
  return `${digest(await beginning(handle, FINGERPRINT_OCTETS))}:${dev}-${ino}`;
}

/**
 * Whether a file begins as the one whose fingerprint that is, which may have been shorter, and wherever that lies. Rejects as
 * reading does.
 */
export async function hasFingerprint(handle: FileHandle, fingerprint: string): Promise<boolean> {
  const octets = fingerprintLength(fingerprint);
  return octets !== undefined && digest(await beginning(handle, octets)) === digestIn(fingerprint);
}

/** Whether the file of that fingerprint lay there; true where it does not say. */
export function isAt(fingerprint: string, { dev, ino }: FileIdentity): boolean {
  const place = fingerprint.split(':')[2];
  return place === undefined || place === `${dev}-${ino}`;
}

/** How many octets it is over; undefined when it is none. */
export function fingerprintLength(fingerprint: string): number | undefined {
  const match = /^(\d{1,4}):/.exec(fingerprint);
  const octets = Number(match?.[1]);
  return match !== null && octets <= FINGERPRINT_OCTETS ? octets : undefined;
}

/** As `fingerprintOf`, of what a source begins with: FINGERPRINT_OCTETS of it or all. */
export function octetsFingerprint(head: Buffer): string {
  return digest(head.subarray(0, FINGERPRINT_OCTETS));
}

/** As `hasFingerprint`, of what a source begins with. */
export function octetsHaveFingerprint(head: Buffer, fingerprint: string): boolean {
  const octets = fingerprintLength(fingerprint);
  return octets !== undefined && digest(head.subarray(0, octets)) === digestIn(fingerprint);
}

/** Without where the file lies. */
function digestIn(fingerprint: string): string {
  return fingerprint.split(':', 2).join(':');
}

function digest(octets: Buffer): string {
  if (octets.length === 0) return EMPTY_FINGERPRINT;
  return `${octets.length}:${createHash('sha256').update(octets).digest('hex').slice(0, 32)}`;
}

async function beginning(handle: FileHandle, octets: number): Promise<Buffer> {
  const buffer = Buffer.alloc(octets);
  let length = 0;
  while (length < octets) {
    const { bytesRead } = await handle.read(buffer, length, octets - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}
