/** What can be seen of a traceback node from outside, without changing it. */

import { lookup } from 'node:dns/promises';
import { type Stats, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { GluewallError } from '../core/errors.ts';
import { readRevocationList } from '../core/revocation-list.ts';
import { expiresAtMs, loadTlsSettings, type TlsFiles } from '../core/tls-settings.ts';

/** What a node is to be, of its configuration. */
export interface NodeWishes {
  readonly name: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: TlsFiles;
  /** For cases and the audit log. */
  readonly folder: string;
  readonly peers: readonly { readonly name: string; readonly url?: string | undefined }[];
}

interface CertificateFacts {
  readonly expiresAtMs: number;
  /** When the first of the lists of revoked certificates is out of date; undefined where there are none. */
  readonly listsDueAtMs: number | undefined;
}

export interface NodeFacts {
  readonly host: string;
  readonly peers: number;
  /** When its certificate ends, or why key and certificate cannot be used. */
  readonly certificate: CertificateFacts | { readonly problem: string };
  /** Undefined where it is not there yet. */
  readonly folder: { readonly path: string; readonly mode: number | undefined; readonly isFolder: boolean };
  /** Peers whose host has no address. */
  readonly unresolved: readonly { readonly name: string; readonly host: string; readonly reason: string }[];
}

/** Peers whose hosts are looked up. */
const MAX_LOOKED_UP = 64;
const LOOKUP_LIMIT_MS = 3000;

/** Never rejects: what is wrong is in the facts. */
export async function readNodeFacts(
  { name, listen, tls, folder, peers }: NodeWishes,
  nowMs: number,
): Promise<NodeFacts> {
  const lookedUp = await Promise.all(peers.slice(0, MAX_LOOKED_UP).map(unresolvedPeer));
  return {
    host: listen.host,
    peers: peers.length,
    certificate: certificateOf(name, tls, nowMs),
    folder: folderOf(folder),
    unresolved: lookedUp.flatMap((one) => (one === undefined ? [] : [one])),
  };
}

function certificateOf(name: string, tls: TlsFiles, nowMs: number): NodeFacts['certificate'] {
  try {
    const settings = loadTlsSettings(tls, nowMs, 'node.tls', name);
    const due = settings.crl?.flatMap((list) => readRevocationList(list)?.nextUpdateMs ?? []) ?? [];
    return { expiresAtMs: expiresAtMs(settings), listsDueAtMs: due.length === 0 ? undefined : Math.min(...due) };
  } catch (error) {
    if (error instanceof GluewallError) return { problem: error.message };
    throw error;
  }
}

function folderOf(path: string): NodeFacts['folder'] {
  let found: Stats | undefined;
  try {
    found = statSync(path, { throwIfNoEntry: false });
  } catch {
    // What may not be looked at is not known.
  }
  return { path, mode: found === undefined ? undefined : found.mode & 0o777, isFolder: found?.isDirectory() ?? true };
}

async function unresolvedPeer({ name, url }: NodeWishes['peers'][number]) {
  if (url === undefined) return undefined;
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0) return undefined;
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${LOOKUP_LIMIT_MS / 1000} s`)), LOOKUP_LIMIT_MS).unref();
  });
  try {
    await Promise.race([lookup(host), late]);
    return undefined;
  } catch (error) {
    return { name, host, reason: (error as NodeJS.ErrnoException).code ?? (error as Error).message };
  }
}
