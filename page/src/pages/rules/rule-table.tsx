import type { RuleView } from '../../../../src/services/rule-services.ts';
import { send } from '../../api/client.ts';
import { asProblem } from '../../api/use-loaded.ts';
import { searchLink } from '../../charts/time-steps.ts';
import { may } from '../../frame/session.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { Link } from '../../parts/link.tsx';
import { Table } from '../../parts/table.tsx';
import { Ago, Time } from '../../parts/time.tsx';
import { toast } from '../../parts/toast.ts';
import { matchWords } from './match-words.ts';

const COLUMNS = [
  { name: 'Action' },
  { name: 'Which queries' },
  { name: 'Why' },
  { name: 'Expires' },
  { name: 'Hits', isNumber: true },
  { name: 'What to do', isHidden: true },
];

interface RuleTableProps {
  readonly rules: readonly RuleView[];
  readonly onChange: (rule: RuleView) => void;
  readonly onAudit: (rule: RuleView) => void;
  readonly onRemoved: () => void;
}

/** Rules with what may be done about each by who is signed in; those of the configuration can only be read. */
export function RuleTable({ rules, onChange, onAudit, onRemoved }: RuleTableProps) {
  return (
    <Table caption="Rules, in the order in which they are asked" columns={COLUMNS}>
      {rules.map((rule) => (
        <RuleRow
          key={rule.id}
          rule={rule}
          onChange={() => onChange(rule)}
          onAudit={() => onAudit(rule)}
          onRemoved={onRemoved}
        />
      ))}
    </Table>
  );
}

interface RuleRowProps {
  readonly rule: RuleView;
  readonly onChange: () => void;
  readonly onAudit: () => void;
  readonly onRemoved: () => void;
}

function RuleRow({ rule, onChange, onAudit, onRemoved }: RuleRowProps) {
  const { id, action, match, origin, reason, owner, created, expires, hits, lastHit } = rule;
  const isOwn = origin === 'command';
  return (
    <tr>
      <td>
        <Badge kind={action === 'allow' ? 'allow' : 'block'} text={action} />
      </td>
      <td class="rule-match">
        <Hostile text={matchWords(match)} />
        <span class="rule-id mono">{id}</span>
      </td>
      <td class="rule-why">
        <Hostile text={reason} />
        <span class="rule-by">
          {isOwn ? (
            <>
              <Hostile text={owner} />
              {created !== null && (
                <>
                  , <Ago at={created} />
                </>
              )}
            </>
          ) : (
            'from the configuration'
          )}
        </span>
      </td>
      <td>{expires === null ? 'never' : <Expires at={expires} />}</td>
      <td class="number">
        <Link to={searchLink('events', `rule:${id}`)} aria-label={`${hits} hits: the events of rule ${id}`}>
          {hits.toLocaleString('en')}
        </Link>
        <span class="rule-by nowrap">{lastHit === null ? 'not yet' : <Ago at={lastHit} />}</span>
      </td>
      <td>
        <div class="rule-actions">
          {isOwn && may('analyst') && (
            <>
              <Button isSmall onClick={onChange} aria-label={`Change rule ${id}`}>
                Change
              </Button>
              <Button
                isSmall
                kind="danger"
                onClick={() => void remove(rule, onRemoved)}
                aria-label={`Remove rule ${id}`}
              >
                Remove
              </Button>
            </>
          )}
          {may('admin') && isOwn && (
            <Button isSmall kind="quiet" onClick={onAudit} aria-label={`Audit of rule ${id}`}>
              Audit
            </Button>
          )}
          {!isOwn && <span class="muted rule-fixed">read-only: change it in gluewall.yaml, then reload</span>}
        </div>
      </td>
    </tr>
  );
}

function Expires({ at }: { readonly at: string }) {
  return (
    <>
      <Ago at={at} />
      <span class="rule-by">
        <Time at={at} />
      </span>
    </>
  );
}

/** Removes it if it is as it is shown, and offers the way back. */
async function remove({ id, version, action, match, reason, expires }: RuleView, onRemoved: () => void): Promise<void> {
  try {
    await send('DELETE', `/rules/${encodeURIComponent(id)}`, undefined, { 'If-Match': `"${version}"` });
    toast(`Removed the rule that ${action === 'allow' ? 'allows' : 'denies'} ${matchWords(match)}`, {
      undo: async () => {
        await send('POST', '/rules', { action, match, reason, ...(expires === null ? {} : { expires }) });
        onRemoved();
      },
    });
  } catch (error) {
    toast(asProblem(error).detail, { kind: 'problem' });
  }
  onRemoved();
}
