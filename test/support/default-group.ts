import type { GroupSettings, Treatment } from '../../src/controller/base-flows.ts';

/** The group that all clients are in where there is no other. */
export function onlyGroup(treatment: Treatment): readonly GroupSettings[] {
  return [{ id: 1, clients: [], treatment }];
}
