import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { SessionView } from '../../../../src/services/account-views.ts';
import { send } from '../../api/client.ts';
import { useLoaded } from '../../api/use-loaded.ts';
import { loadSession, useSession } from '../../frame/session.ts';
import { changeSettings, useSettings } from '../../frame/settings.ts';
import { useShortcuts } from '../../frame/shortcuts.ts';
import { Aged } from '../../parts/aged.tsx';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Table } from '../../parts/table.tsx';
import { Ago, Time } from '../../parts/time.tsx';
import { toast } from '../../parts/toast.ts';
import { PasswordField } from './access-fields.tsx';
import { isGoodPassword, NewPasswordFields, NO_PASSWORD } from './new-password.tsx';
import { TokenSection } from './token-section.tsx';
import { useSending } from './use-sending.ts';
import './account-page.css';

const SESSION_COLUMNS = [
  { name: 'From' },
  { name: 'Since' },
  { name: 'Last used' },
  { name: 'Ends' },
  { name: 'What to do', isHidden: true },
];

/** What is one's own: sessions, tokens, password, and how this browser shows things. */
export function AccountPage(): VNode {
  const { user, role, origin } = useSession();
  return (
    <PageFrame title="Account">
      <p class="account-who">
        You are <strong>{user}</strong> <Badge kind="neutral" text={role} />
        {origin === 'oidc' && <span class="muted">by your organisation</span>}
      </p>
      <Settings />
      <Sessions />
      <TokenSection />
      {origin === 'local' && <PasswordForm />}
    </PageFrame>
  );
}

function Settings(): VNode {
  const { times, hasKeys } = useSettings();
  return (
    <section class="panel stack" aria-labelledby="account-settings">
      <h2 id="account-settings">This browser</h2>
      <fieldset class="account-choice">
        <legend>Times</legend>
        {(['utc', 'local'] as const).map((one) => (
          <label key={one} class="check">
            <input type="radio" name="times" checked={times === one} onChange={() => changeSettings({ times: one })} />
            {one === 'utc' ? 'UTC' : 'as this computer has them'}
          </label>
        ))}
        <span class="muted">
          Now: <Time at={new Date().toISOString()} />
        </span>
      </fieldset>
      <label class="check">
        <input
          type="checkbox"
          checked={hasKeys}
          onChange={(event) => changeSettings({ hasKeys: event.currentTarget.checked })}
        />
        Single keys do things (press ? to see which)
      </label>
    </section>
  );
}

function Sessions(): VNode {
  const { user, id } = useSession();
  const loaded = useLoaded<{ readonly items: readonly SessionView[] }>('/sessions');
  useShortcuts('everywhere', { r: loaded.reload });
  const sessions = loaded.value?.items.filter((session) => session.user === user);
  return (
    <section class="panel stack" aria-labelledby="account-sessions">
      <h2 id="account-sessions">Where you are signed in</h2>
      <Aged loaded={loaded} />
      {sessions === undefined ? (
        loaded.problem === undefined && <Skeleton rows={2} />
      ) : (
        <Table caption="Your sessions" columns={SESSION_COLUMNS}>
          {sessions.map((session) => (
            <SessionRow key={session.id} session={session} isThis={session.id === id} onEnded={loaded.reload} />
          ))}
        </Table>
      )}
    </section>
  );
}

interface SessionRowProps {
  readonly session: SessionView;
  readonly isThis: boolean;
  readonly onEnded: () => void;
}

function SessionRow({ session, isThis, onEnded }: SessionRowProps): VNode {
  const { problem, isBusy, run } = useSending();
  const { id, from, started, lastUsed, idleEnds } = session;
  const end = () =>
    run(async () => {
      await send('DELETE', `/sessions/${encodeURIComponent(id)}`);
      toast(`Ended the session from ${from}`);
      onEnded();
    });
  return (
    <tr>
      <td>
        <Hostile text={from} /> {isThis && <Badge kind="good" text="this one" />}
        <ProblemNote problem={problem} />
      </td>
      <td>
        <Time at={started} />
      </td>
      <td>
        <Ago at={lastUsed} />
      </td>
      <td>
        <Ago at={idleEnds} />
      </td>
      <td class="number">
        {!isThis && (
          <Button isSmall disabled={isBusy} onClick={end} aria-label={`End the session from ${from}`}>
            End
          </Button>
        )}
      </td>
    </tr>
  );
}

function PasswordForm(): VNode {
  const { user } = useSession();
  const [old, setOld] = useState('');
  const [chosen, setChosen] = useState(NO_PASSWORD);
  const { problem, isBusy, run } = useSending();
  const onSubmit = (event: Event) => {
    event.preventDefault();
    run(async () => {
      await send('PUT', '/session/password', { old, new: chosen.password });
      await loadSession();
    });
  };
  return (
    <section class="panel stack" aria-labelledby="account-password">
      <h2 id="account-password">Password</h2>
      <p class="muted">With another password all your sessions and tokens end, this one too: you sign in again.</p>
      <form class="stack account-password" onSubmit={onSubmit}>
        <input class="unseen" autocomplete="username" value={user} readOnly tabIndex={-1} aria-hidden="true" />
        <PasswordField label="The password as it is" value={old} onChange={setOld} />
        <NewPasswordFields label="The new one" value={chosen} onChange={setChosen} />
        <ProblemNote problem={problem} />
        <div>
          <Button kind="main" type="submit" disabled={isBusy || old === '' || !isGoodPassword(chosen)}>
            Change the password
          </Button>
        </div>
      </form>
    </section>
  );
}
