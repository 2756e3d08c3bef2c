import type { Config } from '../config/schema.ts';
import { type ClientGroup, DEFAULT_GROUP_NAME, type Strictness } from '../policy/client-group.ts';
import { GroupNumbers } from '../policy/group-numbers.ts';

/**
 * The client groups of a configuration in the order in which they are asked, the default group last. Who asks again for another
 * configuration gives the same `numbering`.
 */
export function configuredGroups(
  { groups, mode, strictness }: Config,
  numbering = new GroupNumbers(),
): readonly ClientGroup[] {
  const numbers = numbering.of(groups.map(({ name }) => name));
  const named = groups.map(
    (group): ClientGroup => ({
      id: numbers.get(group.name)!,
      name: group.name,
      clients: group.clients,
      mode: group.mode ?? mode,
      strictness: strictnessOf(group.strictness ?? strictness),
    }),
  );
  const id = numbers.get(DEFAULT_GROUP_NAME)!;
  return [...named, { id, name: DEFAULT_GROUP_NAME, clients: [], mode, strictness: strictnessOf(strictness) }];
}

function strictnessOf(keys: Config['strictness']): Strictness {
  return {
    check: keys.check,
    minimumAgeMs: keys.minimum_age,
    minimumZones: keys.minimum_zones,
    minimumTeachers: keys.minimum_teachers,
    recursionDesired: keys.recursion,
  };
}
