import { describe, expect, it } from 'vitest';
import { groupOf } from '../../support/policies.ts';
import { World } from '../../support/scenario.ts';

const groups = Array.from({ length: 40 }, (_, n) => groupOf(n + 2, `group${n}`, [`192.0.2.${n}`]));

describe('Foresight', () => {
  it('makes the flows of a flood of lessons a few at a time, and all of them in the end', () => {
    const world = new World({ groups, gate: { install: 'proactive', allowFlows: 10_000 } });
    world.refer('org', '198.51.100.2', 3000);
    for (let n = 0; n < 60; n++) world.refer(`zone${n}.org`, `203.0.113.${n}`, 3000);
    expect(world.switch.flows()).toHaveLength(0);
    world.clock.advance(0);
    expect(world.switch.flows()).toHaveLength(16 * 41);
    world.clock.advance(100);
    expect(world.switch.flows()).toHaveLength(61 * 41);
  });

  it('does nothing for gates that are reactive', () => {
    const world = new World({ groups });
    world.refer('org', '198.51.100.2', 3000);
    world.clock.advance(100);
    expect(world.switch.flows()).toEqual([]);
  });
});
