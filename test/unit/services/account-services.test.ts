import { beforeEach, describe, expect, it } from 'vitest';
import { Passwords } from '../../../src/accounts/passwords.ts';
import type { GluewallError } from '../../../src/core/errors.ts';
import { accountServices } from '../../../src/services/account-services.ts';
import { type AccountRig, accountRig, actor, CHEAP, HERE, PASSWORD } from '../../support/account-rig.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const OTHER = 'seven blue herons';
const ADMIN = actor('ann', 'admin');
const BEN = actor('ben', 'analyst');
const CLAIMS = { issuer: 'https://id.example', subject: '42', name: 'Olga', role: 'analyst' } as const;

let rig: AccountRig;

beforeEach(async () => {
  rig = await accountRig();
  await rig.services.userAdd({ name: 'ann', role: 'admin', password: PASSWORD });
  await rig.services.userAdd({ name: 'ben', role: 'analyst', password: PASSWORD });
});

/** The code of the refusal. */
async function refusal(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    return (error as GluewallError).code;
  }
  return 'none';
}

const open = (user = 'ben', password = PASSWORD, from = HERE) => rig.services.sessionOpen(user, password, from);
const check = (secret: string) => refusal(() => rig.services.sessionCheck(secret, false));
/** As after a restart, over the same store. */
const restarted = async () => {
  await rig.book.stop();
  return accountRig({ clock: rig.clock, store: rig.store });
};

describe('a sign-in', () => {
  it('gives a new secret each time, which is not kept', async () => {
    const first = await open();
    const second = await open('BEN');
    expect(first).toMatchObject({ user: 'ben', role: 'analyst', origin: 'local', from: HERE });
    expect(first.secret).toMatch(/^[\w-]{43}$/);
    expect(second.secret).not.toBe(first.secret);
    expect(rig.services.sessionCheck(first.secret, false).id).toBe(first.id);
    await rig.book.flush();
    expect(JSON.stringify(await rig.store.loadRecords())).not.toContain(first.secret);
    expect(JSON.stringify(await rig.store.loadRecords())).not.toContain(PASSWORD);
  });

  it('says nothing of whether it was the name or the password', async () => {
    const failures = await Promise.all(
      [open('ben', 'wrong'), open('nobody', PASSWORD), open('__proto__', '')].map((one) => one.catch((error) => error)),
    );
    expect(new Set(failures.map(({ code, message }) => `${code} ${message}`)).size).toBe(1);
    expect(failures[0].code).toBe('sign-in-refused');
  });

  it('costs a hash for names that there are not, too', async () => {
    // Only as many hashes as may wait are made: whoever is turned away stood in line for one.
    const asked = Array.from({ length: 19 }, (_, index) =>
      refusal(() => open(`nobody${index}`, 'x', `192.0.2.${index}`)),
    );
    const codes = await Promise.all(asked);
    expect(codes.filter((code) => code === 'sign-in-throttled')).toHaveLength(1);
  });

  it('that finds no room is no failure: a crowd at the door keeps nobody out for longer than it stands there', async () => {
    for (let round = 0; round < 6; round++) {
      const crowd = Array.from({ length: 18 }, (_, index) =>
        refusal(() => open(`nobody${index}`, 'x', `2001:db8:${round}:${index}::1`)),
      );
      await expect(open()).rejects.toMatchObject({ message: expect.stringContaining('too many sign in at once') });
      await Promise.all(crowd);
    }
    expect((await open()).user).toBe('ben');
  });

  it('is delayed after five failures, also when it would be right, and not for others', async () => {
    for (let count = 0; count < 5; count++) expect(await refusal(() => open('ben', 'wrong'))).toBe('sign-in-refused');
    await expect(open()).rejects.toMatchObject({
      code: 'sign-in-throttled',
      message: expect.stringContaining('in 1 s'),
    });
    expect((await open('ann')).user).toBe('ann');
    rig.clock.advance(1000);
    expect((await open()).user).toBe('ben');
  });

  it('of many at once gets no more tries than one after the other', async () => {
    const codes = await Promise.all(Array.from({ length: 15 }, () => refusal(() => open('ben', 'wrong'))));
    expect(codes.filter((code) => code === 'sign-in-refused')).toHaveLength(5);
  });

  it('keeps the password anew when the cost has risen', async () => {
    const old = await new Passwords((count) => Buffer.alloc(count, 7), { ...CHEAP, ln: 2 }).hash(PASSWORD);
    rig.book.users.rekept(rig.book.users.get('ben'), old);
    await open();
    expect(rig.book.users.get('ben').password).toMatch(/^\$scrypt\$ln=4,/);
    expect((await open()).user).toBe('ben');
  });

  it('does not count when the user is removed, or his password changed, while it is looked at', async () => {
    const password = await rig.book.passwords.hash(OTHER);
    const removed = refusal(() => open());
    rig.services.userRemove('ben');
    expect(await removed).toBe('sign-in-refused');
    const changed = refusal(() => open('ann'));
    rig.book.changeUser('ann', { password });
    expect(await changed).toBe('sign-in-refused');
  });
});

describe('a session', () => {
  it('ends when it is not used for half an hour, and a stream is no use of it', async () => {
    const { secret, idleEnds } = await open();
    expect(Date.parse(idleEnds) - rig.clock.nowMs()).toBe(30 * MINUTE_MS);
    rig.clock.advance(29 * MINUTE_MS);
    expect(await check(secret)).toBe('none');
    rig.clock.advance(29 * MINUTE_MS);
    rig.services.sessionCheck(secret, true);
    rig.clock.advance(MINUTE_MS);
    expect(await check(secret)).toBe('session-ended');
  });

  it('ends after half a day, however much it is used', async () => {
    const { secret } = await open();
    for (let spent = 0; spent < 12 * HOUR_MS - MINUTE_MS; spent += MINUTE_MS) {
      rig.clock.advance(MINUTE_MS);
      expect(await check(secret)).toBe('none');
    }
    rig.clock.advance(MINUTE_MS);
    expect(await check(secret)).toBe('session-ended');
    expect(rig.services.sessionList(ADMIN)).toEqual([]);
  });

  it('goes on over a restart, and its last use is written once a minute', async () => {
    const { secret } = await open();
    rig.clock.advance(50_000);
    rig.services.sessionCheck(secret, false);
    expect((await restarted()).book.sessions.list()[0]!.lastAtMs).toBe(rig.clock.nowMs() - 50_000);
    rig.clock.advance(10_000);
    rig = await restarted();
    rig.services.sessionCheck(secret, false);
    rig = await restarted();
    expect(rig.book.sessions.list()[0]!.lastAtMs).toBe(rig.clock.nowMs());
    rig.clock.advance(31 * MINUTE_MS);
    expect(await check(secret)).toBe('session-ended');
  });

  it('is one of twenty of a user, and of a thousand in all: the oldest goes', async () => {
    const secrets: string[] = [];
    for (let count = 0; count < 21; count++) {
      rig.clock.advance(1);
      secrets.push((await open()).secret);
    }
    expect(await check(secrets[0]!)).toBe('session-ended');
    expect(await check(secrets[1]!)).toBe('none');
    for (let count = 0; count < 1000; count++) {
      rig.clock.advance(1);
      rig.book.sessions.open(`user${count % 60}`, HERE);
    }
    expect(rig.book.sessions.size).toBe(1000);
    expect(await check(secrets[20]!)).toBe('session-ended');
  });

  it.each([
    ['his password changes', () => rig.services.userChange({ name: 'ben', password: OTHER })],
    ['he changes it himself', () => rig.services.passwordChange(PASSWORD, OTHER, BEN)],
    ['his role changes', () => rig.services.userChange({ name: 'ben', role: 'viewer' })],
    ['he is removed', () => rig.services.userRemove('ben')],
  ])('of a user ends when %s, and so do his tokens', async (_what, change) => {
    const { secret } = await open();
    const token = rig.services.tokenAdd({ name: 't', role: 'viewer', expiresAtMs: undefined }, BEN);
    await change();
    expect(await check(secret)).toBe('session-ended');
    expect(await refusal(() => rig.services.tokenCheck(token.secret))).toBe('token-refused');
    rig = await restarted();
    expect(await check(secret)).toBe('session-ended');
  });

  it('is shown to its user and to administrators, who may end it', async () => {
    const own = await open();
    const foreign = await open('ann');
    expect(rig.services.sessionList(BEN).map(({ id }) => id)).toEqual([own.id]);
    expect(rig.services.sessionList(ADMIN)).toHaveLength(2);
    expect(await refusal(() => rig.services.sessionRevoke(foreign.id, BEN))).toBe('session-unknown');
    expect(rig.services.sessionRevoke(own.id, ADMIN).user).toBe('ben');
    expect(await check(own.secret)).toBe('session-ended');
    expect(rig.services.sessionEnd(own.secret)).toEqual({ ended: null });
  });

  it.each(['', 'x', '__proto__', 'A'.repeat(43)])('is none by a secret that was forged (%s)', async (secret) => {
    await open();
    expect(await check(secret)).toBe('session-ended');
  });
});

describe('set-up', () => {
  it('makes an administrator by its link, once', async () => {
    rig = await accountRig();
    expect(rig.services.setupState()).toEqual({ needed: true });
    const { secret, isFurther } = rig.services.setupLink();
    expect(isFurther).toBe(false);
    expect(await refusal(() => rig.services.setUp('wrong', 'eve', PASSWORD, HERE))).toBe('setup-refused');
    expect(await refusal(() => rig.services.setUp(secret, 'eve', 'short', HERE))).toBe('password-refused');
    const both = ['ann', 'eve'].map((name) =>
      rig.services.setUp(secret, name, PASSWORD, HERE).then(
        ({ role }) => role,
        ({ code }) => code,
      ),
    );
    expect((await Promise.all(both)).toSorted()).toEqual(['admin', 'setup-refused']);
    expect(rig.services.setupState()).toEqual({ needed: false });
    expect(rig.services.setupLink().isFurther).toBe(true);
  });

  it('has a link for a day, over restarts, too', async () => {
    const { secret } = rig.services.setupLink();
    rig.clock.advance(24 * HOUR_MS - 1);
    rig = await restarted();
    rig.clock.advance(1);
    expect(await refusal(() => rig.services.setUp(secret, 'eve', PASSWORD, HERE))).toBe('setup-refused');
    const next = rig.services.setupLink();
    rig = await restarted();
    expect((await rig.services.setUp(next.secret, 'carl', PASSWORD, HERE)).user).toBe('carl');
  });

  it('slows down who guesses', async () => {
    for (let count = 0; count < 5; count++) await refusal(() => rig.services.setUp('guess', 'eve', PASSWORD, HERE));
    expect(await refusal(() => rig.services.setUp('guess', 'eve', PASSWORD, HERE))).toBe('sign-in-throttled');
  });
});

describe('users', () => {
  it.each(['', 'socket', 'Sign-In', 'gluewall', 'a b', '-a', 'a/b', 'ä', 'a'.repeat(65), 'a\nb', 'ann', 'ANN'])(
    'cannot be called %j',
    async (name) => {
      expect(await refusal(() => rig.services.userAdd({ name, role: 'viewer', password: PASSWORD }))).toBe(
        'user-refused',
      );
    },
  );

  it('always have an administrator among them', async () => {
    expect(await refusal(() => rig.services.userRemove('ann'))).toBe('user-refused');
    expect(await refusal(() => rig.services.userChange({ name: 'ann', role: 'viewer' }))).toBe('user-refused');
    await rig.services.userChange({ name: 'ben', role: 'admin' });
    expect(rig.services.userRemove('ann').name).toBe('ann');
    expect(await refusal(() => rig.services.userRemove('ann'))).toBe('user-unknown');
  });

  it('change their password by the old one, of which wrong ones are counted', async () => {
    expect(await refusal(() => rig.services.passwordChange(PASSWORD, 'short', BEN))).toBe('password-refused');
    for (let count = 0; count < 5; count++)
      expect(await refusal(() => rig.services.passwordChange('wrong', OTHER, BEN))).toBe('sign-in-refused');
    expect(await refusal(() => rig.services.passwordChange(PASSWORD, OTHER, BEN))).toBe('sign-in-throttled');
    rig.clock.advance(1000);
    await rig.services.passwordChange(PASSWORD, OTHER, BEN);
    expect((await open('ben', OTHER)).user).toBe('ben');
  });

  it('come from an OpenID provider with their role, and are no local ones', async () => {
    const opened = rig.services.sessionOpenOidc(CLAIMS, HERE);
    expect(opened).toMatchObject({ user: 'olga', role: 'analyst', origin: 'oidc' });
    expect(await refusal(() => open('olga', ''))).toBe('sign-in-refused');
    expect(await refusal(() => rig.services.userChange({ name: 'olga', role: 'admin' }))).toBe('user-refused');
    const again = rig.services.sessionOpenOidc({ ...CLAIMS, name: 'renamed', role: 'viewer' }, HERE);
    expect(again).toMatchObject({ user: 'olga', role: 'viewer' });
    expect(await check(opened.secret)).toBe('session-ended');
    for (const stranger of [{ subject: '43' }, { issuer: 'https://evil.example' }])
      expect(await refusal(() => rig.services.sessionOpenOidc({ ...CLAIMS, ...stranger }, HERE))).toBe('user-refused');
    expect(await refusal(() => rig.services.sessionOpenOidc({ ...CLAIMS, subject: '9', name: 'Ann' }, HERE))).toBe(
      'user-refused',
    );
  });
});

describe('tokens', () => {
  const wanted = { name: 'siem', role: 'viewer', expiresAtMs: undefined } as const;

  it('do no more than their user, and until they expire', async () => {
    expect(await refusal(() => rig.services.tokenAdd({ ...wanted, role: 'admin' }, BEN))).toBe('role-refused');
    const expiresAtMs = rig.clock.nowMs() + HOUR_MS;
    const { secret, id } = rig.services.tokenAdd({ ...wanted, role: 'analyst', expiresAtMs }, BEN);
    expect(secret).toMatch(/^gw_[\w-]{43}$/);
    expect(rig.services.tokenCheck(secret)).toEqual({ user: 'ben', role: 'analyst', name: 'siem' });
    expect(await refusal(() => rig.services.tokenAdd(wanted, BEN))).toBe('token-exists');
    rig.clock.advance(HOUR_MS);
    expect(await refusal(() => rig.services.tokenCheck(secret))).toBe('token-refused');
    expect(await refusal(() => rig.services.tokenRemove(id, actor('carl', 'analyst')))).toBe('token-unknown');
    expect(rig.services.tokenRemove(id, ADMIN).name).toBe('siem');
  });

  it('hold over a restart, and are kept as what they hash to', async () => {
    const { secret } = rig.services.tokenAdd(wanted, BEN);
    rig = await restarted();
    expect(rig.services.tokenCheck(secret).user).toBe('ben');
    expect(JSON.stringify(await rig.store.loadRecords())).not.toContain(secret.slice(3));
  });

  it('are of nobody where the control socket made them', async () => {
    const { secret } = rig.services.tokenAdd({ ...wanted, role: 'admin' }, actor('socket', 'admin'));
    expect(rig.services.tokenCheck(secret)).toMatchObject({ user: 'socket', role: 'admin' });
  });
});

describe('saved views', () => {
  const view = { name: 'mine', page: 'inbox', search: 'severity:high' } as const;

  it('are of one user each, and go with him', async () => {
    rig.services.viewSave(view, BEN);
    rig.services.viewSave({ ...view, search: 'state:open' }, BEN);
    expect(rig.services.viewList(BEN)).toMatchObject([{ name: 'mine', search: 'state:open' }]);
    expect(rig.services.viewList(ADMIN)).toEqual([]);
    expect(await refusal(() => rig.services.viewRemove('mine', ADMIN))).toBe('view-unknown');
    rig.services.userRemove('ben');
    expect(rig.services.viewList(BEN)).toEqual([]);
  });

  it('are a hundred at most', async () => {
    for (let count = 0; count < 100; count++) rig.services.viewSave({ ...view, name: `v${count}` }, BEN);
    expect(await refusal(() => rig.services.viewSave(view, BEN))).toBe('view-full');
    rig.services.viewSave({ ...view, name: 'v7' }, BEN);
    rig.services.viewRemove('v7', BEN);
    expect(rig.services.viewSave(view, BEN).name).toBe('mine');
  });
});

describe('accounts', () => {
  it('are refused while the store could not be read, and where there are none', async () => {
    const { AccountBook } = await import('../../../src/accounts/account-book.ts');
    const { silentLog } = await import('../../../src/core/log.ts');
    const unread = accountServices(new AccountBook({ clock: rig.clock, log: silentLog, store: rig.store }));
    expect(await refusal(() => unread.sessionOpen('ann', PASSWORD, HERE))).toBe('accounts-away');
    expect(await refusal(() => unread.setupLink())).toBe('accounts-away');
    expect(await refusal(() => accountServices(undefined).userList())).toBe('no-accounts');
  });
});
