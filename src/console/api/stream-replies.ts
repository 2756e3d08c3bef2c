/** Answers that come as they are made: lines of JSON, as on the control socket. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { ControlReply, ControlRequest } from '../../control/protocol.ts';
import { every } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import type { ConsoleEnv } from '../api-app.ts';
import { checkWho, isOver } from '../who-asks.ts';

export const NDJSON = 'application/x-ndjson';

/** For the documentation: one line. */
export const replies = z
  .union([
    z.object({ item: z.unknown() }),
    z.object({ ok: z.literal(true), result: z.unknown() }),
    z.object({ ok: z.literal(false), error: z.object({ code: z.string(), message: z.string() }) }),
  ])
  .meta({ id: 'Reply', description: 'One line of the answer; the first that is no item is the last.' });

/** How often it is asked whether the session or token is good still: it may be taken from who reads. */
const CHECK_MS = 15_000;
/** A refusal that comes within this time is a problem document; one that comes later is the last line. */
const FIRST_STEP_MS = 1000;

type Step = IteratorResult<unknown, unknown>;

/**
 * Asks, and answers with lines of ControlReply as they come. No more is read than the client takes; when it goes, what was asked
 * ends, and so it does with its session or token. `onEnd` is called once, however it ends. Throws GluewallError for what is refused at once.
 */
export async function streamReplies(
  c: Context<ConsoleEnv>,
  request: ControlRequest,
  onEnd: () => void = () => {},
): Promise<Response> {
  const stop = new AbortController();
  const gone = c.get('signal');
  let over: GluewallError | undefined;
  const check = async () => {
    over = await whyOver(c);
    if (over !== undefined) end();
  };
  // What cannot be said now is asked again with the next.
  const cancelChecks = every(c.get('clock'), CHECK_MS, () => void check().catch(() => undefined));
  const end = () => {
    if (stop.signal.aborted) return;
    stop.abort();
    cancelChecks();
    gone.removeEventListener('abort', end);
    onEnd();
  };
  gone.addEventListener('abort', end);
  // It may have gone while it was asked who it is.
  if (gone.aborted) end();
  try {
    const answer = c.get('ask')(request, c.get('actor'), stop.signal);
    const first = answer.next();
    await Promise.race([first, sleep(FIRST_STEP_MS, undefined, { ref: false })]);
    const lines = linesOf(answer, first, () => over);
    return c.body(streamOf(lines, end), 200, { 'Content-Type': NDJSON });
  } catch (error) {
    end();
    throw error;
  }
}

/** Why the session or token is good no more; undefined while it is. Rejects when that cannot be said now. */
async function whyOver(c: Context<ConsoleEnv>): Promise<GluewallError | undefined> {
  try {
    await checkWho(c.get('ask'), c.get('who'), c.get('from'), true);
    return undefined;
  } catch (error) {
    if (isOver(error)) return error;
    throw error;
  }
}

/** What the client does not read is not asked for. */
function streamOf(lines: AsyncGenerator<string, void>, end: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await lines.next();
        if (done !== true) return controller.enqueue(Buffer.from(value));
        end();
        controller.close();
      },
      async cancel() {
        end();
        await lines.return();
      },
    },
    { highWaterMark: 0 },
  );
}

async function* linesOf(
  answer: AsyncGenerator<unknown, unknown>,
  first: Promise<Step>,
  why: () => GluewallError | undefined,
): AsyncGenerator<string, void> {
  try {
    for (let step = await first; ; step = await answer.next()) {
      yield lineOf(step.done === true ? { ok: true, result: step.value } : { item: step.value });
      if (step.done === true) return;
    }
  } catch (error) {
    const cause = why() ?? error;
    if (!(cause instanceof GluewallError)) throw cause;
    yield lineOf({ ok: false, error: { code: cause.code, message: cause.message } });
  } finally {
    await answer.return(undefined);
  }
}

function lineOf(reply: ControlReply): string {
  return `${JSON.stringify(reply)}\n`;
}
