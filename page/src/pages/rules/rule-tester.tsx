import { useState } from 'preact/hooks';
import type { CheckView } from '../../../../src/services/explain-verdict.ts';
import { type ApiProblem, send } from '../../api/client.ts';
import { asProblem } from '../../api/use-loaded.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { ProblemNote } from '../../parts/problem.tsx';

const FIELDS = [
  { name: 'destination', label: 'To', hint: 'The address that is asked', isNeeded: true },
  { name: 'client', label: 'From', hint: 'The client’s address', isNeeded: false },
  { name: 'queryName', label: 'Name', hint: 'Such as www.example.org', isNeeded: false },
  { name: 'queryType', label: 'Type', hint: 'Such as A or TXT', isNeeded: false },
] as const;

/** How a query would be judged now, step by step. Nothing is sent, and nothing is changed. */
export function RuleTester() {
  const [check, setCheck] = useState<CheckView>();
  const [problem, setProblem] = useState<ApiProblem>();
  const test = async (form: HTMLFormElement) => {
    const given = [...new FormData(form)].filter(([, value]) => typeof value === 'string' && value.trim() !== '');
    const { recursionDesired, ...question } = Object.fromEntries(
      given.map(([name, value]) => [name, String(value).trim()]),
    );
    try {
      setCheck(
        await send<CheckView>('POST', '/rules/check', { ...question, recursionDesired: recursionDesired === 'yes' }),
      );
      setProblem(undefined);
    } catch (error) {
      setProblem(asProblem(error));
      setCheck(undefined);
    }
  };
  return (
    <section class="panel stack">
      <h2>Test a query</h2>
      <form
        class="tester"
        onSubmit={(event) => {
          event.preventDefault();
          void test(event.currentTarget);
        }}
      >
        {FIELDS.map(({ name, label, hint, isNeeded }) => (
          <Field key={name} label={label} hint={hint}>
            {(input) => (
              <input {...input} name={name} required={isNeeded} maxLength={255} autocomplete="off" spellcheck={false} />
            )}
          </Field>
        ))}
        <Field label="Over">
          {(input) => (
            <select {...input} name="protocol">
              <option value="udp">UDP</option>
              <option value="tcp">TCP</option>
            </select>
          )}
        </Field>
        <div class="tester-end">
          <label class="check">
            <input type="checkbox" name="recursionDesired" value="yes" /> RD is set
          </label>
          <Button kind="main" type="submit">
            Test
          </Button>
        </div>
      </form>
      <div aria-live="polite">
        <ProblemNote problem={problem} />
        {check !== undefined && <Verdict check={check} />}
      </div>
    </section>
  );
}

function Verdict({ check: { verdict, message, steps, enforced, group } }: { readonly check: CheckView }) {
  const kind = verdict === 'allow' ? 'allow' : enforced ? 'block' : 'would block';
  return (
    <div class="stack">
      <p class="row">
        <Badge kind={kind} /> <Hostile text={message} />
        {group !== null && <span class="muted">group {group}</span>}
      </p>
      <ol class="check-steps">
        {steps.map(({ step, finding, decides }) => (
          <li key={step} class={decides ? 'check-step check-decides' : 'check-step'}>
            <span class="check-name">{step}</span>
            <span>
              <Hostile text={finding} />
              {decides && <strong> - this decides</strong>}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
