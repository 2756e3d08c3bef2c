import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isHonest, missing, sharedFolder, skippedName, skippedReason } from '../conditions.ts';

describe('conditions', () => {
  it('names exactly those that do not hold', () => {
    expect(missing()).toBeUndefined();
    expect(missing('shared')).toBe(existsSync(sharedFolder) ? undefined : 'no ../shared folder');
    expect(missing('root')).toBe(process.getuid?.() === 0 ? undefined : 'not root');
    const both = [missing('root'), missing('shared')].filter((reason) => reason !== undefined).join(', ');
    expect(missing('root', 'shared') ?? '').toBe(both);
  });

  it('carries a reason in a test name and back', () => {
    expect(skippedReason(skippedName('not root, no Open vSwitch'))).toBe('not root, no Open vSwitch');
    expect(skippedReason('any other test')).toBeUndefined();
  });

  it('takes a reason for honest only where each thing it names cannot be had', () => {
    expect(isHonest('not root')).toBe(process.getuid?.() !== 0);
    expect(isHonest('no ../shared folder')).toBe(!existsSync(sharedFolder));
    expect(isHonest('not root, no ../shared folder')).toBe(process.getuid?.() !== 0 && !existsSync(sharedFolder));
    expect(isHonest('too slow today')).toBe(false);
    expect(isHonest('')).toBe(false);
  });
});
