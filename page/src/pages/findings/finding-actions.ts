/** What people do about findings, with the way back where there is one. */
import type { ClosedAs, FindingState } from '../../../../src/findings/finding.ts';
import type { FindingChangeView } from '../../../../src/services/finding-services.ts';
import type { FindingView } from '../../../../src/services/finding-view.ts';
import { send } from '../../api/client.ts';
import { asProblem } from '../../api/use-loaded.ts';
import { toast } from '../../parts/toast.ts';

type Move = 'acknowledge' | 'escalate' | 'reopen';
/** What must be known of a finding to move it, and to move it back. */
export type MovedFinding = Pick<FindingView, 'id' | 'state'>;

const DONE: Readonly<Record<Move, string>> = {
  acknowledge: 'Acknowledged',
  escalate: 'Escalated',
  reopen: 'Opened again',
};
/** What leads back to the state that was; a new finding that was looked at is not new any more. */
const BACK: Readonly<Record<FindingState, Move | undefined>> = {
  new: undefined,
  acknowledged: 'acknowledge',
  escalated: 'escalate',
  closed: undefined,
};

/** Moves it, and says so; a refusal is told, too. Calls `onDone` afterwards, and again when it is taken back. */
export async function moveFinding({ id, state }: MovedFinding, move: Move, onDone: () => void): Promise<void> {
  const back = BACK[state];
  const undo = async () => {
    if (back !== undefined) await ask(id, back);
    onDone();
  };
  try {
    await ask(id, move);
    toast(`${DONE[move]} ${id}`, back === undefined ? {} : { undo });
  } catch (error) {
    toast(asProblem(error).detail, { kind: 'problem' });
  }
  onDone();
}

/** Rejects with ApiProblem. */
export async function closeFinding(id: string, as: ClosedAs, reason: string, onDone: () => void): Promise<void> {
  await send<FindingChangeView>('POST', `${pathOf(id)}/close`, { as, reason });
  toast(`Closed ${id} as ${as}`, {
    undo: async () => {
      await ask(id, 'reopen');
      onDone();
    },
  });
  onDone();
}

/** Rejects with ApiProblem. */
export async function commentFinding(id: string, text: string): Promise<void> {
  await send<FindingChangeView>('POST', `${pathOf(id)}/comments`, { text });
}

function ask(id: string, move: Move): Promise<FindingChangeView> {
  return send('POST', `${pathOf(id)}/${move}`, {});
}

function pathOf(id: string): string {
  return `/findings/${encodeURIComponent(id)}`;
}
