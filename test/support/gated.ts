import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type ConfigChange, GatedInternet } from '../../mininet/gated-internet.ts';

/** A gated mini-Internet for the tests of one `describe`; the function gives it once it stands. */
export function gatedInternet(change: ConfigChange = {}): () => GatedInternet {
  let world: GatedInternet | undefined;
  let directory: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
    world = await GatedInternet.start(directory, change);
  });
  afterAll(async () => {
    await world?.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  return () => {
    if (world === undefined) throw new Error('the gated mini-Internet does not stand yet');
    return world;
  };
}
