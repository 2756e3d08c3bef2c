import type { ClientGroup } from '../policy/client-group.ts';
import type { Enforcement } from '../policy/enforcement.ts';
import { formatInstant } from '../services/instant.ts';

/** What becomes of direct queries now, in a sentence for the log. The last group is the default one. */
export function describeMode(groups: readonly ClientGroup[], enforcement: Enforcement): string {
  const enforced = groups.filter(({ mode }) => mode === 'enforce');
  if (enforced.length === 0) return 'monitor mode, every query passes';
  const whose = enforced.length === groups.length ? '' : ` (${enforced.map(({ name }) => name).join(', ')})`;
  switch (enforcement.heldBack) {
    case undefined:
      return `enforce mode${whose}, unknown destinations are blocked`;
    case 'warm-up': {
      const endsAt = formatInstant(enforcement.warmupEndsAtMs ?? 0) ?? 'it waits for the capture';
      return `enforce${whose} acts as monitor until warm-up is over (${endsAt})`;
    }
    case 'no source':
      return `enforce${whose} acts as monitor while a source of the history is gone`;
  }
}
