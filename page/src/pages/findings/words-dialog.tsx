import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiProblem } from '../../api/client.ts';
import { asProblem } from '../../api/use-loaded.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { ProblemNote } from '../../parts/problem.tsx';

interface WordsDialogProps {
  readonly title: string;
  readonly label: string;
  readonly hint?: string;
  readonly action: string;
  readonly maxCharacters: number;
  /** Other fields, above the words. */
  readonly children?: ComponentChildren;
  /** A rejection is shown, and the words stay. */
  readonly onSend: (text: string) => Promise<void>;
  readonly onClose: () => void;
}

/** Asks for words, sends them, and closes once they are taken. */
export function WordsDialog({
  title,
  label,
  hint,
  action,
  maxCharacters,
  children,
  onSend,
  onClose,
}: WordsDialogProps) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<ApiProblem>();
  const [isBusy, setBusy] = useState(false);
  const submit = async () => {
    if (isBusy || text.trim() === '') return;
    setBusy(true);
    try {
      await onSend(text.trim());
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit();
        }}
      >
        {children}
        <Field label={label} hint={hint}>
          {(input) => (
            <textarea
              {...input}
              rows={4}
              required
              maxLength={maxCharacters}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          )}
        </Field>
        <ProblemNote problem={problem} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="main" type="submit" shortcut="Ctrl ↵" disabled={isBusy || text.trim() === ''}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
