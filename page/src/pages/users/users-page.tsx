import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { UserView } from '../../../../src/services/account-views.ts';
import { useLoaded } from '../../api/use-loaded.ts';
import { may, useSession } from '../../frame/session.ts';
import { useShortcuts } from '../../frame/shortcuts.ts';
import { Aged } from '../../parts/aged.tsx';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Link } from '../../parts/link.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Table } from '../../parts/table.tsx';
import { Ago, Time } from '../../parts/time.tsx';
import { AddUserDialog, ChangeUserDialog, RemoveUserDialog } from './user-dialogs.tsx';
import './users-page.css';

const COLUMNS = [
  { name: 'User' },
  { name: 'Role' },
  { name: 'Since' },
  { name: 'Last sign-in' },
  { name: 'What to do', isHidden: true },
];

type Opened = { readonly what: 'nothing' | 'add' } | { readonly what: 'change' | 'remove'; readonly user: UserView };

/** Who may sign in, and as what; for administrators. */
export function UsersPage(): VNode {
  const isAdmin = may('admin');
  const loaded = useLoaded<{ readonly items: readonly UserView[] }>(isAdmin ? '/users' : undefined);
  const [opened, setOpened] = useState<Opened>({ what: 'nothing' });
  useShortcuts('everywhere', { r: loaded.reload });
  const close = () => setOpened({ what: 'nothing' });
  const finish = () => {
    close();
    loaded.reload();
  };
  if (!isAdmin) return <NotForYou />;
  const users = loaded.value?.items;
  return (
    <PageFrame
      title="Users"
      actions={
        <Button kind="main" onClick={() => setOpened({ what: 'add' })}>
          Add a user
        </Button>
      }
    >
      <Aged loaded={loaded} />
      {users === undefined ? (
        loaded.problem === undefined && <Skeleton rows={6} />
      ) : (
        <Table caption="Users" columns={COLUMNS}>
          {users.map((user) => (
            <UserRow key={user.name} user={user} onOpen={(what) => setOpened({ what, user })} />
          ))}
        </Table>
      )}
      {opened.what === 'add' && <AddUserDialog onClose={close} onDone={finish} />}
      {opened.what === 'change' && <ChangeUserDialog user={opened.user} onClose={close} onDone={finish} />}
      {opened.what === 'remove' && <RemoveUserDialog user={opened.user} onClose={close} onDone={finish} />}
    </PageFrame>
  );
}

function NotForYou(): VNode {
  return (
    <PageFrame title="Users">
      <Empty title="Users are looked after by administrators">
        Your own sessions, tokens and password are on your <Link to="/account">account</Link>.
      </Empty>
    </PageFrame>
  );
}

interface UserRowProps {
  readonly user: UserView;
  readonly onOpen: (what: 'change' | 'remove') => void;
}

function UserRow({ user, onOpen }: UserRowProps): VNode {
  const { user: own } = useSession();
  const { name, role, origin, created, lastSignIn, isLocked } = user;
  return (
    <tr>
      <td>
        <Link to={`/changes?by=${encodeURIComponent(name)}`} title={`What ${name} has changed`}>
          {name}
        </Link>{' '}
        {name === own && <span class="muted">you</span>}
        {origin === 'oidc' && <span class="muted">by your organisation</span>}
        {isLocked && <Badge kind="warning" text="many attempts fail" />}
      </td>
      <td>{role}</td>
      <td>
        <Time at={created} />
      </td>
      <td>{lastSignIn === null ? <span class="muted">never</span> : <Ago at={lastSignIn} />}</td>
      <td>
        <div class="user-actions">
          {origin === 'local' && (
            <Button isSmall onClick={() => onOpen('change')} aria-label={`Change ${name}`}>
              Change
            </Button>
          )}
          <Button isSmall kind="danger" onClick={() => onOpen('remove')} aria-label={`Remove ${name}`}>
            Remove
          </Button>
        </div>
      </td>
    </tr>
  );
}
