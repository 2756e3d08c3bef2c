import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Actor } from '../accounts/actor.ts';
import { GluewallError } from '../core/errors.ts';
import type { Answer } from './answer.ts';
import { type ControlReply, type ControlRequest, MAX_REQUEST_BYTES } from './protocol.ts';

const DEADLINE_MS = 10_000;
/** The query log may be large, and its thread have much to read. */
const LOG_DEADLINE_MS = 60_000;

/**
 * Asks the running gluewall behind a control socket, for `as` or else for oneself; gives what comes as `perform` does. Throws GluewallError
 * `not-running` when nobody answers there, `control-socket` when the answer is none, or the code of the refusal.
 */
export async function* askControl(path: string, request: ControlRequest, signal?: AbortSignal, as?: Actor): Answer {
  const line = `${JSON.stringify(as === undefined ? request : { as, request })}\n`;
  if (Buffer.byteLength(line) > MAX_REQUEST_BYTES) {
    throw new GluewallError(
      'control-socket',
      `a request has at most ${MAX_REQUEST_BYTES} octets; ask for less at once`,
    );
  }
  const socket = await connectTo(path);
  const stop = () => socket.destroy();
  signal?.addEventListener('abort', stop);
  try {
    // It may have aborted while the connection was made: then nobody waits for an answer, which may never come.
    if (signal?.aborted) throw new GluewallError('control-socket', 'nobody waits for the answer any more');
    socket.write(line);
    return yield* answerFrom(socket, path, deadlineOf(request));
  } finally {
    signal?.removeEventListener('abort', stop);
    socket.destroy();
  }
}

/** Whether somebody listens on a control socket; throws GluewallError `control-socket` when it is another user's. */
export async function isAnswering(path: string): Promise<boolean> {
  try {
    (await connectTo(path)).destroy();
    return true;
  } catch (error) {
    if (error instanceof GluewallError && error.code === 'not-running') return false;
    throw error;
  }
}

function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => reject(connectionProblem(path, error)));
  });
}

/** What takes as long as others take. */
const PATIENT: readonly ControlRequest['operation'][] = ['pack refresh', 'log trim', 'traceback request'];

/** How long the first line may take, 0 for any time. */
export function deadlineOf(request: ControlRequest): number {
  const isFollowing = request.operation === 'events' && request.follow;
  if (isFollowing || PATIENT.includes(request.operation)) return 0;
  return request.operation.startsWith('log ') ? LOG_DEADLINE_MS : DEADLINE_MS;
}

/**
 * Only the wait for the first line has a limit, 0 for none: a list may be long, events that are followed may be rare, and
 * fetching a threat list, or letting go of old entries, may take its time.
 */
async function* answerFrom(socket: Socket, path: string, deadlineMs: number): Answer {
  const problem = (reason: string) => new GluewallError('control-socket', `control socket ${path}: ${reason}`);
  let failure = 'closed without an answer';
  socket.setTimeout(deadlineMs, () => {
    failure = `no answer within ${deadlineMs} ms`;
    socket.destroy();
  });
  for await (const line of linesOf(socket, (error) => {
    failure = error.message;
  })) {
    socket.setTimeout(0);
    const reply = parseReply(line);
    if (reply === undefined) throw problem('the answer is no JSON');
    if ('item' in reply) {
      yield reply.item;
      continue;
    }
    if (reply.ok) return reply.result;
    throw new GluewallError(reply.error.code, reply.error.message);
  }
  throw problem(failure);
}

/** The lines until the connection ends, or breaks: a connection that breaks has no end to read. */
async function* linesOf(socket: Socket, onError: (error: Error) => void): AsyncGenerator<string, void> {
  const lines = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY });
  socket.on('close', () => lines.close());
  socket.on('error', onError);
  try {
    yield* lines;
  } catch (error) {
    onError(error as Error);
  }
}

function connectionProblem(path: string, error: NodeJS.ErrnoException): GluewallError {
  if (error.code === 'EACCES') {
    return new GluewallError('control-socket', `control socket ${path}: belongs to another user; run as that user`);
  }
  const remedy =
    'start it with `gluewall run` (a node without a gate: `gluewall node`), or name its socket with --socket PATH';
  return new GluewallError('not-running', `no gluewall answers on ${path} (${error.code}): ${remedy}`);
}

function parseReply(line: string): ControlReply | undefined {
  try {
    const reply = JSON.parse(line) as unknown;
    return typeof reply === 'object' && reply !== null ? (reply as ControlReply) : undefined;
  } catch {
    return undefined;
  }
}
