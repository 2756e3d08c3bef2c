import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { GatedInternet } from '../../mininet/gated-internet.ts';
import { Story, type StoryRow } from '../../mininet/story.ts';
import { describeIf } from '../support/describe-if.ts';

describeIf(['root', 'namespaces', 'openVswitch'], 'the story that the demo tells', () => {
  it('comes out as expected, row by row', { timeout: 180_000 }, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gluewall-'));
    const rows: StoryRow[] = [];
    const world = await GatedInternet.start(directory);
    try {
      await new Story(world, (row) => rows.push(row)).tell();
    } finally {
      await world.stop();
      await rm(directory, { recursive: true, force: true });
    }
    expect(rows.filter(({ ok }) => !ok)).toEqual([]);
    expect(rows.filter(({ case: name }) => name.startsWith('table II'))).toHaveLength(3);
    expect(rows).toHaveLength(STORY_ROWS);
  });
});

/** A row that is left out would otherwise pass unseen. */
const STORY_ROWS = 32;
