import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { apiPath, send } from '../../api/client.ts';
import { useRoute } from '../../frame/route.ts';
import { loadSession, useAccess } from '../../frame/session.ts';
import { Button } from '../../parts/button.tsx';
import { CopyText } from '../../parts/copy-text.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { PasswordField, UserField } from '../account/access-fields.tsx';
import { useSending } from '../account/use-sending.ts';
import './sign-in-page.css';

/** For whoever is not signed in, at any path: what he wanted to see comes after it. */
export function SignInPage(): VNode {
  const access = useAccess();
  const { query } = useRoute();
  if (access.state !== 'signed-out') return <PageFrame title="Sign in">{null}</PageFrame>;
  const { setupNeeded, oidc, hasEnded } = access;
  const oidcProblem = query.get('problem');
  return (
    <div class="gate-card panel">
      <p class="gate-brand">
        <img src="/icon.svg" alt="" width="28" height="28" />
        gluewall
      </p>
      <PageFrame title={setupNeeded ? 'Welcome' : 'Sign in'}>
        {hasEnded && (
          <p class="gate-note" role="status">
            Your session has ended. Sign in to go on where you were.
          </p>
        )}
        {oidcProblem !== null && <OidcProblem code={oidcProblem} />}
        {oidc !== undefined && (
          <a class="button button-main gate-wide" href={apiPath('/oidc/sign-in')}>
            {oidc.label}
          </a>
        )}
        {oidc !== undefined && !setupNeeded && <p class="gate-or muted">or with a user of this gluewall</p>}
        {setupNeeded ? <SetUpHint /> : <SignInForm />}
      </PageFrame>
    </div>
  );
}

function SignInForm(): VNode {
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const { problem, isBusy, run } = useSending();
  const onSubmit = (event: Event) => {
    event.preventDefault();
    run(async () => {
      await send('POST', '/session', { user: user.trim(), password });
      await loadSession();
    });
  };
  return (
    <form class="stack" onSubmit={onSubmit}>
      <UserField value={user} onChange={setUser} />
      <PasswordField label="Password" value={password} onChange={setPassword} />
      <ProblemNote problem={problem} />
      <Button kind="main" type="submit" class="gate-wide" disabled={isBusy}>
        {isBusy ? 'Signing in…' : 'Sign in'}
      </Button>
    </form>
  );
}

/** Nobody can sign in yet. */
function SetUpHint(): VNode {
  return (
    <>
      <p>
        There is no administrator yet. Make a link for the first one on the machine where gluewall runs, and open it
        here. It works once, for a day.
      </p>
      <CopyText text="gluewall console setup-link" label="The command that makes the link" />
    </>
  );
}

const OIDC_PROBLEMS: Readonly<Record<string, string>> = {
  'oidc-refused': 'The other server did not let you in, or gives you no role here. Ask your administrator.',
  'oidc-away': 'The other server cannot be reached. Try again later.',
  'user-refused': 'A user of this gluewall has your name already, or it does not do. Ask your administrator.',
};

function OidcProblem({ code }: { readonly code: string }): VNode {
  return (
    <div class="problem" role="alert">
      <span class="problem-sign" aria-hidden="true">
        !
      </span>
      <p class="problem-text">
        {OIDC_PROBLEMS[code] ??
          'Signing in at the other server did not work. Try again; the log of gluewall says more.'}
      </p>
    </div>
  );
}
