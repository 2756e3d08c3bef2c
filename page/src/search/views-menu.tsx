import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { SearchPage } from '../../../src/inbox/search-fields.ts';
import type { SavedViewView } from '../../../src/services/account-views.ts';
import { ApiProblem, send } from '../api/client.ts';
import { useLoaded } from '../api/use-loaded.ts';
import { Button } from '../parts/button.tsx';
import { Field } from '../parts/field.tsx';
import { Hostile } from '../parts/hostile.tsx';
import { ProblemNote } from '../parts/problem.tsx';
import { toast } from '../parts/toast.ts';
import { DropPanel } from './drop-panel.tsx';

interface ViewsMenuProps {
  readonly page: SearchPage;
  /** The search that is shown. */
  readonly text: string;
  readonly onChoose: (text: string) => void;
}

/** The searches that a user has saved. */
export function ViewsMenu({ page, text, onChoose }: ViewsMenuProps): VNode {
  return (
    <DropPanel label="Searches of yours" text="Views">
      {(close) => (
        <SavedViews
          page={page}
          text={text}
          onChoose={(chosen) => {
            close();
            onChoose(chosen);
          }}
        />
      )}
    </DropPanel>
  );
}

function SavedViews({ page, text, onChoose }: ViewsMenuProps): VNode {
  const { value, problem, reload } = useLoaded<{ readonly items: readonly SavedViewView[] }>('/views');
  const [refused, setRefused] = useState<ApiProblem>();
  const views = (value?.items ?? []).filter((view) => view.page === page);
  const change = async (method: 'PUT' | 'DELETE', name: string, done: string) => {
    try {
      await send(method, `/views/${encodeURIComponent(name)}`, method === 'PUT' ? { page, search: text } : undefined);
      setRefused(undefined);
      toast(done);
      reload();
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      setRefused(error);
    }
  };
  return (
    <div class="views">
      <ProblemNote problem={refused ?? problem} />
      {value !== undefined && views.length === 0 && (
        <p class="field-hint">You have saved no search of this page yet.</p>
      )}
      <ul class="views-list">
        {views.map((view) => (
          <li key={view.name} class="views-row">
            <Button kind="quiet" class="views-name" onClick={() => onChoose(view.search)}>
              <Hostile text={view.name} />
              <code class="views-search">{view.search === '' ? 'everything' : <Hostile text={view.search} />}</code>
            </Button>
            <Button
              kind="quiet"
              isSmall
              aria-label={`Remove ${view.name}`}
              onClick={() => void change('DELETE', view.name, `${view.name} is removed`)}
            >
              ✕
            </Button>
          </li>
        ))}
      </ul>
      <SaveForm onSave={(name) => void change('PUT', name, `${name} is saved`)} />
    </div>
  );
}

const MAX_NAME_CHARACTERS = 64;

function SaveForm({ onSave }: { readonly onSave: (name: string) => void }): VNode {
  const [name, setName] = useState('');
  const onSubmit = (event: Event) => {
    event.preventDefault();
    if (name.trim() === '') return;
    onSave(name.trim());
    setName('');
  };
  return (
    <form class="views-form" onSubmit={onSubmit}>
      <Field label="Name of this search">
        {(input) => (
          <input
            {...input}
            maxLength={MAX_NAME_CHARACTERS}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      </Field>
      <Button type="submit" disabled={name.trim() === ''}>
        Save
      </Button>
    </form>
  );
}
