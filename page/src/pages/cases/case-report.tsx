import { counted } from '../../../../src/core/words.ts';
import type { Case } from '../../../../src/traceback/cases/case.ts';
import { Badge } from '../../parts/badge.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { Link } from '../../parts/link.tsx';
import { Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { caseState, OUTCOME_WORDS, stepWords } from './case-words.ts';
import { confidenceWords } from './confidence-words.ts';

/** What was asked, what came of it, how likely it is, and what is missing. */
export function CaseReport({ one }: { readonly one: Case }) {
  return (
    <>
      <Outcome one={one} />
      {one.hosts.length > 0 && <Hosts one={one} />}
      <div class="case-columns">
        <Question one={one} />
        <Confirmation one={one} />
      </div>
      <Steps one={one} />
      <Suspects one={one} />
      <Gaps one={one} />
      <p class="muted case-limits">
        A confidence is the share of one host in all explanations of what was seen, that the attacker is none of these
        hosts among them. Who asked for a name need not have sent anything: use it to know where to look, not as a
        proof.
      </p>
    </>
  );
}

function Outcome({ one }: { readonly one: Case }) {
  const { outcome, detail, step, closed, isComplete } = one;
  return (
    <section class="panel stack" aria-live="polite">
      <p class="row">
        <Badge {...caseState(one)} />
        <span class="mono muted">{one.id}</span>
      </p>
      <p class="case-outcome">{outcome === undefined ? `At work: ${stepWords(step)}` : `${OUTCOME_WORDS[outcome]}.`}</p>
      <p>
        <Hostile text={detail} />.
        {outcome !== undefined && !isComplete && ' The answer is not complete: see what is missing, below.'}
      </p>
      {closed !== undefined && (
        <p>
          Closed <Time at={closed.at} />
          {closed.by !== undefined && (
            <>
              {' '}
              by <Hostile text={closed.by} />
            </>
          )}
          : “<Hostile text={closed.reason} />”
        </p>
      )}
    </section>
  );
}

function Hosts({ one: { hosts, node } }: { readonly one: Case }) {
  return (
    <section class="stack">
      <h2>Hosts, the most likely first</h2>
      <ol class="case-hosts">
        {hosts.map(({ address, name, confidence, queries, firstAt, lastAt, paths, reasons }) => (
          <li key={`${address} ${paths.join()}`} class="panel case-host">
            <div class="case-host-head">
              {paths.some((path) => path.at(-1) === node) ? (
                <Link class="mono case-host-name" to={`/hosts/${encodeURIComponent(address)}`}>
                  {address}
                </Link>
              ) : (
                <span class="mono case-host-name">{address}</span>
              )}
              {name !== undefined && <Hostile text={name} />}
              <strong>{confidenceWords(confidence)}</strong>
            </div>
            <svg class="case-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
              <rect class="case-bar-rest" width="100" height="6" />
              <rect class="case-bar-share" width={Math.max(1, confidence * 100)} height="6" />
            </svg>
            <p class="muted">
              {counted(queries, 'query', 'queries')} from <Time at={firstAt} /> to <Time at={lastAt} />, told by{' '}
              {paths.map((path) => path.join(' → ')).join(', ')}
            </p>
            <ul class="case-reasons">
              {reasons.map((reason) => (
                <li key={reason}>
                  <Hostile text={reason} />
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Question({ one: { question, node, openedAt, endedAt, ground } }: { readonly one: Case }) {
  const { name, at, source, window, by } = question;
  return (
    <section class="panel stack">
      <h2>What was asked</h2>
      <dl class="case-facts">
        <dt>Attacked name</dt>
        <dd class="mono">
          <Hostile text={name} />
        </dd>
        <dt>Attack began</dt>
        <dd>
          <Time at={at} />
        </dd>
        <dt>Source it shows</dt>
        <dd class="mono">{source}</dd>
        <dt>Looked at</dt>
        <dd>
          {window.beforeMs / 1000} s before to {window.afterMs / 1000} s after
        </dd>
        <dt>Asked by</dt>
        <dd>
          {by === undefined ? '' : <Hostile text={`${by}, `} />}
          {node}
        </dd>
        <dt>Opened</dt>
        <dd>
          <Time at={openedAt} />
        </dd>
        {endedAt !== undefined && (
          <>
            <dt>Ended</dt>
            <dd>
              <Time at={endedAt} />
            </dd>
          </>
        )}
        {ground !== undefined && 'override' in ground && (
          <>
            <dt>Went on because</dt>
            <dd>
              <Hostile text={ground.override} />
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Confirmation({ one: { confirmation } }: { readonly one: Case }) {
  return (
    <section class="panel stack">
      <h2>Is the source made up?</h2>
      {confirmation === undefined ? (
        <p class="muted">No answer to that came.</p>
      ) : (
        <>
          <p>
            <strong>{confirmation.outcome}</strong>: <Hostile text={confirmation.words} />
          </p>
          <ul class="case-reasons">
            {confirmation.verdicts.map(({ path, verdict }) => (
              <li key={path.join()}>
                {path.join(' → ')}: {verdict}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Steps({ one: { exchanges, reports } }: { readonly one: Case }) {
  if (exchanges.length === 0) return null;
  return (
    <section class="stack">
      <h2>Steps and sources</h2>
      <Table
        caption="What was sent, and when it was answered"
        columns={[{ name: 'Question' }, { name: 'Sent' }, { name: 'Answered' }, { name: 'Problem' }]}
      >
        {exchanges.map(({ kind, request, sentAt, endedAt, failure }) => (
          <tr key={request}>
            <td>{stepWords(kind)}</td>
            <td>
              <Time at={sentAt} />
            </td>
            <td>
              <Time at={endedAt} />
            </td>
            <td>{failure === undefined ? 'none' : <Hostile text={failure} />}</td>
          </tr>
        ))}
      </Table>
      {reports.length > 0 && (
        <Table
          caption="What each source found in its log"
          columns={[
            { name: 'Source' },
            { name: 'Hosts named', isNumber: true },
            { name: 'Not named', isNumber: true },
            { name: 'Expected by chance', isNumber: true },
            { name: 'Its clients', isNumber: true },
          ]}
        >
          {reports.map(({ path, hosts, withheld, expected, clients }) => (
            <tr key={path.join()}>
              <td>{path.join(' → ')}</td>
              <td class="number">{hosts.length}</td>
              <td class="number">{withheld}</td>
              <td class="number">{Number(expected.toPrecision(3))}</td>
              <td class="number">{clients.toLocaleString('en')}</td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

function Suspects({ one: { suspects } }: { readonly one: Case }) {
  const names = suspects.flatMap(({ path, names: found }) => found.map((suspect) => ({ path, suspect })));
  if (names.length === 0) return null;
  return (
    <section class="stack">
      <h2>Names that may be of the C&amp;C server</h2>
      <Table
        caption="What the hosts asked for before, the most unusual first"
        columns={[
          { name: 'Name' },
          { name: 'Told by' },
          { name: 'Unusual, bits', isNumber: true },
          { name: 'Hosts', isNumber: true },
          { name: 'Other clients', isNumber: true },
          { name: 'Why' },
        ]}
      >
        {names.map(({ path, suspect: { name, score, hosts, clients, reasons } }) => (
          <tr key={`${path.join()} ${name}`}>
            <td class="mono">
              <Link to={`/history?target=${encodeURIComponent(name)}`}>
                <Hostile text={name} />
              </Link>
            </td>
            <td>{path.at(-1)}</td>
            <td class="number">{score.toFixed(1)}</td>
            <td class="number">{hosts.length}</td>
            <td class="number">{clients}</td>
            <td class="case-name">
              <Hostile text={reasons.join('; ')} />
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

function Gaps({ one: { gaps } }: { readonly one: Case }) {
  if (gaps.length === 0) return null;
  return (
    <section class="stack">
      <h2>What is missing</h2>
      <ul class="case-reasons">
        {gaps.map(({ reason, node, server, detail }) => (
          <li key={`${reason} ${node} ${server} ${detail}`}>
            <strong>{reason}</strong> {[node, server].filter((one) => one !== undefined).join(', ')}:{' '}
            <Hostile text={detail} />
          </li>
        ))}
      </ul>
    </section>
  );
}
