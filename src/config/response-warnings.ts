import type { ConfigWarning } from './config-warnings.ts';
import type { Config } from './schema.ts';

/** So many hosts at once are a site without network before somebody looks. */
const MANY_HOSTS = 100;

/** Rules that put honest hosts in quarantine, or very many. */
export function responseWarnings({ response: { rules, most_hosts }, behaviour }: Config): readonly ConfigWarning[] {
  const quarantines = rules.flatMap(({ action, min_score }, index) => (action === 'rpz' ? [] : [{ index, min_score }]));
  const warnings: ConfigWarning[] = quarantines.flatMap(({ index, min_score }) => {
    if (min_score >= behaviour.min_score) return [];
    const problem = `this rule puts hosts in quarantine of which gluewall itself does not say that they are infected: want behaviour.min_score (${behaviour.min_score}) or more`;
    return [{ path: ['response', 'rules', index, 'min_score'], problem }];
  });
  if (quarantines.length > 0 && most_hosts > MANY_HOSTS) {
    const problem = `rules may put ${most_hosts} hosts in quarantine before anybody looks: want ${MANY_HOSTS} or fewer`;
    warnings.push({ path: ['response', 'most_hosts'], problem });
  }
  return warnings;
}
