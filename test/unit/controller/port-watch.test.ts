import { expect, it } from 'vitest';
import type { Conversation } from '../../../src/controller/conversation.ts';
import { PortWatch } from '../../../src/controller/port-watch.ts';
import { portDescription } from '../../support/fake-openflow-switch.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

it('a connection that ends while it is told of a change leaves no timer behind', () => {
  const clock = new VirtualClock();
  const watch: PortWatch = new PortWatch({} as Conversation, clock, () => watch.stop());
  watch.heard({ type: 'portStatus', xid: 0, reason: 0, port: portDescription(['inside', 3]) }, true);
  clock.advance(100_000);
  expect(clock.pendingTimers).toBe(0);
});
