/** The way to a gluewall on another machine: its console, with a token. */
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Answer } from '../control/answer.ts';
import { deadlineOf } from '../control/control-client.ts';
import { type ControlReply, type ControlRequest, MAX_REQUEST_BYTES } from '../control/protocol.ts';
import { GluewallError } from '../core/errors.ts';
import { readPrivateFile } from '../core/private-file.ts';
import { boundedLines } from './bounded-lines.ts';

/** Which console, and by what it knows us. */
export interface RemoteOptions {
  /** Such as `https://console.example:8453`. */
  readonly server: string;
  /** A file with the token, which nobody else may read; left out: GLUEWALL_TOKEN of the environment. */
  readonly tokenFile?: string | undefined;
  /** PEM of the authority that signed the certificate of the console; left out: those that the system trusts. */
  readonly ca?: string | undefined;
}

const PATH = '/api/v1/operations';
const TOKEN_VARIABLE = 'GLUEWALL_TOKEN';
const TOKEN = /^gw_[0-9A-Za-z_-]{20,256}$/;
/** The console answers at once, or says that it is worked on. */
const HEAD_DEADLINE_MS = 15_000;
/** More than the console itself waits for gluewall. */
const MORE_MS = 10_000;
/** No item and no result is longer. */
const MAX_LINE_CHARACTERS = 32 * 1024 * 1024;
const MAX_PROBLEM_BYTES = 65_536;

/** What OpenSSL and Node call the ways in which a certificate is not to be trusted. */
const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/**
 * Asks a gluewall over its console. Throws GluewallError `remote-console` where there is none or it cannot be trusted,
 * `remote-token` without a good token, `role-refused` and others as the console answers, and what gluewall itself refuses.
 */
export class RemoteDoor {
  readonly #url: URL;
  readonly #token: string;
  readonly #agent: HttpAgent;

  constructor(options: RemoteOptions, environment: NodeJS.ProcessEnv) {
    this.#url = urlOf(options.server);
    this.#token = tokenOf(options, environment);
    const { ca } = options;
    this.#agent =
      this.#url.protocol === 'https:'
        ? new HttpsAgent(ca === undefined ? {} : { ca: authorityOf(ca) })
        : new HttpAgent();
  }

  async *ask(request: ControlRequest, signal?: AbortSignal): Answer {
    const body = JSON.stringify(request);
    if (Buffer.byteLength(body) > MAX_REQUEST_BYTES) {
      throw new GluewallError(
        'remote-console',
        `a request has at most ${MAX_REQUEST_BYTES} octets; ask for less at once`,
      );
    }
    const response = await this.#post(body, signal);
    try {
      if (response.statusCode !== 200) throw await this.#refusal(response);
      if (!isOfType(response, 'application/x-ndjson'))
        throw this.#problem('what answers there is no console of gluewall');
      return yield* this.#repliesOf(response, deadlineOf(request));
    } finally {
      response.destroy();
    }
  }

  async close(): Promise<void> {
    this.#agent.destroy();
  }

  #post(body: string, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    const send = this.#url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const request = send(new URL(PATH, this.#url), {
        method: 'POST',
        agent: this.#agent,
        headers: {
          Authorization: `Bearer ${this.#token}`,
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(body),
          Accept: 'application/x-ndjson, application/problem+json',
        },
        ...(signal === undefined ? {} : { signal }),
      });
      const timer = setTimeout(() => request.destroy(lateBy(HEAD_DEADLINE_MS)), HEAD_DEADLINE_MS);
      request.on('response', (response) => {
        clearTimeout(timer);
        resolve(response);
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        reject(this.#problem(reasonOf(error, this.#url), error));
      });
      request.end(body);
    });
  }

  async *#repliesOf(response: IncomingMessage, deadlineMs: number): Answer {
    const limitMs = deadlineMs + MORE_MS;
    const timer = deadlineMs === 0 ? undefined : setTimeout(() => response.destroy(lateBy(limitMs)), limitMs);
    try {
      for await (const line of boundedLines(response, MAX_LINE_CHARACTERS, 'remote-console')) {
        clearTimeout(timer);
        const reply = parseReply(line);
        if (reply === undefined) throw this.#problem('the answer is no JSON');
        if ('item' in reply) {
          yield reply.item;
          continue;
        }
        if (reply.ok) return reply.result;
        throw new GluewallError(reply.error.code, reply.error.message);
      }
    } catch (error) {
      if (error instanceof GluewallError) throw error;
      throw this.#problem(reasonOf(error as Error, this.#url), error as Error);
    } finally {
      clearTimeout(timer);
    }
    throw this.#problem('the answer ended before its end');
  }

  /** What a status other than 200 says. */
  async #refusal(response: IncomingMessage): Promise<GluewallError> {
    const { statusCode = 0 } = response;
    const told = isOfType(response, 'application/problem+json') ? await problemIn(response) : undefined;
    if (told === undefined) {
      const remedy = 'give the address of the console itself, without a path (console.listen, console.public_url)';
      return this.#problem(`what answers there is no console of gluewall (status ${statusCode}): ${remedy}`);
    }
    return new GluewallError(told.code, [told.detail, ...nextStep(statusCode, told.code)].join('; '));
  }

  #problem(reason: string, cause?: Error): GluewallError {
    return new GluewallError('remote-console', `console ${this.#url.origin}: ${reason}`, { cause });
  }
}

/** What to do about a status, where the console does not say it. */
function nextStep(status: number, code: string): readonly string[] {
  if (status === 401) {
    return [`tokens are made on the console (Account), and given in ${TOKEN_VARIABLE} or with --token-file`];
  }
  if (code === 'role-refused') return ['a token of somebody who may could, or the same command on the machine itself'];
  if (status === 421) return ['name the console as its certificate or console.public_url does'];
  if (status === 429) return ['wait a moment: another command of yours may still be under way'];
  return [];
}

/** Throws GluewallError `usage`. */
function urlOf(text: string): URL {
  const wrong = (reason: string) => {
    const wanted = 'want the address of a console, such as https://console.example:8453';
    return new GluewallError('usage', `--server ${text}: ${reason}; ${wanted}`);
  };
  if (!URL.canParse(text)) throw wrong('is no URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw wrong('is neither https nor http');
  if (url.username !== '' || url.password !== '') throw wrong('must not hold a password: a token stands for its user');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw wrong('must end behind the port');
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw wrong('would send the token for all to read: http is for this machine alone');
  }
  return url;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Throws GluewallError `remote-token`. */
function tokenOf({ tokenFile }: RemoteOptions, environment: NodeJS.ProcessEnv): string {
  const remedy = 'make a token on the console (Account), and put it into a file of yours alone';
  const given =
    tokenFile === undefined ? environment[TOKEN_VARIABLE] : readPrivateFile(tokenFile, 'remote-token', remedy);
  const from = tokenFile ?? TOKEN_VARIABLE;
  if (given === undefined || given.trim() === '') {
    throw new GluewallError('remote-token', `there is no token in ${from}: ${remedy} (--token-file FILE)`);
  }
  // What was given may be some other secret: it is not said.
  if (!TOKEN.test(given.trim())) {
    throw new GluewallError('remote-token', `what is in ${from} is no token, which begins with gw_: ${remedy}`);
  }
  return given.trim();
}

/** Throws GluewallError `tls-files`. */
function authorityOf(file: string): Buffer {
  try {
    const text = readFileSync(file);
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code;
    throw new GluewallError('tls-files', `--ca ${file}: cannot be read (${reason})`, { cause });
  }
  throw new GluewallError('tls-files', `--ca ${file}: holds no certificate in PEM`);
}

/** Why there is no answer, and what to do. */
function reasonOf(error: NodeJS.ErrnoException, { hostname, protocol }: URL): string {
  const { code = '', message } = error;
  if (UNTRUSTED.has(code)) {
    return `nobody known here signed its certificate (${code}): give the one who did with --ca FILE, such as ca-cert.pem of \`gluewall pki init\``;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `its certificate is for another name than ${hostname}: use the name that it has`;
  }
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired: it needs a new one';
  if (code === 'CERT_NOT_YET_VALID') return 'its certificate is not valid yet: look at the clocks of both machines';
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG' || code === 'EPROTO') {
    return `does not speak TLS there (${code}): look at the port`;
  }
  if (code === 'ECONNRESET' && protocol === 'http:') return 'closed the connection: it may want https';
  if (code === 'ECONNREFUSED') return 'nobody listens there: look at `console.listen` of its configuration';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `${hostname} has no address (${code})`;
  return message;
}

const lateBy = (limitMs: number) => new Error(`no answer within ${limitMs} ms`);

function isOfType({ headers }: IncomingMessage, type: string): boolean {
  return headers['content-type']?.split(';')[0]?.trim().toLowerCase() === type;
}

function parseReply(line: string): ControlReply | undefined {
  const reply = parseObject(line);
  if (reply === undefined) return undefined;
  if ('item' in reply || reply.ok === true) return reply as ControlReply;
  const error = reply.error as { readonly code?: unknown; readonly message?: unknown } | null | undefined;
  const isRefusal = typeof error?.code === 'string' && typeof error.message === 'string';
  return isRefusal ? (reply as ControlReply) : undefined;
}

/** The problem document of a refusal; undefined when it is none, or far too long. */
async function problemIn(response: IncomingMessage) {
  const timer = setTimeout(() => response.destroy(), HEAD_DEADLINE_MS);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_PROBLEM_BYTES) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
  const document = parseObject(Buffer.concat(chunks).toString('utf8'));
  const { code, detail } = document ?? {};
  return typeof code === 'string' && typeof detail === 'string' ? { code, detail } : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
