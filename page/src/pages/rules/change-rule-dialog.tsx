import { useState } from 'preact/hooks';
import type { RuleView } from '../../../../src/services/rule-services.ts';
import { type ApiProblem, consoleNowMs, get, send } from '../../api/client.ts';
import { asProblem } from '../../api/use-loaded.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { Time } from '../../parts/time.tsx';
import { toast } from '../../parts/toast.ts';
import { expiryOf, LIFETIMES } from './expiry.ts';
import { matchWords } from './match-words.ts';

interface ChangeRuleProps {
  readonly rule: RuleView;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

const MAX_REASON = 500;

/** Why a rule is there and how long; where somebody else changed it meanwhile, both are shown and one is chosen. */
export function ChangeRuleDialog({ rule, onClose, onDone }: ChangeRuleProps) {
  const [reason, setReason] = useState(rule.reason);
  const [lifetime, setLifetime] = useState('keep');
  const [theirs, setTheirs] = useState<RuleView>();
  const [problem, setProblem] = useState<ApiProblem>();
  const [isBusy, setBusy] = useState(false);
  const path = `/rules/${encodeURIComponent(rule.id)}`;
  const save = async (version: string) => {
    setBusy(true);
    setProblem(undefined);
    const expires = lifetime === 'keep' ? {} : { expires: expiryOf(lifetime, consoleNowMs()) ?? null };
    try {
      await send('PATCH', path, { reason: reason.trim(), ...expires }, { 'If-Match': `"${version}"` });
      toast(`Changed rule ${rule.id}`);
      onDone();
    } catch (error) {
      const found = asProblem(error);
      const now = found.status === 412 ? await get<RuleView>(path).catch(() => undefined) : undefined;
      setTheirs(now);
      if (now === undefined) setProblem(found);
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Change rule ${rule.id}`} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save((theirs ?? rule).version);
        }}
      >
        <p>
          It {rule.action === 'allow' ? 'allows' : 'denies'} <Hostile text={matchWords(rule.match)} />. For other
          queries, remove it and add another.
        </p>
        {theirs !== undefined && (
          <Theirs
            rule={theirs}
            onTake={() => {
              setReason(theirs.reason);
              setLifetime('keep');
            }}
          />
        )}
        <Field label="Why">
          {(input) => (
            <input
              {...input}
              required
              maxLength={MAX_REASON}
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label="Lasts">
          {(input) => (
            <select {...input} value={lifetime} onChange={(event) => setLifetime(event.currentTarget.value)}>
              <option value="keep">as it is</option>
              {LIFETIMES.map(({ name, text }) => (
                <option key={name} value={name}>
                  {text} from now
                </option>
              ))}
              <option value="never">without end</option>
            </select>
          )}
        </Field>
        <ProblemNote problem={problem} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="main" type="submit" disabled={isBusy || reason.trim() === ''}>
            {theirs === undefined ? 'Save' : 'Save mine over it'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Theirs({ rule, onTake }: { readonly rule: RuleView; readonly onTake: () => void }) {
  return (
    <div class="rule-theirs" role="alert">
      <p>
        <strong>Somebody changed it while you wrote.</strong> It is now: “
        <Hostile text={rule.reason} />
        ”, expires {rule.expires === null ? 'never' : <Time at={rule.expires} />}. Yours is below.
      </p>
      <Button isSmall onClick={onTake}>
        Take theirs
      </Button>
    </div>
  );
}
