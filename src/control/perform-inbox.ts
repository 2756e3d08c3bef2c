import type { InboxServices } from '../services/inbox-services.ts';
import type { InboxRequest } from './protocol.ts';

/** As `perform`, for requests that are about the inbox and the kept events alone. */
export async function performOnInbox(inbox: InboxServices, request: InboxRequest): Promise<unknown> {
  switch (request.operation) {
    case 'inbox list':
      return inbox.list(request);
    case 'inbox show':
      return inbox.show(request.entry);
    case 'inbox events':
      return inbox.events(request.entry, request);
    case 'inbox changes':
      return inbox.changes(request.after, request.limit);
    case 'inbox acknowledge':
      return inbox.acknowledge(request.entries, request.until, request.owner);
    case 'inbox escalate':
      return inbox.escalate(request.entries, request.owner);
    case 'inbox reopen':
      return inbox.reopen(request.entries, request.owner);
    case 'inbox undo':
      return inbox.undo(request.steps, request.owner);
    case 'inbox comment':
      return inbox.comment(request.entry, request.text, request.owner);
    case 'events search':
      return inbox.search(request);
  }
}
