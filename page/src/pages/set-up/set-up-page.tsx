import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { send } from '../../api/client.ts';
import { navigate } from '../../frame/route.ts';
import { loadSession } from '../../frame/session.ts';
import { Button } from '../../parts/button.tsx';
import { CopyText } from '../../parts/copy-text.tsx';
import { Link } from '../../parts/link.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { UserField } from '../account/access-fields.tsx';
import { isGoodPassword, NewPasswordFields, NO_PASSWORD } from '../account/new-password.tsx';
import { useSending } from '../account/use-sending.ts';
import '../sign-in/sign-in-page.css';

const SETUP_REFUSED = 'setup-refused';

/** Makes an administrator by a link that works once; its secret stands behind `#`, which no server log ever sees. */
export function SetUpPage(): VNode {
  const [secret] = useState(() => window.location.hash.slice(1));
  const [user, setUser] = useState('');
  const [chosen, setChosen] = useState(NO_PASSWORD);
  const { problem, isBusy, run } = useSending();
  if (secret === '' || problem?.code === SETUP_REFUSED) return <NoLink isRefused={secret !== ''} />;
  const onSubmit = (event: Event) => {
    event.preventDefault();
    run(async () => {
      await send('POST', '/setup', { secret, user: user.trim(), password: chosen.password });
      // The link is used: it has no place among the pages one goes back to.
      navigate('/', { replace: true });
      await loadSession();
    });
  };
  return (
    <div class="gate-card panel">
      <PageFrame title="Set up the console">
        <p>You become its administrator. Others are added on the page “Users” then.</p>
        <form class="stack" onSubmit={onSubmit}>
          <UserField value={user} onChange={setUser} hint="Letters a to z, digits, and inside also . _ @ -" />
          <NewPasswordFields value={chosen} onChange={setChosen} />
          <ProblemNote problem={problem} />
          <Button kind="main" type="submit" class="gate-wide" disabled={isBusy || !isGoodPassword(chosen)}>
            {isBusy ? 'Setting up…' : 'Become administrator'}
          </Button>
        </form>
      </PageFrame>
    </div>
  );
}

function NoLink({ isRefused }: { readonly isRefused: boolean }): VNode {
  return (
    <div class="gate-card panel">
      <PageFrame title="Set up the console">
        <p role={isRefused ? 'alert' : undefined}>
          {isRefused
            ? 'This link was used before, or is older than a day.'
            : 'The link is not whole: everything behind # belongs to it.'}{' '}
          Make another on the machine where gluewall runs:
        </p>
        <CopyText text="gluewall console setup-link" label="The command that makes the link" />
        <p>
          <Link to="/sign-in">Sign in</Link> if you have a user already.
        </p>
      </PageFrame>
    </div>
  );
}
