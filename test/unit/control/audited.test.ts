import { beforeEach, describe, expect, it } from 'vitest';
import { type Actor, mayAct, ROLES, SOCKET_ACTOR } from '../../../src/accounts/actor.ts';
import { performAudited } from '../../../src/control/audited.ts';
import { OPERATION_RULES, type Operation } from '../../../src/control/operation-roles.ts';
import { actor, PASSWORD } from '../../support/account-rig.ts';
import { type AuditedRig, auditedRig } from '../../support/audited-rig.ts';
import { OPERATIONS, sampleRequest } from '../../support/sample-requests.ts';

let rig: AuditedRig;

beforeEach(async () => {
  rig = await auditedRig();
});

const ADMIN = actor('ann', 'admin');
const ANALYST = actor('ben', 'analyst');
const CHANGES = OPERATIONS.filter((operation) => OPERATION_RULES[operation].changes);
const READS = OPERATIONS.filter((operation) => !OPERATION_RULES[operation].changes);

/** Those who may not, of all that there are. */
function lesser(operation: Operation): Actor[] {
  const { role, byToken } = OPERATION_RULES[operation];
  const people = ROLES.filter((one) => role === 'socket' || !mayAct(one, role)).map((one) => actor('eve', one));
  return byToken && role !== 'socket' ? people : [...people, actor('ann', 'admin', 'siem')];
}

describe('every operation', () => {
  it('has a role, and no other has', () => {
    expect(Object.keys(OPERATION_RULES).toSorted()).toEqual(OPERATIONS.toSorted());
    expect(READS.every((operation) => OPERATION_RULES[operation].byToken)).toBe(true);
  });

  it.each(OPERATIONS.filter((operation) => lesser(operation).length > 0))(
    '%s is refused to whoever may less, and nothing is asked or told',
    async (operation) => {
      for (const eve of lesser(operation)) {
        expect(await rig.ask(sampleRequest(operation), eve), `${eve.user}, ${eve.role}`).toBe('role-refused');
      }
      expect(rig.asked).toEqual([]);
    },
  );

  it.each(OPERATIONS)('%s is for the least role that may, and for the socket', async (operation) => {
    const { role } = OPERATION_RULES[operation];
    if (role !== 'socket') expect(await rig.ask(sampleRequest(operation), actor('ann', role))).not.toBe('role-refused');
    expect(await rig.ask(sampleRequest(operation))).not.toBe('role-refused');
  });
});

describe('the record of changes', () => {
  it.each(CHANGES)('has exactly one line of %s, refused or not', async (operation) => {
    await rig.ask(sampleRequest(operation));
    const [line, ...more] = await rig.lines();
    expect(more).toEqual([]);
    expect(line).toMatchObject({ operation, token: null });
    for (const text of [line!.before, line!.after]) if (text !== null) expect(JSON.parse(text)).toBeDefined();
    expect(JSON.stringify(line)).not.toMatch(/herons|gw_|secret/);
    const [eve] = lesser(operation);
    if (eve === undefined) return;
    await rig.ask(sampleRequest(operation), eve);
    const lines = await rig.lines();
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatchObject({
      ...{ by: eve.user, from: eve.from, token: eve.token ?? null, operation },
      ...{ refused: 'role-refused', before: null, after: null },
    });
  });

  it.each(READS)('has no line of %s', async (operation) => {
    await rig.ask(sampleRequest(operation), actor('eve', 'viewer'));
    await rig.ask(sampleRequest(operation));
    expect(await rig.lines()).toEqual([]);
  });

  it('has no line of a reload that is only tried', async () => {
    await rig.ask({ operation: 'reload', isTrial: true }, ADMIN);
    expect(await rig.lines()).toEqual([]);
  });

  it('says what was so before and after', async () => {
    await rig.ask({ operation: 'user change', name: 'BEN', role: 'admin' }, ADMIN);
    await rig.ask({ operation: 'user change', name: 'ben', password: 'seven blue herons' }, ADMIN);
    await rig.ask({ operation: 'user remove', name: 'ben' }, ADMIN);
    const lines = await rig.lines();
    const told = lines.map(({ before, after }) => [before, after].map((text) => JSON.parse(text ?? 'null')));
    expect(told).toMatchObject([
      [
        { name: 'ben', role: 'analyst' },
        { name: 'ben', role: 'admin' },
      ],
      [{ name: 'ben' }, { name: 'ben', password: 'changed' }],
      [{ name: 'ben', role: 'admin' }, null],
    ]);
    expect(lines.every(({ by, from, refused }) => by === 'ann' && from === ADMIN.from && refused === null)).toBe(true);
  });

  it('tells sign-ins, good and bad ones, and sign-outs', async () => {
    const open = { operation: 'session open', user: 'Ben', from: '2001:db8::7' } as const;
    await rig.ask({ ...open, password: 'wrong' });
    const { secret } = (await rig.ask({ ...open, password: PASSWORD })) as { readonly secret: string };
    await rig.ask({ operation: 'session end', secret });
    const lines = await rig.lines();
    expect(lines).toMatchObject([
      { by: 'sign-in', subject: 'Ben', from: '2001:db8::7', refused: 'sign-in-refused' },
      { by: 'ben', subject: 'Ben', from: '2001:db8::7', refused: null },
      { by: 'ben', operation: 'session end', from: '2001:db8::7', refused: null },
    ]);
    expect(JSON.stringify(lines)).not.toContain(secret);
  });

  it('tells of what nobody waited for', async () => {
    const request = sampleRequest('pack refresh');
    const answer = performAudited(rig.all, { actor: ADMIN, request }, new AbortController().signal);
    await answer.next();
    await answer.return(undefined);
    expect(await rig.lines()).toMatchObject([{ operation: 'pack refresh', subject: 'p', refused: 'gone' }]);
  });

  it('tells of what failed inside', async () => {
    const broken = {
      accounts: rig.services,
      reload: () => Promise.reject(new TypeError('a mistake of ours')),
    };
    const line = { actor: ADMIN, request: { operation: 'reload', isTrial: false } } as const;
    const answer = performAudited(broken as never, line, new AbortController().signal);
    await expect(answer.next()).rejects.toThrow('a mistake of ours');
    expect(await rig.lines()).toMatchObject([{ operation: 'reload', refused: 'internal' }]);
  });
});

describe('the owner of what is done', () => {
  const owned = OPERATIONS.filter((operation) => 'owner' in sampleRequest(operation));
  /** Whether a value or one within it is this text. */
  const has = (value: unknown, text: string): boolean => JSON.stringify(value).includes(`"${text}"`);

  it.each(owned.filter((operation) => mayAct('analyst', OPERATION_RULES[operation].role as 'analyst')))(
    'is the actor in %s, whatever the request says',
    async (operation) => {
      await rig.ask(sampleRequest(operation), ANALYST);
      const asked = rig.asked.map(([, args]) => args.filter((arg) => !(arg instanceof AbortSignal)));
      expect(has(asked, 'ben')).toBe(true);
      expect(has(asked, 'somebody else')).toBe(false);
    },
  );

  it('is whom the command line names on the socket', async () => {
    await rig.ask(sampleRequest('findings acknowledge'), SOCKET_ACTOR);
    expect(rig.asked.at(-1)).toEqual(['acknowledge', ['F-7k2m9q', 'somebody else']]);
  });
});
