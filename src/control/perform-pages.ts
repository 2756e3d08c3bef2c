import type { Services } from '../services/services.ts';
import type { Answer } from './answer.ts';
import { counted } from './counted.ts';
import type { PageRequest } from './page-requests.ts';

/** As `perform`, for what the pages of the console ask. */
export async function* performOnPages(services: Services, request: PageRequest): Answer {
  const { pages } = services;
  switch (request.operation) {
    case 'event show':
      return pages.eventShow(request.event);
    case 'event packet':
      return pages.eventPacket(request.event);
    case 'rule show':
      return services.ruleShow(request.id);
    case 'rule preview':
      return pages.rulePreview(request);
    case 'rule change': {
      const { reason, expires: expiresAtMs, ifVersion } = request;
      return services.ruleChange(request.id, { reason, expiresAtMs, ifVersion });
    }
    case 'overview':
      return pages.overview({ sinceMs: request.since, untilMs: request.until, busiest: request.busiest });
    case 'switches':
      return yield* counted(pages.switches());
    case 'host timeline':
      return pages.hostTimeline({ host: request.host, sinceMs: request.since, limit: request.limit });
    case 'host axes':
      return pages.hostAxes({ host: request.host, sinceMs: request.since });
  }
}
