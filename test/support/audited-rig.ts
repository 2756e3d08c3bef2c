import { type Actor, SOCKET_ACTOR } from '../../src/accounts/actor.ts';
import { performAudited } from '../../src/control/audited.ts';
import type { ParsedRequest } from '../../src/control/protocol.ts';
import type { GluewallError } from '../../src/core/errors.ts';
import type { ChangeView } from '../../src/services/account-views.ts';
import type { Services } from '../../src/services/services.ts';
import { type AccountRig, accountRig, PASSWORD } from './account-rig.ts';

export interface AuditedRig extends AccountRig {
  /** What the other services were asked: the name of each, with its arguments. */
  readonly asked: (readonly [name: string, args: readonly unknown[]])[];
  readonly all: Services;
  /** The result, or the code of the refusal. */
  ask(request: ParsedRequest, as?: Actor): Promise<unknown>;
  /** The oldest first. */
  lines(): Promise<readonly ChangeView[]>;
}

const VIEW = { id: 'x', outcome: 'added', rule: { id: '1f3a9c04' }, ended: { group: null }, changed: [], undo: [] };
/** Those that give items. */
const LISTS: readonly string[] = ['packRefresh', 'request', 'trace', 'bypassList', 'quarantineList'];

/** The real accounts, beside services that agree to everything. */
export async function auditedRig(): Promise<AuditedRig> {
  const rig = await accountRig();
  const asked: AuditedRig['asked'] = [];
  const agree =
    (name: string) =>
    (...args: readonly unknown[]) => {
      asked.push([name, args]);
      return LISTS.includes(name) ? oneItem() : VIEW;
    };
  const agreeing = (own: object): object =>
    new Proxy(own, {
      get: (target, name) => (name in target ? target[name as keyof typeof target] : agree(String(name))),
      has: (target, name) => name in target,
    });
  const all = agreeing({
    accounts: rig.services,
    ...Object.fromEntries(
      ['log', 'traceback', 'findings', 'behaviour', 'inbox', 'pages'].map((key) => [key, agreeing({})]),
    ),
  }) as Services;
  await rig.services.userAdd({ name: 'ann', role: 'admin', password: PASSWORD });
  await rig.services.userAdd({ name: 'ben', role: 'analyst', password: PASSWORD });
  return {
    ...rig,
    asked,
    all,
    async ask(request, as = SOCKET_ACTOR) {
      const answer = performAudited(all, { actor: as, request }, new AbortController().signal);
      try {
        for (;;) {
          const step = await answer.next();
          if (step.done === true) return step.value;
        }
      } catch (error) {
        return (error as GluewallError).code;
      }
    },
    async lines() {
      const query = { sinceMs: undefined, untilMs: undefined, by: undefined, operation: undefined, subject: undefined };
      return (await rig.services.changes({ ...query, before: undefined, limit: 500 })).items.toReversed();
    },
  };
}

async function* oneItem(): AsyncGenerator<unknown, unknown> {
  yield { id: 'x', group: null, host: 'none' };
  return VIEW;
}
