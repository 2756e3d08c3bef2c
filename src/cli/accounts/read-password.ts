/** Passwords that are typed: never seen, and never among the arguments, which every process can read. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { GluewallError } from '../../core/errors.ts';

const MAX_PASSWORD_OCTETS = 4096;

/** A new password, typed twice at a terminal; else the first line of standard input. Throws GluewallError `usage`. */
export async function readNewPassword(user: string): Promise<string> {
  if (process.stdin.isTTY !== true) return await firstLine();
  const password = await typed(`password of ${user} (12 characters or more): `);
  if ((await typed('the same again: ')) === password) return password;
  throw new GluewallError('usage', 'the two were not the same; nothing has changed');
}

async function firstLine(): Promise<string> {
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    octets += chunk.length;
    if (chunk.includes(0x0a) || octets > MAX_PASSWORD_OCTETS) break;
  }
  const [line] = Buffer.concat(chunks).toString('utf8').split(/\r?\n/, 1);
  if (line !== undefined && line !== '' && octets <= MAX_PASSWORD_OCTETS) return line;
  throw new GluewallError('usage', 'standard input has no password: want it as the first line');
}

/** What is typed behind a question, of which the terminal shows nothing. */
function typed(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  process.stderr.write(question);
  return new Promise((resolve, reject) => {
    lines.once('SIGINT', () => lines.close());
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    // After a line it is settled already.
    lines.once('close', () => {
      process.stderr.write('\n');
      reject(new GluewallError('usage', 'no password was typed; nothing has changed'));
    });
  });
}
