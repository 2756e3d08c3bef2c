import { hostname } from 'node:os';
import type { Config } from '../../config/schema.ts';
import { formatHostPort } from '../../core/host-port.ts';

/** What stands for all addresses of a machine is none that a browser could ask. */
const EVERYWHERE: readonly string[] = ['0.0.0.0', '::'];

/** Where browsers reach the console, without a slash at the end: its public URL, or else where it listens. */
export function consoleUrl(
  { public_url, tls }: Config['console'],
  listen: { readonly host: string; readonly port: number },
): string {
  if (public_url !== undefined) return public_url.replace(/\/$/, '');
  const host = EVERYWHERE.includes(listen.host) ? hostname() : listen.host;
  return `${tls === undefined ? 'http' : 'https'}://${formatHostPort(host, listen.port)}`;
}
