import type { ApiApp } from '../api-app.ts';
import { addAccountEndpoints } from './account-endpoints.ts';
import { addCaseEndpoints } from './case-endpoints.ts';
import { addChangeEndpoints } from './change-endpoints.ts';
import { addDocumentEndpoints } from './document-endpoints.ts';
import { addEventEndpoints } from './event-endpoints.ts';
import { addFindingEndpoints } from './finding-endpoints.ts';
import { addHistoryEndpoints } from './history-endpoints.ts';
import { addHostEndpoints } from './host-endpoints.ts';
import { addInboxEndpoints } from './inbox-endpoints.ts';
import { addOperationEndpoints } from './operation-endpoints.ts';
import { addRuleEndpoints } from './rule-endpoints.ts';
import { addSwitchEndpoints } from './switch-endpoints.ts';

/** All endpoints but those of the session and the live stream, and the documentation of all that `api` has by the time it is read. */
export function addEndpoints(api: ApiApp): void {
  addInboxEndpoints(api);
  addEventEndpoints(api);
  addRuleEndpoints(api);
  addHistoryEndpoints(api);
  addHostEndpoints(api);
  addFindingEndpoints(api);
  addCaseEndpoints(api);
  addSwitchEndpoints(api);
  addAccountEndpoints(api);
  addChangeEndpoints(api);
  addOperationEndpoints(api);
  addDocumentEndpoints(api);
}
