import { expect, it } from 'vitest';
import { FORMAT_NAMES } from '../../../../src/querylog/format-names.ts';
import { LOG_FORMATS } from '../../../../src/querylog/readers/list.ts';

it('has each format under its own name', () => {
  expect(LOG_FORMATS.map(({ name }) => name)).toEqual([...FORMAT_NAMES]);
});
