import { ApiProblem, apiPath, changeHeaders, readProblem } from './client.ts';
import { type ReplyLine, ReplyLines } from './reply-lines.ts';

/**
 * Posts a request whose answer comes bit by bit (application/x-ndjson): each item is given as it comes, and the promise resolves
 * with the result behind them. `signal` ends it, here and behind the console. Rejects with ApiProblem when it is refused, at
 * once or on the way, and when the answer breaks off; with the reason of `signal` when that ended it.
 */
export async function sendStream<Item, Result>(
  path: string,
  body: unknown,
  onItem: (item: Item) => void,
  signal?: AbortSignal,
): Promise<Result> {
  const reader = await openStream(path, body, signal);
  const lines = new ReplyLines();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      for (const line of done ? lines.end() : lines.push(value)) {
        if (line.kind === 'item') onItem(line.item as Item);
        else return resultOf(line) as Result;
      }
      if (done) throw brokenOff();
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof ApiProblem ? error : brokenOff();
  } finally {
    // What is behind the result is of no use, and a reader that is left would hold the connection.
    reader.cancel().catch(() => undefined);
  }
}

async function openStream(path: string, body: unknown, signal: AbortSignal | undefined) {
  const init = { method: 'POST', headers: changeHeaders(), body: JSON.stringify(body), signal: signal ?? null };
  const response = await fetch(apiPath(path), init).catch((): never => {
    signal?.throwIfAborted();
    throw new ApiProblem(0, 'no-answer', 'The console cannot be reached.');
  });
  if (!response.ok) throw await readProblem(response);
  if (response.body === null) throw brokenOff();
  return response.body.getReader();
}

function resultOf(line: Exclude<ReplyLine, { readonly kind: 'item' }>): unknown {
  if (line.kind === 'result') return line.result;
  throw new ApiProblem(0, line.kind === 'refused' ? line.code : 'answer-broke-off', line.message);
}

function brokenOff(): ApiProblem {
  return new ApiProblem(0, 'answer-broke-off', 'The answer broke off before its end: ask again.');
}
