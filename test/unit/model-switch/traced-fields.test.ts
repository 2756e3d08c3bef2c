import { describe, expect, it } from 'vitest';
import { tracedFields } from '../../support/model-switch/traced-fields.ts';

describe('the fields of a trace', () => {
  it.each([
    ['ece', 0x40n],
    ['fin|ece|[800]', 0x841n],
    ['0x10', 0x10n],
    ['18', 18n],
  ])('reads TCP flags as Open vSwitch writes them: %s', (text, bits) => {
    expect(tracedFields(`Flow: tcp,tcp_flags=${text}\n`)?.get('tcp_flags')).toBe(bits);
  });
});
