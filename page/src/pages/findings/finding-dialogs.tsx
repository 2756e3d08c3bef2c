import { useState } from 'preact/hooks';
import type { ClosedAs } from '../../../../src/findings/finding.ts';
import { toast } from '../../parts/toast.ts';
import { closeFinding, commentFinding } from './finding-actions.ts';
import { CLOSED_WORDS, CLOSINGS } from './finding-words.tsx';
import { WordsDialog } from './words-dialog.tsx';

interface FindingDialogProps {
  readonly id: string;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

const MAX_COMMENT = 2000;
const MAX_REASON = 500;

/** A comment for one finding; it cannot be taken back. */
export function CommentFindingDialog({ id, onDone, onClose }: FindingDialogProps) {
  const send = async (text: string) => {
    await commentFinding(id, text);
    toast(`Commented on ${id}`);
    onDone();
  };
  return (
    <WordsDialog
      title={`Comment on ${id}`}
      label="Comment"
      action="Comment"
      maxCharacters={MAX_COMMENT}
      onSend={send}
      onClose={onClose}
    />
  );
}

/** Closing says as what, and why: that is what later findings of the same are read against. */
export function CloseFindingDialog({ id, onDone, onClose }: FindingDialogProps) {
  const [as, setAs] = useState<ClosedAs>('resolved');
  return (
    <WordsDialog
      title={`Close ${id}`}
      label="Why"
      hint="What was found out, what was done"
      action="Close the finding"
      maxCharacters={MAX_REASON}
      onSend={(reason) => closeFinding(id, as, reason, onDone)}
      onClose={onClose}
    >
      <fieldset class="closings">
        <legend>As what</legend>
        {CLOSINGS.map((one) => (
          <label key={one} class="check">
            <input type="radio" name="as" checked={as === one} onChange={() => setAs(one)} />
            {CLOSED_WORDS[one]}
          </label>
        ))}
      </fieldset>
    </WordsDialog>
  );
}
