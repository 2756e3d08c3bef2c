import type { VNode } from 'preact';
import type { EntryDetail } from '../../../src/services/inbox-view.ts';
import { WordsDialog } from '../pages/findings/words-dialog.tsx';
import { toast } from '../parts/toast.ts';
import { comment } from './entry-actions.ts';

/** The console takes no longer ones. */
const MAX_CHARACTERS = 2_000;

interface CommentDialogProps {
  readonly id: number;
  readonly onDone: (entry: EntryDetail) => void;
  readonly onClose: () => void;
}

/** A comment for one entry. It cannot be taken back. */
export function CommentDialog({ id, onDone, onClose }: CommentDialogProps): VNode {
  const onSend = async (text: string) => {
    onDone(await comment(id, text));
    toast('The comment is kept.');
  };
  return (
    <WordsDialog
      title="Comment"
      label="What others should know"
      hint="Everybody here reads it; it stays."
      action="Comment"
      maxCharacters={MAX_CHARACTERS}
      onSend={onSend}
      onClose={onClose}
    />
  );
}
