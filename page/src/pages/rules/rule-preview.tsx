import { useEffect, useRef, useState } from 'preact/hooks';
import type { WrittenMatch } from '../../../../src/policy/rule-text.ts';
import type { RulePreviewView } from '../../../../src/services/rule-preview.ts';
import { type ApiProblem, send } from '../../api/client.ts';
import { asProblem } from '../../api/use-loaded.ts';
import { Hostile } from '../../parts/hostile.tsx';
import { Ago } from '../../parts/time.tsx';

/** Nobody types slower than this between two characters. */
const REST_MS = 400;
const MAX_SAMPLES = 5;

interface RulePreviewProps {
  readonly action: 'allow' | 'deny';
  /** Undefined while nothing is typed. */
  readonly match: WrittenMatch | undefined;
}

type State = { readonly preview?: RulePreviewView; readonly problem?: ApiProblem };

/** What a rule would have done to the queries that are on record, asked for whenever the typing rests. */
export function RulePreview({ action, match }: RulePreviewProps) {
  const [state, setState] = useState<State>({});
  const asked = JSON.stringify({ action, match });
  /** What is there from the beginning is not typed, and need not rest. */
  const restMs = useRef(match === undefined ? REST_MS : 0).current;
  useEffect(() => {
    let isWanted = match !== undefined;
    if (!isWanted) setState({});
    const timer = setTimeout(() => {
      if (!isWanted) return;
      send<RulePreviewView>('POST', '/rules/preview', { action, match }).then(
        (preview) => isWanted && setState({ preview }),
        (error) => isWanted && setState({ problem: asProblem(error) }),
      );
    }, restMs);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [asked]);
  return (
    <section class="rule-preview" aria-live="polite">
      <h3>What it would have done</h3>
      <Words action={action} isTyped={match !== undefined} {...state} />
    </section>
  );
}

interface WordsProps extends State {
  readonly action: 'allow' | 'deny';
  readonly isTyped: boolean;
}

function Words({ action, isTyped, preview, problem }: WordsProps) {
  if (problem !== undefined)
    return (
      <p class="field-problem">
        <Hostile text={problem.detail} />
      </p>
    );
  if (preview === undefined)
    return <p class="muted">{isTyped ? 'Looking at the events on record…' : 'Say which queries it is about.'}</p>;
  const { events, more, looked, since, samples } = preview;
  const [done, of] = action === 'allow' ? ['let pass', 'blocked'] : ['stopped', 'allowed'];
  return (
    <>
      <p>
        It would have {done} <strong>{events.toLocaleString('en')}</strong> of {looked.toLocaleString('en')} {of} events
        {since !== null && (
          <>
            , the oldest <Ago at={since} />
          </>
        )}
        {more ? '; there are older ones that were not looked at' : ''}.
      </p>
      <ul class="preview-samples mono">
        {samples.slice(0, MAX_SAMPLES).map(({ id, client, destination, queryName, queryType }) => (
          <li key={id}>
            {client.address} → {destination} {queryName !== null && <Hostile text={queryName} />} {queryType}
          </li>
        ))}
      </ul>
    </>
  );
}
