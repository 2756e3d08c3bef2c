import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { NewToken, TokenView } from '../../../../src/services/account-views.ts';
import { consoleNowMs, send } from '../../api/client.ts';
import { useLoaded } from '../../api/use-loaded.ts';
import { may, type Role, useSession } from '../../frame/session.ts';
import { Aged } from '../../parts/aged.tsx';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { CopyText } from '../../parts/copy-text.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Field } from '../../parts/field.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Table } from '../../parts/table.tsx';
import { Ago, Time } from '../../parts/time.tsx';
import { toast } from '../../parts/toast.ts';
import { RoleField } from '../users/role-field.tsx';
import { useSending } from './use-sending.ts';

const MAX_NAME = 64;
const DAY_MS = 86_400_000;
const LIFETIMES = [7, 30, 90, 365];
const COLUMNS = [
  { name: 'Name' },
  { name: 'Role' },
  { name: 'Made' },
  { name: 'Last used' },
  { name: 'Expires' },
  { name: 'What to do', isHidden: true },
];

/** What programs sign in with: one's own tokens; an administrator sees those of all. */
export function TokenSection(): VNode {
  const loaded = useLoaded<{ readonly items: readonly TokenView[] }>('/tokens');
  const [isAdding, setAdding] = useState(false);
  const tokens = loaded.value?.items;
  return (
    <section class="panel stack" aria-labelledby="account-tokens">
      <div class="account-head">
        <h2 id="account-tokens">Tokens</h2>
        <Button onClick={() => setAdding(true)}>Make a token</Button>
      </div>
      <Aged loaded={loaded} />
      {tokens === undefined ? (
        loaded.problem === undefined && <Skeleton rows={2} />
      ) : tokens.length === 0 ? (
        <Empty title="There are no tokens">A program signs in with one, and may do no more than its role.</Empty>
      ) : (
        <Table caption="Tokens and when they end" columns={COLUMNS}>
          {tokens.map((token) => (
            <TokenRow key={token.id} token={token} onRemoved={loaded.reload} />
          ))}
        </Table>
      )}
      {isAdding && <AddTokenDialog onClose={() => setAdding(false)} onMade={loaded.reload} />}
    </section>
  );
}

function TokenRow({ token, onRemoved }: { readonly token: TokenView; readonly onRemoved: () => void }): VNode {
  const { user } = useSession();
  const { problem, isBusy, run } = useSending();
  const { id, name, role, created, expires, lastUsed } = token;
  const isOver = expires !== null && Date.parse(expires) <= consoleNowMs();
  const remove = () =>
    run(async () => {
      await send('DELETE', `/tokens/${encodeURIComponent(id)}`);
      toast(`Removed the token ${name}`);
      onRemoved();
    });
  return (
    <tr>
      <td>
        <Hostile text={name} /> {token.user !== user && <span class="muted">of {token.user}</span>}
        <ProblemNote problem={problem} />
      </td>
      <td>{role}</td>
      <td>
        <Time at={created} />
      </td>
      <td>{lastUsed === null ? <span class="muted">never</span> : <Ago at={lastUsed} />}</td>
      <td>
        <Time at={expires} /> {isOver && <Badge kind="warning" text="expired" />}
      </td>
      <td class="number">
        <Button isSmall kind="danger" disabled={isBusy} onClick={remove} aria-label={`Remove the token ${name}`}>
          Remove
        </Button>
      </td>
    </tr>
  );
}

interface AddTokenProps {
  readonly onClose: () => void;
  readonly onMade: () => void;
}

function AddTokenDialog({ onClose, onMade }: AddTokenProps): VNode {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [days, setDays] = useState('90');
  const [made, setMade] = useState<NewToken>();
  const { problem, isBusy, run } = useSending();
  if (made !== undefined) return <SecretDialog token={made} onClose={onClose} />;
  const onSubmit = (event: Event) => {
    event.preventDefault();
    const expires = days === '' ? {} : { expires: new Date(consoleNowMs() + Number(days) * DAY_MS).toISOString() };
    run(async () => {
      setMade(await send<NewToken>('POST', '/tokens', { name: name.trim(), role, ...expires }));
      onMade();
    });
  };
  return (
    <Dialog title="Make a token" onClose={onClose}>
      <form class="stack" onSubmit={onSubmit}>
        <Field label="Name" hint="What it is for, such as: nightly report">
          {(input) => (
            <input
              {...input}
              required
              maxLength={MAX_NAME}
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
        <RoleField value={role} onChange={setRole} isAllowed={may} />
        <Field label="Holds for">
          {(input) => (
            <select {...input} value={days} onChange={(event) => setDays(event.currentTarget.value)}>
              {LIFETIMES.map((count) => (
                <option key={count} value={String(count)}>
                  {count} days
                </option>
              ))}
              <option value="">until it is removed</option>
            </select>
          )}
        </Field>
        <ProblemNote problem={problem} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="main" type="submit" disabled={isBusy || name.trim() === ''}>
            Make it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function SecretDialog({ token, onClose }: { readonly token: NewToken; readonly onClose: () => void }): VNode {
  return (
    <Dialog title={`Token ${token.name}`} onClose={onClose}>
      <div class="stack">
        <p>
          <strong>Copy it now: it is shown this once.</strong> A program sends it with each request, as{' '}
          <code>Authorization: Bearer …</code>
        </p>
        <CopyText text={token.secret} label="The token" />
        <div class="dialog-actions">
          <Button kind="main" onClick={onClose}>
            I have it
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
