import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Passwords, passwordProblem } from '../../../src/accounts/passwords.ts';
import { CHEAP, PASSWORD } from '../../support/account-rig.ts';

describe('what is kept of a password', () => {
  it('is right for it alone, and says what it cost', async () => {
    const passwords = new Passwords(randomBytes, CHEAP);
    const kept = await passwords.hash(PASSWORD);
    expect(kept).toMatch(/^\$scrypt\$ln=4,r=8,p=1\$[\w-]{22}\$[\w-]{43}$/);
    expect(await passwords.isRight(PASSWORD, kept)).toBe(true);
    expect(await passwords.isRight(`${PASSWORD} `, kept)).toBe(false);
    expect(await passwords.isRight(PASSWORD, undefined)).toBe(false);
    expect(await passwords.hash(PASSWORD)).not.toBe(kept);
  });

  it('costs as much as OWASP asks for, where no other cost is named', async () => {
    expect(await new Passwords(randomBytes).hash(PASSWORD)).toMatch(/^\$scrypt\$ln=17,r=8,p=1\$/);
  });

  it('is the same however the letters are composed', async () => {
    const passwords = new Passwords(randomBytes, CHEAP);
    const kept = await passwords.hash('scho\u0308ne gru\u0308ne V\u00f6gel');
    expect(await passwords.isRight('sch\u00f6ne gr\u00fcne V\u00f6gel', kept)).toBe(true);
  });

  it('of another cost is right, and is to be made anew', async () => {
    const kept = await new Passwords(randomBytes, { ln: 3, r: 4, p: 2 }).hash(PASSWORD);
    const passwords = new Passwords(randomBytes, CHEAP);
    expect(await passwords.isRight(PASSWORD, kept)).toBe(true);
    expect(passwords.isOutdated(kept)).toBe(true);
    expect(passwords.isOutdated(await passwords.hash(PASSWORD))).toBe(false);
  });

  it.each([
    '',
    'nine green parrots',
    '$scrypt$ln=31,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '$scrypt$ln=4,r=99,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '$scrypt$ln=0,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '$scrypt$ln=4,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA',
    '$argon2id$v=19$m=65536,t=3,p=4$AAAA$AAAA',
  ])('that was damaged (%s) is never right', async (kept) => {
    expect(await new Passwords(randomBytes, CHEAP).isRight(PASSWORD, kept)).toBe(false);
  });

  it('is made for two at once and sixteen that wait; more are turned away, and later ones are not', async () => {
    const passwords = new Passwords(randomBytes, CHEAP);
    const asked = Array.from({ length: 30 }, () =>
      passwords.hash(PASSWORD).then(
        () => 'made',
        (error) => error.code,
      ),
    );
    const answers = await Promise.all(asked);
    expect(answers.filter((answer) => answer === 'made')).toHaveLength(18);
    expect(answers.filter((answer) => answer === 'sign-in-throttled')).toHaveLength(12);
    expect(await passwords.isRight(PASSWORD, await passwords.hash(PASSWORD))).toBe(true);
  });
});

describe('a password that is chosen', () => {
  it.each([
    ['elevenchars', '12 to 256'],
    ['x'.repeat(257), '12 to 256'],
    ['alexandra123', 'name of the user'],
    ['AlexandraAlexandra!', 'name of the user'],
    ['passwordpassword', 'among the first'],
    ['PasswordPassword123!', 'among the first'],
    ['aaaaaaaaaaaaaaaa', 'among the first'],
    ['abababababababab', 'among the first'],
  ])('%s may not be', (password, why) => {
    expect(passwordProblem(password, 'alexandra')).toContain(why);
  });

  it.each([PASSWORD, 'correct horse battery staple', '🦜🦜🐸🐸🦉🦉🐝🐝🐞🐞🐙🐙', `alexandra likes ${PASSWORD}`])(
    '%s may be',
    (password) => {
      expect(passwordProblem(password, 'alexandra')).toBeUndefined();
    },
  );
});
