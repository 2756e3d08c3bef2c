import type { VNode } from 'preact';
import { TraceForm } from '../pages/cases/trace-form.tsx';
import { Dialog } from '../parts/dialog.tsx';

interface TraceDialogProps {
  readonly name: string | null;
  /** When the query was seen. */
  readonly at: string;
  readonly source: string;
  readonly onClose: () => void;
}

/** Asks the traceback nodes who asked for a name. */
export function TraceDialog({ name, at, source, onClose }: TraceDialogProps): VNode {
  return (
    <Dialog title="Trace who asked for the name" onClose={onClose} isWide>
      <TraceForm name={name ?? undefined} at={at} source={source} />
    </Dialog>
  );
}
