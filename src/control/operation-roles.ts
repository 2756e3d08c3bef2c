/** What each operation needs of whom it is carried out for: one table, for every door. */
import type { Role } from '../accounts/actor.ts';
import type { ParsedRequest } from './protocol.ts';

export type Operation = ParsedRequest['operation'];

export interface OperationRule {
  /** The least role; `socket`: only who asks for himself on the control socket, such as the console at a sign-in. */
  readonly role: Role | 'socket';
  /** It leaves a line in the record of changes. */
  readonly changes: boolean;
  /** A token may ask it, too; what it could make itself at home with it may not. */
  readonly byToken: boolean;
}

const read = (role: OperationRule['role']): OperationRule => ({ role, changes: false, byToken: true });
const change = (role: OperationRule['role']): OperationRule => ({ role, changes: true, byToken: true });
/** Only by people: users, tokens, passwords, saved views. */
const inPerson = (role: OperationRule['role']): OperationRule => ({ role, changes: true, byToken: false });

export const OPERATION_RULES: Readonly<Record<Operation, OperationRule>> = {
  lookup: read('viewer'),
  check: read('viewer'),
  bypass: change('admin'),
  'bypass end': change('admin'),
  'bypass list': read('viewer'),
  quarantine: change('analyst'),
  'quarantine end': change('analyst'),
  'quarantine list': read('viewer'),
  'rpz show': read('viewer'),
  'rpz text': read('admin'),
  reload: change('admin'),
  'history list': read('viewer'),
  'history import': change('admin'),
  'rule add': change('analyst'),
  'rule change': change('analyst'),
  'rule remove': change('analyst'),
  'rule list': read('viewer'),
  'rule show': read('viewer'),
  'rule preview': read('viewer'),
  'allow remove': change('analyst'),
  events: read('viewer'),
  'events search': read('viewer'),
  'event show': read('viewer'),
  'event packet': read('viewer'),
  clients: read('viewer'),
  'pack list': read('viewer'),
  'pack show': read('viewer'),
  'pack refresh': change('admin'),
  'report rollout': read('viewer'),
  'log search': read('analyst'),
  'log sources': read('analyst'),
  'log refused': read('analyst'),
  'log trim': change('admin'),
  'traceback request': change('analyst'),
  'traceback list': read('viewer'),
  'traceback show': read('viewer'),
  'traceback close': change('analyst'),
  'traceback export': change('analyst'),
  bots: read('viewer'),
  'bots show': read('viewer'),
  'host show': read('viewer'),
  'host timeline': read('viewer'),
  'host axes': read('viewer'),
  'report dns-tcp': read('viewer'),
  'findings list': read('viewer'),
  'findings show': read('viewer'),
  'findings acknowledge': change('analyst'),
  'findings escalate': change('analyst'),
  'findings close': change('analyst'),
  'findings reopen': change('analyst'),
  'findings comment': change('analyst'),
  'findings trace': change('analyst'),
  overview: read('viewer'),
  switches: read('viewer'),
  status: read('viewer'),
  'inbox list': read('viewer'),
  'inbox show': read('viewer'),
  'inbox events': read('viewer'),
  'inbox changes': read('viewer'),
  'inbox acknowledge': change('analyst'),
  'inbox escalate': change('analyst'),
  'inbox reopen': change('analyst'),
  'inbox undo': change('analyst'),
  'inbox comment': change('analyst'),
  'session open': inPerson('socket'),
  'session open oidc': inPerson('socket'),
  'session check': read('socket'),
  'session end': change('viewer'),
  'session list': read('viewer'),
  'session revoke': inPerson('viewer'),
  'setup link': inPerson('admin'),
  setup: inPerson('socket'),
  'setup state': read('viewer'),
  'user list': read('admin'),
  'user add': inPerson('admin'),
  'user change': inPerson('admin'),
  'user remove': inPerson('admin'),
  'password change': inPerson('viewer'),
  'token list': read('viewer'),
  'token add': inPerson('viewer'),
  'token remove': inPerson('viewer'),
  'token check': read('socket'),
  'view list': read('viewer'),
  'view save': inPerson('viewer'),
  'view remove': inPerson('viewer'),
  changes: read('admin'),
};
