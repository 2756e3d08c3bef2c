import { z } from '@hono/zod-openapi';
import type { ControlRequest } from '../../control/protocol.ts';
import { GluewallError } from '../../core/errors.ts';
import type { ApiApp } from '../api-app.ts';
import { addEndpoint } from './common.ts';
import { NDJSON, replies, streamReplies } from './stream-replies.ts';

/** Operations that one user has under way at once. */
const MAX_AT_ONCE = 4;

/** What the request says is looked at where it is carried out. */
const anyRequest = z
  .looseObject({ operation: z.string().min(1).max(64) })
  .meta({ id: 'ControlRequest', description: 'A request of the control socket: `src/control/protocol.ts`.' });

/** The door of the command line. */
export function addOperationEndpoints(api: ApiApp): void {
  const atWork = new Map<string, number>();
  addEndpoint(
    api,
    {
      method: 'post',
      path: '/operations',
      subject: 'operations',
      summary: 'Any request of the control socket; the answer is lines of JSON',
      description: `Each operation needs a role of its own. One user has at most ${MAX_AT_ONCE} under way at once. Closing the connection ends what was asked.`,
      role: 'viewer',
      body: anyRequest,
      bodyExample: { operation: 'lookup', target: '203.0.113.53' },
      answer: replies,
      mediaType: NDJSON,
    },
    async (c, { body }) => {
      const { user } = c.get('actor');
      const count = atWork.get(user) ?? 0;
      if (count >= MAX_AT_ONCE) {
        const remedy = 'wait until one has ended';
        throw new GluewallError('too-many-requests', `${user} has ${count} operations under way; ${remedy}`);
      }
      atWork.set(user, count + 1);
      return streamReplies(c, body as ControlRequest, () => {
        const left = (atWork.get(user) ?? 1) - 1;
        if (left > 0) atWork.set(user, left);
        else atWork.delete(user);
      });
    },
  );
}
