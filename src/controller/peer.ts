import type { Socket } from 'node:net';

/** The address and port of the other end; without meaning once the connection has ended. */
export function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}
