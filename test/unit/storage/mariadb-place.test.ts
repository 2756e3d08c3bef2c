import { describe, expect, it } from 'vitest';
import { formatMariadbPlace, isLocalPlace, isMariadbUrl, parseMariadbUrl } from '../../../src/storage/mariadb-place.ts';

describe('the URL of a MariaDB store', () => {
  it.each([
    ['mysql://gw@192.0.2.1/history', { host: '192.0.2.1', port: 3306, user: 'gw', database: 'history' }],
    ['mariadb://g%40w@db.example:3307/a-b', { host: 'db.example', port: 3307, user: 'g@w', database: 'a-b' }],
    ['mysql://gw@[2001:db8::1]:9/x', { host: '2001:db8::1', port: 9, user: 'gw', database: 'x' }],
    [
      'mysql://gw@localhost/x?socket=/run/mysqld/mysqld.sock',
      { user: 'gw', database: 'x', socketPath: '/run/mysqld/mysqld.sock' },
    ],
  ])('is read: %s', (url, place) => {
    expect(isMariadbUrl(url)).toBe(true);
    expect(parseMariadbUrl(url)).toMatchObject(place);
  });

  it.each([
    'mysql://gw:secret@192.0.2.1/history',
    'mysql://192.0.2.1/history',
    'mysql://gw@192.0.2.1',
    'mysql://gw@192.0.2.1/',
    'mysql://gw@192.0.2.1/a/b',
    'mysql://gw@192.0.2.1:99999/a',
    'mysql://gw@192.0.2.1/a?ssl=off',
    'mysql://gw@192.0.2.1/%zz',
    `mysql://gw@192.0.2.1/${'a'.repeat(65)}`,
    'mysql:gw',
    'postgres://gw@192.0.2.1/a',
    '',
  ])('is refused, and not repeated: %s', (url) => {
    const refused = expect.objectContaining({
      code: 'store-url',
      message: expect.not.stringMatching(/secret|192\.0\.2/),
    });
    expect(() => parseMariadbUrl(url)).toThrow(refused);
  });

  it('tells whether what is sent stays on this machine', () => {
    const isLocal = (url: string) => isLocalPlace(parseMariadbUrl(url));
    expect(
      ['mysql://u@127.1.2.3/d', 'mysql://u@[::1]/d', 'mysql://u@localhost/d', 'mysql://u@h/d?socket=/s'].map(isLocal),
    ).toEqual([true, true, true, true]);
    expect(['mysql://u@192.0.2.1/d', 'mysql://u@127.example/d', 'mysql://u@[2001:db8::1]/d'].map(isLocal)).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('is named for people', () => {
    const text = formatMariadbPlace(parseMariadbUrl('mysql://gw@[2001:db8::1]:9/x'));
    expect(text).toBe('MariaDB database x at [2001:db8::1]:9 (user gw)');
  });
});
