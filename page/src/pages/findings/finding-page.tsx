import { useState } from 'preact/hooks';
import { counted, percent } from '../../../../src/core/words.ts';
import type { FindingView } from '../../../../src/services/finding-view.ts';
import { useLoaded } from '../../api/use-loaded.ts';
import type { PageProps } from '../../frame/pages.ts';
import { navigate } from '../../frame/route.ts';
import { may } from '../../frame/session.ts';
import { useShortcuts } from '../../frame/shortcuts.ts';
import { Aged } from '../../parts/aged.tsx';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { Link } from '../../parts/link.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Ago, Time } from '../../parts/time.tsx';
import { TraceForm } from '../cases/trace-form.tsx';
import { moveFinding } from './finding-actions.ts';
import { CloseFindingDialog, CommentFindingDialog } from './finding-dialogs.tsx';
import { KIND_WORDS, StateBadge, subjectLink } from './finding-words.tsx';
import { ReasonList } from './reason-list.tsx';
import './findings-page.css';

const EVERY_MS = 15_000;
const MAX_HOSTS_SHOWN = 100;

type Opened = 'comment' | 'close' | 'trace' | undefined;

/** One finding: why it is believed, what was said about it, and what can be done. */
export function FindingPage({ id }: PageProps) {
  const loaded = useLoaded<FindingView>(`/findings/${encodeURIComponent(id)}`, undefined, { everyMs: EVERY_MS });
  const [opened, setOpened] = useState<Opened>();
  const finding = loaded.value;
  const { reload } = loaded;
  const change = (act: (finding: FindingView) => void) => () => {
    if (finding !== undefined && may('analyst')) act(finding);
  };
  const acknowledge = change((one) => void moveFinding(one, 'acknowledge', reload));
  const escalate = change((one) => void moveFinding(one, 'escalate', reload));
  useShortcuts('everywhere', { r: reload });
  useShortcuts('findings', {
    e: acknowledge,
    s: escalate,
    c: change(() => setOpened('comment')),
    o: () => {
      const about = finding && subjectLink(finding.kind, finding.subject);
      if (about !== undefined) navigate(about);
    },
  });
  const close = () => setOpened(undefined);
  return (
    <PageFrame
      title={finding === undefined ? `Finding ${id}` : titleOf(finding)}
      actions={
        finding !== undefined &&
        may('analyst') && (
          <Actions
            finding={finding}
            onAcknowledge={acknowledge}
            onEscalate={escalate}
            onReopen={() => void moveFinding(finding, 'reopen', reload)}
            onOpen={setOpened}
          />
        )
      }
    >
      <Aged loaded={loaded} />
      {finding === undefined ? loaded.problem === undefined && <Skeleton rows={12} /> : <Detail finding={finding} />}
      {opened === 'comment' && <CommentFindingDialog id={id} onDone={reload} onClose={close} />}
      {opened === 'close' && <CloseFindingDialog id={id} onDone={reload} onClose={close} />}
      {opened === 'trace' && finding !== undefined && (
        <Dialog title={`Trace ${id}`} onClose={close} isWide>
          <TraceForm finding={id} {...traced(finding)} />
        </Dialog>
      )}
    </PageFrame>
  );
}

function titleOf({ kind, subject }: FindingView): string {
  return `${KIND_WORDS[kind].replace(/^./, (first) => first.toUpperCase())} ${subject}`;
}

interface ActionsProps {
  readonly finding: FindingView;
  readonly onAcknowledge: () => void;
  readonly onEscalate: () => void;
  readonly onReopen: () => void;
  readonly onOpen: (what: Opened) => void;
}

function Actions({ finding: { state }, onAcknowledge, onEscalate, onReopen, onOpen }: ActionsProps) {
  if (state === 'closed') {
    return (
      <>
        <Button onClick={() => onOpen('comment')} shortcut="c">
          Comment
        </Button>
        <Button onClick={onReopen}>Open again</Button>
      </>
    );
  }
  return (
    <>
      <Button onClick={onAcknowledge} disabled={state === 'acknowledged'} shortcut="e">
        Acknowledge
      </Button>
      <Button onClick={onEscalate} disabled={state === 'escalated'} shortcut="s">
        Escalate
      </Button>
      <Button onClick={() => onOpen('comment')} shortcut="c">
        Comment
      </Button>
      <Button onClick={() => onOpen('trace')}>Trace</Button>
      <Button onClick={() => onOpen('close')}>Close</Button>
    </>
  );
}

/** What is known of the attack; a host that floods may have any source. */
function traced({ kind, subject, first, last }: FindingView) {
  const isAboutHost = kind === 'infected-host' || kind === 'foreign-resolver';
  const isName = (kind === 'c2-server' || kind === 'download-server') && !/^[\d.]+$|:/.test(subject);
  const isAttack = kind === 'answer-flood' || kind === 'backscatter';
  return {
    name: isName ? subject : undefined,
    at: (isAttack ? first : last) ?? undefined,
    source: isAboutHost ? subject : undefined,
  };
}

function Detail({ finding }: { readonly finding: FindingView }) {
  const { id, kind, subject, state, score, opened, updated, first, last, reasons, closed, comments, changes, cases } =
    finding;
  const about = subjectLink(kind, subject);
  return (
    <div class="finding-columns">
      <div class="finding-main">
        <section class="panel stack">
          <p class="row">
            <StateBadge state={state} />
            <Badge kind={score >= 0.8 ? 'high' : score >= 0.4 ? 'medium' : 'low'} text={`score ${percent(score)}`} />
            <span class="mono muted">{id}</span>
            {about !== undefined && (
              <Link to={about}>{kind === 'bot-group' ? 'its topology' : `about ${subject}`}</Link>
            )}
          </p>
          {closed !== null && (
            <p>
              Closed as <strong>{closed.as}</strong> by <Hostile text={closed.by} /> <Time at={closed.at} />: “
              <Hostile text={closed.reason} />”
            </p>
          )}
          <h2>Why</h2>
          {reasons.length === 0 ? <p class="muted">No reason is kept.</p> : <ReasonList reasons={reasons} />}
        </section>
        <section class="panel stack">
          <h2>Comments</h2>
          <Words words={comments} none="Nobody has said anything yet." />
        </section>
        <section class="panel stack">
          <h2>What happened to it</h2>
          <Words words={changes} none="Nothing was changed." />
        </section>
      </div>
      <div class="finding-side">
        <section class="panel stack">
          <h2>When</h2>
          <dl class="finding-times">
            {(
              [
                ['First seen', first],
                ['Last seen', last],
                ['Opened', opened],
                ['Updated', updated],
              ] as const
            ).map(([name, at]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{at === null ? 'not known' : <Ago at={at} />}</dd>
              </div>
            ))}
          </dl>
        </section>
        <Hosts hosts={finding.hosts} />
        {cases.length > 0 && (
          <section class="panel stack">
            <h2>Traceback</h2>
            <ul>
              {cases.map((one) => (
                <li key={one}>
                  <Link class="mono" to={`/traceback/${encodeURIComponent(one)}`}>
                    case {one.slice(0, 8)}
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
    </div>
  );
}

function Words({ words, none }: { readonly words: FindingView['comments']; readonly none: string }) {
  if (words.length === 0) return <p class="muted">{none}</p>;
  return (
    <ol class="finding-words">
      {words.map(({ at, by, text }) => (
        <li key={`${at} ${by} ${text}`}>
          <p class="muted">
            <Time at={at} /> <Hostile text={by} />
          </p>
          <Hostile text={text} hasLines />
        </li>
      ))}
    </ol>
  );
}

function Hosts({ hosts }: { readonly hosts: readonly string[] }) {
  return (
    <section class="panel stack">
      <h2>{counted(hosts.length, 'host')}</h2>
      <ul class="finding-hosts mono">
        {hosts.slice(0, MAX_HOSTS_SHOWN).map((host) => (
          <li key={host}>
            <Link to={`/hosts/${encodeURIComponent(host)}`}>{host}</Link>{' '}
            <Link to={`/hosts/${encodeURIComponent(host)}?axes=open`} aria-label={`Ten axes of ${host}`}>
              axes
            </Link>
          </li>
        ))}
      </ul>
      {hosts.length > MAX_HOSTS_SHOWN && <p class="muted">and {hosts.length - MAX_HOSTS_SHOWN} more</p>}
    </section>
  );
}
