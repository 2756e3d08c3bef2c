import type { ChangeView } from '../../../../src/services/account-views.ts';
import type { RuleView } from '../../../../src/services/rule-services.ts';
import { useLoaded } from '../../api/use-loaded.ts';
import { Aged } from '../../parts/aged.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { Link } from '../../parts/link.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Time } from '../../parts/time.tsx';

const MAX_CHANGES = 100;

/** Who did what to one rule, and from where. */
export function RuleAudit({ rule: { id }, onClose }: { readonly rule: RuleView; readonly onClose: () => void }) {
  const query = { subject: id, limit: MAX_CHANGES };
  const loaded = useLoaded<{ readonly items: readonly ChangeView[] }>('/changes', query);
  const changes = loaded.value?.items;
  return (
    <Dialog title={`Who changed rule ${id}`} onClose={onClose} isWide>
      <Aged loaded={loaded} />
      {changes === undefined ? (
        loaded.problem === undefined && <Skeleton rows={3} />
      ) : changes.length === 0 ? (
        <p class="muted">Nothing is on record: it is older than the record of changes.</p>
      ) : (
        <ol class="rule-changes">
          {changes.map(({ id: change, at, by, from, operation, refused }) => (
            <li key={change}>
              <Time at={at} /> <Hostile text={by} />: {operation}
              {refused !== null && ` (refused: ${refused})`} <span class="muted">from {from}</span>
            </li>
          ))}
        </ol>
      )}
      <p>
        <Link to={`/changes?subject=${encodeURIComponent(id)}`}>All of it, with before and after</Link>
      </p>
    </Dialog>
  );
}
