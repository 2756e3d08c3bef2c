/** The built page, as it is sent: read once, at the start, and from then on looked up by its path alone. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Context } from 'hono';
import { GluewallError } from '../core/errors.ts';

const MAX_FILES = 500;
const MAX_BYTES = 32 * 1024 * 1024;
const INDEX = '/index.html';
/** What Vite names after its content is never another under the same name. */
const HASHED = /^\/assets\//;
const NO_PAGE = 'gluewall: the page is not there (npm run build makes it); the API is at /api/v1/docs\n';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};
/** Small already. */
const PACKED = new Set(['.png', '.woff2']);

interface PageFile {
  readonly type: string;
  readonly octets: Uint8Array<ArrayBuffer>;
  readonly gzip: Uint8Array<ArrayBuffer> | undefined;
  readonly etag: string;
  readonly cacheControl: string;
}

/** The files by their path in a URL, from `/` on. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** Empty where there is no folder. Throws GluewallError `page-files` when there is more in it than a page has. */
export function readPageFiles(folder: string): PageFiles {
  const files = new Map<string, PageFile>();
  let bytes = 0;
  for (const path of pathsIn(folder)) {
    const octets = new Uint8Array(readFileSync(join(folder, path)));
    bytes += octets.byteLength;
    if (files.size >= MAX_FILES || bytes > MAX_BYTES) {
      throw new GluewallError('page-files', `${folder} holds more than the page of the console: build it anew`);
    }
    const url = `/${path.split(sep).join('/')}`;
    files.set(url, pageFile(url, octets));
  }
  return files;
}

function pathsIn(folder: string): readonly string[] {
  try {
    const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return paths.filter((path) => extname(path) in TYPES && statSync(join(folder, path)).isFile()).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function pageFile(url: string, octets: Uint8Array<ArrayBuffer>): PageFile {
  const extension = extname(url);
  const gzip = PACKED.has(extension) ? undefined : new Uint8Array(gzipSync(octets, { level: 9 }));
  return {
    type: TYPES[extension]!,
    octets,
    gzip: gzip !== undefined && gzip.byteLength < octets.byteLength ? gzip : undefined,
    etag: `"${createHash('sha256').update(octets).digest('base64url').slice(0, 22)}"`,
    cacheControl: HASHED.test(url) ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
}

/**
 * A file of the page, or the page itself for every other path: what stands there is for the page to say. Undefined for what is below
 * /api or /assets and is not there.
 */
export function answerPage(c: Context, files: PageFiles): Response | undefined {
  const { path } = c.req;
  const isPagePath = !/^\/(?:api|assets)(?:\/|$)/.test(path);
  const file = files.get(path) ?? (isPagePath ? files.get(INDEX) : undefined);
  if (file === undefined) return isPagePath && files.size === 0 ? c.text(NO_PAGE, 404) : undefined;
  const { gzip, octets, etag, type, cacheControl } = file;
  const isPacked = gzip !== undefined && acceptsGzip(c.req.header('accept-encoding'));
  const headers = {
    ETag: isPacked ? `${etag.slice(0, -1)}-gzip"` : etag,
    'Cache-Control': cacheControl,
    ...(gzip === undefined ? {} : { Vary: 'Accept-Encoding' }),
  };
  const known = c.req.header('if-none-match')?.split(/\s*,\s*/, 16) ?? [];
  if (known.some((tag) => tag === headers.ETag || tag === `W/${headers.ETag}`)) return c.body(null, 304, headers);
  const coding = isPacked ? { 'Content-Encoding': 'gzip' } : {};
  return c.body(isPacked ? gzip : octets, 200, { ...headers, ...coding, 'Content-Type': type });
}

function acceptsGzip(field: string | undefined): boolean {
  return /(?:^|,)\s*gzip\s*(?:;\s*q=(?:1|0\.[0-9]*[1-9])[0-9.]*\s*)?(?:,|$)/i.test(field ?? '');
}
