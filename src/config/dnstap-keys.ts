/** The keys below `dnstap`. */
import { z } from 'zod';
import { capturePlace, facts } from './fields.ts';

export const dnstapKeys = z.strictObject({
  listen: capturePlace
    .optional()
    .describe(
      'Where DNS servers write dnstap: a unix socket, or HOST:PORT. The history learns from RESOLVER_QUERY and RESOLVER_RESPONSE; all of it enters the query log, unless querylog.dnstap is false',
    )
    .meta(facts('path or host:port', 'none', 'one place')),
  access: z
    .enum(['owner', 'group'])
    .default('owner')
    .describe(
      'Who may write to the unix socket: the user of gluewall and root (mode 0600), or its group too (0660); of a folder with the set-group-ID bit, the group of the folder',
    )
    .meta(facts('word', 'owner', 'owner, group')),
  plain: z
    .enum(['loopback', 'anywhere'])
    .default('loopback')
    .describe(
      'Which addresses dnstap.listen may have; nobody who reaches it is asked who he is, and so anywhere is only for a network where resolvers alone do',
    )
    .meta(facts('word', 'loopback', 'loopback, anywhere')),
});
