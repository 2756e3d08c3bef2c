import { useEffect, useRef, useState } from 'preact/hooks';
import type { Case, CaseProgress } from '../../../../src/traceback/cases/case.ts';
import { type ApiProblem, consoleNowMs } from '../../api/client.ts';
import { sendStream } from '../../api/stream.ts';
import { asProblem } from '../../api/use-loaded.ts';
import { Button } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { Link } from '../../parts/link.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { OUTCOME_WORDS, stepWords } from './case-words.ts';
import './trace-form.css';

interface TraceFormProps {
  /** What is known of the attack, to be put right or filled in. */
  readonly name?: string | undefined;
  /** ISO 8601. */
  readonly at?: string | undefined;
  readonly source?: string | undefined;
  /** The finding that the case belongs to. */
  readonly finding?: string | undefined;
}

/** What is kept on the screen of a case that tells much. */
const MAX_HOPS_SHOWN = 200;

type Stage =
  | { readonly is: 'asked' }
  | { readonly is: 'running' }
  | { readonly is: 'ended'; readonly found: Case }
  | { readonly is: 'failed'; readonly problem: ApiProblem };

/** Asks who sent an attack, and shows each step as it is told. Leaving the form cancels the case; it is kept as far as it came. */
export function TraceForm({ name, at, source, finding }: TraceFormProps) {
  const [stage, setStage] = useState<Stage>({ is: 'asked' });
  const [hops, setHops] = useState<readonly CaseProgress[]>([]);
  const [timeProblem, setTimeProblem] = useState<string>();
  const stop = useRef<AbortController>(undefined);
  useEffect(() => () => stop.current?.abort(), []);
  const isRunning = stage.is === 'running';

  const trace = async (form: HTMLFormElement) => {
    const given = Object.fromEntries([...new FormData(form)].map(([key, value]) => [key, String(value).trim()]));
    const atMs = Date.parse(given.at ?? '');
    setTimeProblem(
      Number.isNaN(atMs) ? 'Write it as 2026-11-22T08:00:00Z, with Z or an offset at its end.' : undefined,
    );
    if (Number.isNaN(atMs)) return;
    const body = {
      name: given.name,
      at: new Date(atMs).toISOString(),
      source: given.source,
      commandAndControl: given.commandAndControl === 'yes',
    };
    const path = finding === undefined ? '/cases' : `/findings/${encodeURIComponent(finding)}/trace`;
    const controller = new AbortController();
    stop.current = controller;
    setHops([]);
    setStage({ is: 'running' });
    try {
      const onHop = (hop: CaseProgress) => setHops((before) => [...before, hop].slice(-MAX_HOPS_SHOWN));
      const found = await sendStream<CaseProgress, Case>(path, body, onHop, controller.signal);
      setStage({ is: 'ended', found });
    } catch (error) {
      if (!controller.signal.aborted) setStage({ is: 'failed', problem: asProblem(error) });
    }
  };

  return (
    <div class="trace">
      <form
        class="trace-fields"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isRunning) void trace(event.currentTarget);
        }}
      >
        <TraceFields name={name} at={at} source={source} timeProblem={timeProblem} />
        <div class="trace-end">
          <Button kind="main" type="submit" disabled={isRunning}>
            {isRunning ? 'Tracing …' : 'Trace'}
          </Button>
          {isRunning && (
            <Button
              onClick={() => {
                stop.current?.abort();
                setStage({ is: 'asked' });
              }}
            >
              Cancel the case
            </Button>
          )}
        </div>
      </form>
      <div class="trace-answer" role="log" aria-label="Steps of the case">
        {hops.length > 0 && (
          <ol class="hops">
            {hops.map(({ step, words }, index) => (
              <li key={`${index} ${words}`} class="hop">
                <span class="hop-step">{stepWords(step)}</span> <Hostile text={words} />
              </li>
            ))}
          </ol>
        )}
        {stage.is === 'failed' && <ProblemNote problem={stage.problem} />}
        {stage.is === 'ended' && (
          <p>
            <strong>{OUTCOME_WORDS[stage.found.outcome ?? 'failed']}.</strong> <Hostile text={stage.found.detail} />.{' '}
            <Link to={`/traceback/${stage.found.id}`}>See the case</Link>
          </p>
        )}
        {stage.is !== 'ended' && hops.length > 0 && (
          <p>
            <Link to={`/traceback/${hops[0]!.case}`}>The case so far</Link>
          </p>
        )}
      </div>
    </div>
  );
}

interface TraceFieldsProps extends Pick<TraceFormProps, 'name' | 'at' | 'source'> {
  readonly timeProblem: string | undefined;
}

function TraceFields({ name, at, source, timeProblem }: TraceFieldsProps) {
  const text = { required: true, maxLength: 255, autocomplete: 'off', spellcheck: false } as const;
  return (
    <>
      <Field label="Name that was attacked" hint="The victim’s domain name, which its attackers asked for">
        {(input) => <input {...input} {...text} name="name" defaultValue={name} />}
      </Field>
      <Field label="When the attack began" hint="With its zone: Z is UTC" problem={timeProblem}>
        {(input) => (
          <input
            {...input}
            {...text}
            name="at"
            defaultValue={at ?? new Date(consoleNowMs()).toISOString().replace(/\.\d+/, '')}
          />
        )}
      </Field>
      <Field label="Source address of its packets" hint="It is looked at first whether that is made up">
        {(input) => <input {...input} {...text} name="source" defaultValue={source} />}
      </Field>
      <label class="check">
        <input type="checkbox" name="commandAndControl" value="yes" /> Look for C&amp;C names that the hosts asked for
        before
      </label>
    </>
  );
}
