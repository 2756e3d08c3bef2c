/** How the page asks the console: JSON over HTTP, relative to /api/v1. */

const BASE = '/api/v1';
/** An answer that takes longer is not waited for. */
const TIME_LIMIT_MS = 30_000;

/** What went wrong, as the console says it (RFC 9457). `status` is 0 when no answer came. */
export class ApiProblem extends Error {
  readonly status: number;
  /** The stable code of docs/errors.md; `no-answer` and `no-json` are the page's own. */
  readonly code: string;
  readonly detail: string;
  /** The whole problem document, where there is one. */
  readonly document: Readonly<Record<string, unknown>>;

  constructor(status: number, code: string, detail: string, document: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.document = document;
  }
}

export type Query = Readonly<Record<string, string | number | undefined>>;
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Whoever is to know that perhaps nobody is signed in any more. */
let onRefused: (() => void) | undefined;
/** How far the clock of this browser is behind the console's, milliseconds. */
let clockOffsetMs = 0;
/** `Date` of HTTP has whole seconds: less is no difference. */
const LEAST_OFFSET_MS = 2_000;

/** Tells of each answer 401 but those about the session itself. */
export function whenRefused(listener: () => void): void {
  onRefused = listener;
}

/** The time as the console has it: ages are right even where the clock of the browser is not. */
export function consoleNowMs(): number {
  return Date.now() + clockOffsetMs;
}

/** Answers that were asked for before the part that wants them was there. */
const early = new Map<string, Promise<unknown>>();

/** The answer to a GET. Throws ApiProblem; an abort by `signal` is thrown as it is. */
export function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  const place = path + queryText(query);
  const asked = early.get(place) as Promise<T> | undefined;
  early.delete(place);
  return asked ?? ask<T>('GET', place, undefined, undefined, signal);
}

/** Asks for what the first `get` of the same will want, so that it need not wait for what is done until then. */
export function askEarly(path: string, query?: Query): void {
  const asked = ask('GET', path + queryText(query), undefined);
  // Whoever takes the answer is told of a failure; perhaps nobody does.
  asked.catch(() => undefined);
  early.set(path + queryText(query), asked);
}

/** The answer to a change; undefined where the answer has no body. Throws ApiProblem. */
export function send<T>(
  method: Exclude<Method, 'GET'>,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
): Promise<T> {
  return ask<T>(method, path, body, headers);
}

/** Where the browser itself fetches from: downloads and streams. */
export function apiPath(path: string, query?: Query): string {
  return BASE + path + queryText(query);
}

/** The headers of a change that a script sends itself, such as for a streamed answer: they show that the page sent it. */
export function changeHeaders(): Readonly<Record<string, string>> {
  return { 'Content-Type': 'application/json', 'X-Gluewall': 'page' };
}

/** What an answer that is no success says of itself. */
export async function readProblem(response: Response): Promise<ApiProblem> {
  const document = await readJson(response);
  const text = (key: string) => (typeof document[key] === 'string' ? document[key] : undefined);
  const detail = text('detail') ?? text('title') ?? `The console answered with status ${response.status}.`;
  return new ApiProblem(response.status, text('code') ?? `http-${response.status}`, detail, document);
}

async function ask<T>(
  method: Method,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<T> {
  const response = await fetchAnswer(BASE + path, {
    method,
    headers: { Accept: 'application/json', ...(method === 'GET' ? {} : changeHeaders()), ...headers },
    ...(method === 'GET' || body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.any([AbortSignal.timeout(TIME_LIMIT_MS), ...(signal === undefined ? [] : [signal])]),
  });
  noteClock(response);
  if (!response.ok) {
    if (response.status === 401 && path !== '/session') onRefused?.();
    throw await readProblem(response);
  }
  if (response.status === 204 || response.headers.get('Content-Length') === '0') return undefined as T;
  try {
    return (await response.json()) as T;
  } catch {
    throw new ApiProblem(response.status, 'no-json', 'The answer of the console cannot be read. Reload the page.');
  }
}

async function fetchAnswer(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { credentials: 'same-origin', cache: 'no-store', ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    const isLate = error instanceof DOMException && error.name === 'TimeoutError';
    const what = isLate ? `gave no answer in ${TIME_LIMIT_MS / 1000} seconds` : 'cannot be reached';
    throw new ApiProblem(0, 'no-answer', `The console ${what}.`);
  }
}

async function readJson(response: Response): Promise<Readonly<Record<string, unknown>>> {
  try {
    const value: unknown = await response.json();
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function noteClock(response: Response): void {
  const at = Date.parse(response.headers.get('Date') ?? '');
  if (Number.isNaN(at)) return;
  const offsetMs = at - Date.now();
  clockOffsetMs = Math.abs(offsetMs) < LEAST_OFFSET_MS ? 0 : offsetMs;
}

function queryText(query: Query | undefined): string {
  if (query === undefined) return '';
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}
