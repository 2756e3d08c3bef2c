import { useEffect, useState } from 'preact/hooks';
import type { RuleChangeView } from '../../../../src/services/rule-services.ts';
import { type ApiProblem, consoleNowMs, send } from '../../api/client.ts';
import { asProblem } from '../../api/use-loaded.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { toast } from '../../parts/toast.ts';
import { expiryOf, LIFETIMES } from './expiry.ts';
import { matchOf, matchWords } from './match-words.ts';
import { RulePreview } from './rule-preview.tsx';

interface Typed {
  readonly action: 'allow' | 'deny';
  readonly from: string;
  readonly to: string;
  readonly zone: string;
  readonly types: string;
  readonly protocol: string;
  readonly reason: string;
  readonly lifetime: string;
}

const NOTHING: Typed = {
  action: 'allow',
  from: '',
  to: '',
  zone: '',
  types: '',
  protocol: '',
  reason: '',
  lifetime: '1d',
};
const MAX_REASON = 500;

/** A new rule, with what it would have done to the queries on record. */
export function AddRuleDialog({ onClose, onDone }: { readonly onClose: () => void; readonly onDone: () => void }) {
  const [typed, setTyped] = useState(NOTHING);
  const [problem, setProblem] = useState<ApiProblem>();
  const [isBusy, setBusy] = useState(false);
  const change = (values: Partial<Typed>) => setTyped((before) => ({ ...before, ...values }));
  const match = matchOf(typed);
  const isEmpty = Object.keys(match).length === 0;
  useEffect(() => setProblem(undefined), [typed]);
  const add = async () => {
    setBusy(true);
    try {
      const { action, reason, lifetime } = typed;
      const expires = expiryOf(lifetime, consoleNowMs());
      const wanted = { action, match, reason: reason.trim(), ...(expires === undefined ? {} : { expires }) };
      const { outcome, warnings, rule } = await send<RuleChangeView>('POST', '/rules', wanted);
      const done = outcome === 'renewed' ? 'Renewed the rule that was there:' : 'Added:';
      const undo = async () => {
        await send('DELETE', `/rules/${encodeURIComponent(rule?.id ?? '')}`, undefined, {
          'If-Match': `"${rule?.version}"`,
        });
        onDone();
      };
      // What a renewed rule was before is not known here.
      toast([`${done} ${action} ${matchWords(match)}`, ...warnings].join('. '), outcome === 'added' ? { undo } : {});
      onDone();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Add a rule" onClose={onClose} isWide>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <MatchFields typed={typed} onChange={change} />
        <div class="rule-fields">
          <Field label="Why" hint="A ticket, a name: it is kept with the rule">
            {(input) => (
              <input
                {...input}
                required
                maxLength={MAX_REASON}
                value={typed.reason}
                onInput={(event) => change({ reason: event.currentTarget.value })}
              />
            )}
          </Field>
          <Field label="Lasts">
            {(input) => (
              <select
                {...input}
                value={typed.lifetime}
                onChange={(event) => change({ lifetime: event.currentTarget.value })}
              >
                {LIFETIMES.map(({ name, text }) => (
                  <option key={name} value={name}>
                    {text}
                  </option>
                ))}
                <option value="never">without end</option>
              </select>
            )}
          </Field>
        </div>
        <RulePreview action={typed.action} match={isEmpty ? undefined : match} />
        <ProblemNote problem={problem} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="main" type="submit" disabled={isEmpty || typed.reason.trim() === '' || isBusy}>
            Add the rule
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function MatchFields({
  typed,
  onChange,
}: {
  readonly typed: Typed;
  readonly onChange: (values: Partial<Typed>) => void;
}) {
  const text = (name: 'from' | 'to' | 'zone' | 'types', label: string, hint: string) => (
    <Field label={label} hint={hint}>
      {(input) => (
        <input
          {...input}
          maxLength={255}
          autocomplete="off"
          spellcheck={false}
          value={typed[name]}
          onInput={(event) => onChange({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  return (
    <>
      <fieldset class="rule-choice">
        <legend>What it does</legend>
        {(['allow', 'deny'] as const).map((action) => (
          <label key={action} class="check">
            <input type="radio" name="action" checked={typed.action === action} onChange={() => onChange({ action })} />
            {action === 'allow' ? 'allow: let queries pass' : 'deny: stop queries'}
          </label>
        ))}
      </fieldset>
      <div class="rule-fields">
        {text('from', 'From', 'An address, a network, mac:…, port:… or group:…; empty for all clients')}
        {text('to', 'To', 'An address, a network, pack:… or name:…; empty for all destinations')}
        {text('zone', 'Names in', 'A name and what lies below it; empty for all names')}
        {text('types', 'Types', 'Such as A, AAAA; empty for all types')}
        <Field label="Over">
          {(input) => (
            <select
              {...input}
              value={typed.protocol}
              onChange={(event) => onChange({ protocol: event.currentTarget.value })}
            >
              <option value="">UDP and TCP</option>
              <option value="udp">UDP</option>
              <option value="tcp">TCP</option>
            </select>
          )}
        </Field>
      </div>
    </>
  );
}
