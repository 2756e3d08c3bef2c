import { useState } from 'preact/hooks';
import type { RuleView } from '../../../../src/services/rule-services.ts';
import { useLoaded } from '../../api/use-loaded.ts';
import { navigate, useRoute, withQuery } from '../../frame/route.ts';
import { may } from '../../frame/session.ts';
import { useShortcuts } from '../../frame/shortcuts.ts';
import { Aged } from '../../parts/aged.tsx';
import { Button } from '../../parts/button.tsx';
import { Empty } from '../../parts/empty.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { AddRuleDialog } from './add-rule-dialog.tsx';
import { ChangeRuleDialog } from './change-rule-dialog.tsx';
import { matchWords } from './match-words.ts';
import { RuleAudit } from './rule-audit.tsx';
import { RuleTable } from './rule-table.tsx';
import { RuleTester } from './rule-tester.tsx';
import './rules-page.css';

const EVERY_MS = 30_000;
const ACTIONS = ['allow', 'deny'] as const;

type Opened =
  | { readonly what: 'add' }
  | { readonly what: 'change' | 'audit'; readonly rule: RuleView }
  | { readonly what: 'nothing' };

/** The rules in the order in which they are asked, what each did, and a tester. */
export function RulesPage() {
  const { query } = useRoute();
  const loaded = useLoaded<{ readonly items: readonly RuleView[] }>('/rules', undefined, { everyMs: EVERY_MS });
  const [opened, setOpened] = useState<Opened>({ what: 'nothing' });
  const isTesting = query.get('test') === 'open';
  const close = () => setOpened({ what: 'nothing' });
  const finish = () => {
    close();
    loaded.reload();
  };
  useShortcuts('everywhere', {
    r: loaded.reload,
    '/': () => document.querySelector<HTMLInputElement>('.rules-find')?.focus(),
  });
  return (
    <PageFrame
      title="Rules"
      actions={
        <>
          <Button
            aria-expanded={isTesting}
            onClick={() => navigate(withQuery({ test: isTesting ? undefined : 'open' }), { replace: true })}
          >
            Test a query
          </Button>
          {may('analyst') && (
            <Button kind="main" onClick={() => setOpened({ what: 'add' })}>
              Add a rule
            </Button>
          )}
        </>
      }
    >
      {isTesting && <RuleTester />}
      <Aged loaded={loaded} />
      <RuleList
        rules={loaded.value?.items}
        isMissing={loaded.problem !== undefined}
        onChange={(rule) => setOpened({ what: 'change', rule })}
        onAudit={(rule) => setOpened({ what: 'audit', rule })}
        onRemoved={loaded.reload}
      />
      {opened.what === 'add' && <AddRuleDialog onClose={close} onDone={finish} />}
      {opened.what === 'change' && <ChangeRuleDialog rule={opened.rule} onClose={close} onDone={finish} />}
      {opened.what === 'audit' && <RuleAudit rule={opened.rule} onClose={close} />}
    </PageFrame>
  );
}

interface RuleListProps {
  readonly rules: readonly RuleView[] | undefined;
  readonly isMissing: boolean;
  readonly onChange: (rule: RuleView) => void;
  readonly onAudit: (rule: RuleView) => void;
  readonly onRemoved: () => void;
}

function RuleList({ rules, isMissing, ...calls }: RuleListProps) {
  const { query } = useRoute();
  const find = query.get('find') ?? '';
  const action = ACTIONS.find((one) => one === query.get('action'));
  if (rules === undefined) return isMissing ? null : <Skeleton rows={10} />;
  if (rules.length === 0) {
    return (
      <Empty title="There are no rules">
        <p>
          The history alone says which destinations may be asked. Add a rule to let through what it does not know, or to
          stop what it does. Most rules are made where they are needed: with “Allow” in the inbox.
        </p>
      </Empty>
    );
  }
  const found = rules.filter((rule) => (action ?? rule.action) === rule.action && isFound(rule, find));
  return (
    <>
      <div class="rules-bar">
        <Tabs
          label="Which rules"
          tabs={[
            { name: 'all', text: 'All', count: rules.length },
            ...ACTIONS.map((name) => ({
              name,
              text: name === 'allow' ? 'Allow' : 'Deny',
              count: rules.filter((rule) => rule.action === name).length,
            })),
          ]}
          chosen={action ?? 'all'}
          onChoose={(name) => navigate(withQuery({ action: name === 'all' ? undefined : name }), { replace: true })}
        />
        <input
          class="rules-find"
          type="search"
          aria-label="Find in the rules"
          placeholder="Find an address, a name, a reason"
          maxLength={255}
          value={find}
          onInput={(event) => navigate(withQuery({ find: event.currentTarget.value }), { replace: true })}
        />
      </div>
      {found.length === 0 ? (
        <Empty title="No rule fits">
          <Button onClick={() => navigate(withQuery({ find: undefined, action: undefined }), { replace: true })}>
            Show all {rules.length}
          </Button>
        </Empty>
      ) : (
        <RuleTable rules={found} {...calls} />
      )}
    </>
  );
}

function isFound({ id, match, reason, owner }: RuleView, find: string): boolean {
  const text = [id, reason, owner, matchWords(match), ...Object.values(match).flat()].join(' ').toLowerCase();
  return find
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
