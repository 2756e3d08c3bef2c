import { counted, percent } from '../../../../src/core/words.ts';
import type { FindingView } from '../../../../src/services/finding-view.ts';
import { Hostile } from '../../parts/hostile.tsx';
import { Ago, Time } from '../../parts/time.tsx';
import './reason-list.css';

/** A reason of a finding, or a line of evidence about a host: they say the same. */
export type ShownReason = FindingView['reasons'][number];

/** Why something is believed, the heaviest first, each with the events it stands on. */
export function ReasonList({ reasons }: { readonly reasons: readonly ShownReason[] }) {
  return (
    <ol class="reasons">
      {reasons.map((reason) => (
        <li key={`${reason.kind} ${reason.line}`} class="reason">
          <Reason reason={reason} />
        </li>
      ))}
    </ol>
  );
}

function Reason({ reason: { kind, weight, line, events, last, samples } }: { readonly reason: ShownReason }) {
  return (
    <>
      <span class="reason-weight">
        <svg class="reason-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
          <rect class="reason-rest" width="100" height="6" />
          <rect class="reason-share" width={Math.min(100, Math.max(1, weight * 100))} height="6" />
        </svg>
        <span class="reason-percent">
          <span class="unseen">weight </span>
          {percent(weight)}
        </span>
      </span>
      <div class="reason-text">
        <p class="reason-line">
          <Hostile text={line} />
        </p>
        <p class="reason-about">
          {kind}, {counted(events, 'event')}
          {last !== null && (
            <>
              , last <Ago at={last} />
            </>
          )}
        </p>
        {samples.length > 0 && (
          <details>
            <summary>{counted(samples.length, 'sample')}</summary>
            <ul class="reason-samples">
              {samples.map(({ at, text }) => (
                <li key={`${at} ${text}`}>
                  <Time at={at} /> <Hostile text={text} />
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
    </>
  );
}
