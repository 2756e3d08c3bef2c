import { z } from 'zod';
import { resultOf } from '../../control/answer.ts';
import { askControl } from '../../control/control-client.ts';
import type { ControlRequest } from '../../control/protocol.ts';
import type { Log } from '../../core/log.ts';

const setupState = z.object({ needed: z.boolean() });
const setupLink = z.object({ secret: z.string(), expires: z.string() });
const COMMAND = 'gluewall console setup-link';

/**
 * Says where the console is. Where nobody can sign in yet, a person at a terminal gets the one-time link; anywhere else (a journal, a
 * file, a pipe) the log says which command makes it, since whoever may read a log is not for that an administrator.
 */
export async function sayConsole(url: string, socketPath: string, log: Log): Promise<void> {
  log.info({ url }, `console: ${url}`);
  const ask = (request: ControlRequest) => resultOf(askControl(socketPath, request));
  try {
    if (!setupState.parse(await ask({ operation: 'setup state' })).needed) return;
    if (!process.stderr.isTTY) {
      log.warn({}, `nobody can sign in to the console yet: \`${COMMAND}\` makes a link for the first administrator`);
      return;
    }
    const { secret, expires } = setupLink.parse(await ask({ operation: 'setup link' }));
    process.stderr.write(
      `\nTo set the console up, open this link once, before ${expires}:\n  ${url}/set-up#${secret}\n\n`,
    );
  } catch (error) {
    log.warn(
      { error: (error as Error).message },
      `whether the console is set up cannot be said; \`${COMMAND}\` makes a link`,
    );
  }
}
