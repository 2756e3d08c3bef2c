import { describe, expect, it } from 'vitest';
import { GluewallError } from '../../../src/core/errors.ts';
import { mariadbError } from '../../../src/storage/mariadb-errors.ts';

const PLACE = 'MariaDB database x at 127.0.0.1:3306 (user gw)';
const errorOf = (fields: object, message = 'no\nsql: INSERT secret') => Object.assign(new Error(message), fields);

describe('what the connector throws', () => {
  it.each([
    [{ errno: 1045 }, 'store-access'],
    [{ errno: 1044 }, 'store-access'],
    [{ errno: 1049 }, 'store-missing'],
    [{ errno: 1114 }, 'store-write'],
    [{ errno: 1021 }, 'store-write'],
    [{ errno: 1030, sqlMessage: 'Got error 28 "No space left on device" from storage engine' }, 'store-write'],
    [{ errno: 1290 }, 'store-readonly'],
    [{ errno: 1040 }, 'store-away'],
    [{ errno: 45_026 }, 'store-away'],
    [{ code: 'ECONNREFUSED' }, 'store-away'],
    [{ sqlState: '08S01' }, 'store-away'],
    [{ errno: 1153, sqlState: '08S01' }, 'store-rows'],
    [{ errno: 45_046, sqlState: '08S01' }, 'store-rows'],
    [{ errno: 1406, sqlState: '22001' }, 'store-rows'],
    [{ errno: 1213, sqlState: '40001' }, 'store-write'],
  ])('%j becomes %s, without SQL', (fields, code) => {
    const error = mariadbError(errorOf(fields), PLACE, 'write');
    expect(error.code).toBe(code);
    expect(error.message).toContain(PLACE);
    expect(error.message).not.toContain('secret');
  });

  it('names what is to be granted where something is not', () => {
    const sqlMessage = "ALTER command denied to user 'gw'@'localhost' for table `x`.`log_entries`";
    const error = mariadbError(errorOf({ errno: 1142, sqlMessage }), PLACE, 'write');
    expect(error.message).toMatch(/ALTER command denied .*; GRANT SELECT, .*CREATE, ALTER, INDEX, DROP on all of the/);
  });

  it('tells reading from writing', () => {
    expect(mariadbError(errorOf({ errno: 1146 }), PLACE, 'read').code).toBe('store-read');
    expect(mariadbError('text', PLACE, 'write').message).toContain('text');
  });

  it('is left as it is when it is ours', () => {
    const error = new GluewallError('store-newer', 'x');
    expect(mariadbError(error, PLACE, 'read')).toBe(error);
  });
});
