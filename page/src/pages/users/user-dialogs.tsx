import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { UserView } from '../../../../src/services/account-views.ts';
import { send } from '../../api/client.ts';
import { loadSession, type Role, useSession } from '../../frame/session.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { toast } from '../../parts/toast.ts';
import { isGoodPassword, NewPasswordFields, NO_PASSWORD } from '../account/new-password.tsx';
import { useSending } from '../account/use-sending.ts';
import { RoleField } from './role-field.tsx';

interface DialogProps {
  readonly onClose: () => void;
  readonly onDone: () => void;
}

interface UserDialogProps extends DialogProps {
  readonly user: UserView;
}

const MAX_NAME = 64;
const pathOf = (name: string) => `/users/${encodeURIComponent(name)}`;

export function AddUserDialog({ onClose, onDone }: DialogProps): VNode {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('analyst');
  const [chosen, setChosen] = useState(NO_PASSWORD);
  const { problem, isBusy, run } = useSending();
  const onSubmit = (event: Event) => {
    event.preventDefault();
    run(async () => {
      const user = await send<UserView>('POST', '/users', { name: name.trim(), role, password: chosen.password });
      toast(`${user.name} may sign in as ${user.role}`);
      onDone();
    });
  };
  return (
    <Dialog title="Add a user" onClose={onClose}>
      <form class="stack" onSubmit={onSubmit}>
        <Field label="User" hint="Letters a to z, digits, and inside also . _ @ -">
          {(input) => (
            <input
              {...input}
              autocomplete="off"
              autocapitalize="none"
              spellcheck={false}
              required
              maxLength={MAX_NAME}
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
        <RoleField value={role} onChange={setRole} />
        <NewPasswordFields value={chosen} onChange={setChosen} />
        <p class="muted">Tell it to him in person; he can choose another on the page “Account”.</p>
        <ProblemNote problem={problem} />
        <Actions text="Add" isDisabled={isBusy || name.trim() === '' || !isGoodPassword(chosen)} onClose={onClose} />
      </form>
    </Dialog>
  );
}

/** Another role, another password, or both. */
export function ChangeUserDialog({ user, onClose, onDone }: UserDialogProps): VNode {
  const { user: own } = useSession();
  const [role, setRole] = useState<Role>(user.role);
  const [hasPassword, setHasPassword] = useState(false);
  const [chosen, setChosen] = useState(NO_PASSWORD);
  const { problem, isBusy, run } = useSending();
  const isSame = role === user.role && !hasPassword;
  const onSubmit = (event: Event) => {
    event.preventDefault();
    run(async () => {
      await send('PATCH', pathOf(user.name), {
        ...(role === user.role ? {} : { role }),
        ...(hasPassword ? { password: chosen.password } : {}),
      });
      toast(`Changed ${user.name}, who must sign in again`);
      if (user.name === own) await loadSession();
      onDone();
    });
  };
  return (
    <Dialog title={`Change ${user.name}`} onClose={onClose}>
      <form class="stack" onSubmit={onSubmit}>
        <RoleField value={role} onChange={setRole} />
        <label class="check">
          <input
            type="checkbox"
            checked={hasPassword}
            onChange={(event) => setHasPassword(event.currentTarget.checked)}
          />
          Give another password
        </label>
        {hasPassword && <NewPasswordFields value={chosen} onChange={setChosen} />}
        <p class="muted">All sessions and tokens of {user.name} end at once.</p>
        <ProblemNote problem={problem} />
        <Actions
          text="Save"
          isDisabled={isBusy || isSame || (hasPassword && !isGoodPassword(chosen))}
          onClose={onClose}
        />
      </form>
    </Dialog>
  );
}

export function RemoveUserDialog({ user, onClose, onDone }: UserDialogProps): VNode {
  const { user: own } = useSession();
  const { problem, isBusy, run } = useSending();
  const onSubmit = (event: Event) => {
    event.preventDefault();
    run(async () => {
      await send('DELETE', pathOf(user.name));
      toast(`Removed ${user.name}`);
      if (user.name === own) await loadSession();
      onDone();
    });
  };
  return (
    <Dialog title={`Remove ${user.name}?`} onClose={onClose}>
      <form class="stack" onSubmit={onSubmit}>
        <p>
          Sessions, tokens and saved searches of {user.name} go at once. What {user.name} has done stays in the record
          of changes. This cannot be undone.
        </p>
        <ProblemNote problem={problem} />
        <Actions text={`Remove ${user.name}`} kind="danger" isDisabled={isBusy} onClose={onClose} />
      </form>
    </Dialog>
  );
}

interface ActionsProps {
  readonly text: string;
  readonly kind?: 'main' | 'danger';
  readonly isDisabled: boolean;
  readonly onClose: () => void;
}

function Actions({ text, kind = 'main', isDisabled, onClose }: ActionsProps): VNode {
  return (
    <div class="dialog-actions">
      <Button onClick={onClose}>Cancel</Button>
      <Button kind={kind} type="submit" disabled={isDisabled}>
        {text}
      </Button>
    </div>
  );
}
