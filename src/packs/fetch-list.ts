/** Gets a threat list from where it is published, into a file. */
import { constants, createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import { isUrl } from '../core/is-url.ts';
import { TimeLimits } from './time-limits.ts';

export interface FetchOrder {
  /** A path, or a URL: https, or http to a loopback address. */
  readonly from: string;
  /** What the copy that we have was published with; undefined to get it whatever it is. */
  readonly known: Validators | undefined;
  /** The file that is written. */
  readonly into: string;
  readonly maxBytes: number;
  /** For the whole of it. */
  readonly timeMs: number;
  /** Certificates in PEM of the authorities that the server's comes from; undefined for those that Node.js comes with. */
  readonly caFile: string | undefined;
  /** A file whose first line is sent as the Authorization header, to the origin of `from` alone. */
  readonly authorizationFile: string | undefined;
  /** Of the Accept header. */
  readonly accept: string;
}

/** What tells one version of a list from another (RFC 9110 §8.8); of a file, its time and size as an etag. */
export interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

export type Fetched =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'fetched'; readonly validators: Validators; readonly lengthBytes: number };

const MAX_REDIRECTS = 3;
const STALL_MS = 20_000;
const MAX_HEADER_BYTES = 16_384;
const MAX_VALIDATOR_CHARACTERS = 1024;
const REDIRECTS: readonly (number | undefined)[] = [301, 302, 303, 307, 308];
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)$/;
const FILE_MODE = 0o600;

/** Rejects with GluewallError `list-fetch`; what is in the file then is of no use. */
export async function fetchList(order: FetchOrder, clock: Clock, signal: AbortSignal): Promise<Fetched> {
  const limits = new TimeLimits(clock, order.timeMs, STALL_MS);
  const ends = AbortSignal.any([limits.signal, signal]);
  try {
    return isUrl(order.from) ? await fetchUrl(order, limits, ends) : await fetchFile(order, limits, ends);
  } catch (cause) {
    if (cause instanceof GluewallError) throw cause;
    throw fetchProblem(
      order,
      ends.aborted ? String((ends.reason as Error).message) : reasonOf(cause as NodeJS.ErrnoException),
      cause,
    );
  } finally {
    limits.stop();
  }
}

function fetchProblem({ from }: FetchOrder, reason: string, cause?: unknown): GluewallError {
  return new GluewallError('list-fetch', `${placeText(from)} ${reason}`, { cause });
}

/** The place without what may be secret in it. */
export function placeText(from: string): string {
  if (!isUrl(from)) return from;
  const { origin, pathname } = new URL(from);
  return `${origin}${pathname}`;
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
      return 'is not there: see "from" of this list';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read or its copy not written: give the user of gluewall the right to it';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `is of a host that is not found (${code}): see the resolver of this machine`;
    case 'ECONNRESET':
      return 'was not sent to its end (ECONNRESET)';
    default:
      return /CERT|TLS|SSL|SIGNATURE|SIGNED/.test(code ?? '')
        ? `shows a certificate that is not believed (${code}): name its authority with "ca_file" of this list`
        : `cannot be had (${code ?? message})`;
  }
}

async function fetchUrl(order: FetchOrder, limits: TimeLimits, signal: AbortSignal): Promise<Fetched> {
  const ca = order.caFile === undefined ? undefined : readBeside(order, 'ca_file', order.caFile);
  const authorization = authorizationOf(order);
  let url = new URL(order.from);
  const { origin } = url;
  for (let hops = 0; ; hops++) {
    const secret = url.origin === origin ? authorization : {};
    const response = await get(url, { ...requestHeaders(order), ...secret }, ca, signal);
    limits.progress();
    const { statusCode, headers } = response;
    if (REDIRECTS.includes(statusCode)) {
      response.destroy();
      if (hops === MAX_REDIRECTS) throw fetchProblem(order, `leads on more than ${MAX_REDIRECTS} times`);
      url = nextPlace(order, url, headers.location);
      continue;
    }
    if (statusCode === 304 && order.known !== undefined) {
      response.destroy();
      return { kind: 'unchanged' };
    }
    const problem = responseProblem(response, order);
    if (problem !== undefined) {
      response.destroy();
      throw fetchProblem(order, problem);
    }
    const lengthBytes = await save(response, order, limits, signal);
    return { kind: 'fetched', validators: validatorsOf(headers.etag, headers['last-modified']), lengthBytes };
  }
}

/** Read each time: whoever changes it need not tell us. */
function authorizationOf(order: FetchOrder): Record<string, string> {
  if (order.authorizationFile === undefined) return {};
  const octets = readBeside(order, 'authorization_file', order.authorizationFile);
  const [line = ''] = octets.toString('latin1', 0, MAX_HEADER_BYTES).split(/\r?\n/);
  if (/^[\x20-\x7e]+$/.test(line)) return { authorization: line };
  throw fetchProblem(order, 'is not asked: the first line of "authorization_file" of this list is no header');
}

function readBeside(order: FetchOrder, key: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw fetchProblem(order, `is not asked: "${key}" of this list, ${file}, cannot be read (${code})`, cause);
  }
}

function requestHeaders({ known, accept }: FetchOrder): Record<string, string> {
  return {
    'user-agent': 'gluewall',
    accept,
    'accept-encoding': 'identity',
    ...(known?.etag === undefined ? {} : { 'if-none-match': known.etag }),
    ...(known?.lastModified === undefined ? {} : { 'if-modified-since': known.lastModified }),
  };
}

/** Agents of our own, so that no proxy of the environment and no setting of other requests has a part in it. */
function get(
  url: URL,
  headers: Record<string, string>,
  ca: Buffer | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const common = { headers, signal, maxHeaderSize: MAX_HEADER_BYTES };
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, {
            ...common,
            agent: new HttpsAgent({
              rejectUnauthorized: true,
              minVersion: 'TLSv1.2',
              ...(ca === undefined ? {} : { ca }),
            }),
          })
        : httpRequest(url, { ...common, agent: new HttpAgent() });
    request.once('response', resolve);
    request.once('error', reject);
    request.end();
  });
}

/** Only where nobody on the way can read or change it. */
function nextPlace(order: FetchOrder, url: URL, location: string | undefined): URL {
  const next = location !== undefined && URL.canParse(location, url.href) ? new URL(location, url) : undefined;
  if (next === undefined) throw fetchProblem(order, 'leads on to nowhere');
  const isPlainHere = next.protocol === 'http:' && url.protocol === 'http:' && LOOPBACK.test(next.hostname);
  if (next.protocol !== 'https:' && !isPlainHere)
    throw fetchProblem(order, `leads on to ${next.protocol}//, want https://`);
  return next;
}

function responseProblem({ statusCode, headers }: IncomingMessage, { maxBytes }: FetchOrder): string | undefined {
  if (statusCode !== 200) return `answers ${statusCode}: see "from" of this list`;
  if (/^\s*text\/html\b/i.test(headers['content-type'] ?? '')) return 'is a page of HTML, no list';
  const coding = headers['content-encoding'] ?? 'identity';
  if (coding !== 'identity') return `is sent as ${coding.slice(0, 40)} although that was not asked for`;
  return Number(headers['content-length'] ?? 0) > maxBytes ? tooLarge(maxBytes) : undefined;
}

function tooLarge(maxBytes: number): string {
  return `is larger than ${maxBytes} octets (packs.bytes)`;
}

function validatorsOf(etag: string | undefined, lastModified: string | undefined): Validators {
  const bounded = (text: string | undefined) => ((text?.length ?? 0) > MAX_VALIDATOR_CHARACTERS ? undefined : text);
  return { etag: bounded(etag), lastModified: bounded(lastModified) };
}

async function fetchFile(order: FetchOrder, limits: TimeLimits, signal: AbortSignal): Promise<Fetched> {
  // A pipe that nobody writes to must not hold up anything.
  const file = await open(order.from, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = await file.stat();
    if (!status.isFile()) throw fetchProblem(order, 'is no file');
    const etag = `${status.mtimeMs}-${status.size}-${status.ino}`;
    if (order.known?.etag === etag) return { kind: 'unchanged' };
    if (status.size > order.maxBytes) throw fetchProblem(order, tooLarge(order.maxBytes));
    const stream = createReadStream(order.from, { fd: file, autoClose: false });
    const lengthBytes = await save(stream, order, limits, signal);
    return { kind: 'fetched', validators: { etag, lastModified: undefined }, lengthBytes };
  } finally {
    await file.close();
  }
}

/** Resolves with how many octets there were, once they are on the disk. */
async function save(source: Readable, order: FetchOrder, limits: TimeLimits, signal: AbortSignal): Promise<number> {
  let lengthBytes = 0;
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      limits.progress();
      lengthBytes += chunk.length;
      if (lengthBytes > order.maxBytes) throw fetchProblem(order, tooLarge(order.maxBytes));
      yield chunk;
    }
  };
  await pipeline(source, counted, createWriteStream(order.into, { mode: FILE_MODE, flush: true }), { signal });
  return lengthBytes;
}
