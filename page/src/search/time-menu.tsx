import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { withTimes } from '../../../src/inbox/compose-search.ts';
import { useSettings } from '../frame/settings.ts';
import { Button } from '../parts/button.tsx';
import { Field } from '../parts/field.tsx';
import { DropPanel } from './drop-panel.tsx';
import { inputText, instantText, LAST_TIMES, rangeWords, type TimeTexts, timesOf } from './time-range.ts';

interface TimeMenuProps {
  /** The search. */
  readonly text: string;
  readonly onChange: (text: string) => void;
}

/** Chooses the time that a search is of; what is chosen becomes words of the search. */
export function TimeMenu({ text, onChange }: TimeMenuProps): VNode {
  const { times: zone } = useSettings();
  const times = timesOf(text);
  return (
    <DropPanel label="Time" text={rangeWords(times, zone)}>
      {(close) => {
        const choose = (chosen: { readonly since?: string; readonly until?: string }) => {
          close();
          onChange(withTimes(text, chosen));
        };
        return (
          <>
            <div class="drop-list">
              {LAST_TIMES.map(({ since, about }) => (
                <Button
                  key={since}
                  kind="quiet"
                  aria-pressed={times.since === since && times.until === undefined}
                  onClick={() => choose({ since })}
                >
                  {about}
                </Button>
              ))}
              <Button
                kind="quiet"
                aria-pressed={times.since === undefined && times.until === undefined}
                onClick={() => choose({})}
              >
                Any time
              </Button>
            </div>
            <AbsoluteTimes times={times} zone={zone} onChoose={choose} />
          </>
        );
      }}
    </DropPanel>
  );
}

interface AbsoluteTimesProps {
  readonly times: TimeTexts;
  readonly zone: 'utc' | 'local';
  readonly onChoose: (times: { readonly since?: string; readonly until?: string }) => void;
}

function AbsoluteTimes({ times, zone, onChoose }: AbsoluteTimesProps): VNode {
  const [from, setFrom] = useState(inputText(times.since, zone));
  const [to, setTo] = useState(inputText(times.until, zone));
  const since = instantText(from, zone);
  const until = instantText(to, zone);
  const isBackwards = since !== undefined && until !== undefined && Date.parse(since) >= Date.parse(until);
  const hasNone = since === undefined && until === undefined;
  const onSubmit = (event: Event) => {
    event.preventDefault();
    if (isBackwards || hasNone) return;
    onChoose({ ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) });
  };
  return (
    <form class="time-form" onSubmit={onSubmit}>
      <Field label={`From (${zoneWords(since, zone)})`}>
        {(input) => (
          <input
            {...input}
            type="datetime-local"
            step={1}
            value={from}
            onInput={(event) => setFrom(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field
        label={`To (${zoneWords(until, zone)})`}
        problem={isBackwards ? 'The end is not after the beginning.' : undefined}
      >
        {(input) => (
          <input
            {...input}
            type="datetime-local"
            step={1}
            value={to}
            onInput={(event) => setTo(event.currentTarget.value)}
          />
        )}
      </Field>
      <Button type="submit" kind="main" disabled={isBackwards || hasNone}>
        Show this time
      </Button>
    </form>
  );
}

/** `UTC`, or the offset of that time, or of now, in this place. */
function zoneWords(instant: string | undefined, zone: 'utc' | 'local'): string {
  if (zone === 'utc') return 'UTC';
  const offset = (instant ?? instantText(inputText(new Date().toISOString(), zone), zone) ?? '').slice(19);
  return `local, UTC${offset}`;
}
