import { connect } from 'node:net';
import { GluewallError } from '../core/errors.ts';
import type { ControlReply, ControlRequest } from './protocol.ts';

const DEADLINE_MS = 10_000;
const MAX_REPLY_CHARACTERS = 64 * 1024 * 1024;

/**
 * Asks the running gluewall behind a control socket. Rejects with GluewallError `not-running` when nobody answers
 * there, `control-socket` when the answer is none, or the code of the refusal.
 */
export async function askControl(path: string, request: ControlRequest): Promise<unknown> {
  const reply = parseReply(await exchange(path, request), path);
  if (reply.ok) return reply.result;
  throw new GluewallError(reply.error.code, reply.error.message);
}

function exchange(path: string, request: ControlRequest): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(path, () => socket.write(`${JSON.stringify(request)}\n`));
    const fail = (reason: string) => {
      socket.destroy();
      reject(new GluewallError('control-socket', `control socket ${path}: ${reason}`));
    };
    socket.setEncoding('utf8');
    socket.setTimeout(DEADLINE_MS, () => fail(`no answer within ${DEADLINE_MS} ms`));
    socket.on('error', (error: NodeJS.ErrnoException) => reject(connectionProblem(path, error)));
    socket.on('data', (part: string) => {
      text += part;
      if (text.length > MAX_REPLY_CHARACTERS) fail('the answer is too long');
      if (!text.includes('\n')) return;
      socket.end();
      resolve(text);
    });
    socket.on('end', () => fail('closed without an answer'));
  });
}

function connectionProblem(path: string, error: NodeJS.ErrnoException): GluewallError {
  if (error.code === 'EACCES') {
    return new GluewallError('control-socket', `control socket ${path}: belongs to another user; run as that user`);
  }
  const remedy = 'start it with `gluewall run`, or name its socket with --socket PATH';
  return new GluewallError('not-running', `no gluewall answers on ${path} (${error.code}): ${remedy}`);
}

function parseReply(text: string, path: string): ControlReply {
  try {
    return JSON.parse(text) as ControlReply;
  } catch (cause) {
    throw new GluewallError('control-socket', `control socket ${path}: the answer is no JSON`, { cause });
  }
}
