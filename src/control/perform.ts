import type { Services } from '../services/services.ts';
import type { Answer } from './answer.ts';
import type { ParsedRequest } from './protocol.ts';

/**
 * Carries out a request, on the services of a running gluewall or on those of a store that rests. `signal` ends what
 * would go on for ever. Throws GluewallError for what is refused.
 */
export async function* perform(services: Services, request: ParsedRequest, signal: AbortSignal): Answer {
  switch (request.operation) {
    case 'lookup':
      return services.lookup(request.target);
    case 'check':
      return services.check({
        destination: request.destination,
        client: request.client,
        queryName: request.queryName,
      });
    case 'history list':
      return yield* counted(services.historyList(request.zone));
    case 'history import':
      return services.historyImport(request.rows, request.endsWarmup);
    case 'allow add': {
      const { address, reason, owner, expires: expiresAtMs = Number.POSITIVE_INFINITY } = request;
      return services.allowAdd({ address, reason, owner, expiresAtMs });
    }
    case 'allow remove':
      return services.allowRemove(request.address);
    case 'allow list':
      return yield* counted(services.allowList());
    case 'events': {
      const { since: sinceMs, client, destination, limit, follow } = request;
      return yield* counted(services.events({ sinceMs, client, destination, limit }, follow ? signal : undefined));
    }
    case 'status':
      return services.status();
  }
}

/** The items of a list; its result is how many there were. */
async function* counted(items: AsyncIterable<unknown>): AsyncGenerator<unknown, { readonly count: number }, void> {
  let count = 0;
  for await (const item of items) {
    count++;
    yield item;
  }
  return { count };
}
