import { expect, it } from 'vitest';
import { DEFAULT_CORRELATION } from '../../../src/correlation/correlation-options.ts';
import { Replay } from '../../../src/correlation/replay.ts';
import { hostCaptures } from '../../../src/services/read-host-captures.ts';
import { describeIf } from '../../support/describe-if.ts';
import { sharedCapturePaths } from '../../support/shared-captures.ts';

const EVERYBODY = { insideNetworks: [], trustedResolvers: [], mailServers: [] };
const OPTIONS = { ...DEFAULT_CORRELATION, hosts: 20_000, pairs: 500_000 };

describeIf(['shared'], 'real captures', () => {
  const paths = sharedCapturePaths();

  it('are all there', () => {
    expect(paths.length).toBeGreaterThan(50);
  });

  it('go through the correlator without an error, whatever is in them', { timeout: 300_000 }, async () => {
    let events = 0;
    for (const path of paths) {
      const replay = new Replay(OPTIONS, EVERYBODY);
      const captures = hostCaptures([path], EVERYBODY, (event) => replay.observe(event));
      try {
        await captures.read(path);
      } catch (error) {
        // Some are no captures by intention.
        expect(error, path).toMatchObject({ code: 'capture-file' });
      }
      await captures.finish();
      const outcome = replay.finish();
      for (const { score, reasons } of outcome.found) {
        expect(score, path).toBeGreaterThan(0);
        expect(score, path).toBeLessThanOrEqual(1);
        expect(reasons.length, path).toBeGreaterThan(0);
      }
      events += outcome.events;
    }
    expect(events).toBeGreaterThan(10_000);
  });
});
