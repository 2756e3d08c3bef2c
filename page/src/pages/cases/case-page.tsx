import { useState } from 'preact/hooks';
import type { Case } from '../../../../src/traceback/cases/case.ts';
import { consoleNowMs, get, send } from '../../api/client.ts';
import { asProblem, useLoaded } from '../../api/use-loaded.ts';
import type { PageProps } from '../../frame/pages.ts';
import { may } from '../../frame/session.ts';
import { useShortcuts } from '../../frame/shortcuts.ts';
import { Aged } from '../../parts/aged.tsx';
import { Button } from '../../parts/button.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { toast } from '../../parts/toast.ts';
import { WordsDialog } from '../findings/words-dialog.tsx';
import { CaseReport } from './case-report.tsx';
import { type ArchivedFile, composeTar } from './tar.ts';
import './cases-page.css';

const EVERY_MS = 3_000;
const MAX_REASON = 500;
/** Characters of an id that tell a case from others. */
const SHORT_ID = 8;

/** A case as a report that can be printed, and handed on as signed evidence. */
export function CasePage({ id }: PageProps) {
  const [isAtWork, setAtWork] = useState(true);
  const path = `/cases/${encodeURIComponent(id)}`;
  const loaded = useLoaded<Case>(path, undefined, isAtWork ? { everyMs: EVERY_MS } : {});
  const [isClosing, setClosing] = useState(false);
  const one = loaded.value;
  const hasEnded = one?.outcome !== undefined;
  if (hasEnded === isAtWork) setAtWork(!hasEnded);
  useShortcuts('everywhere', { r: loaded.reload });
  const close = async (reason: string) => {
    await send<Case>('POST', `${path}/close`, { reason });
    toast(`Closed case ${id.slice(0, SHORT_ID)}`);
    loaded.reload();
  };
  return (
    <PageFrame
      title={one === undefined ? `Case ${id.slice(0, SHORT_ID)}` : `Traceback of ${one.question.name}`}
      actions={
        hasEnded && (
          <>
            <Button onClick={() => window.print()}>Print the report</Button>
            {may('analyst') && <Button onClick={() => void download(path, id)}>Download the evidence</Button>}
            {may('analyst') && one?.state === 'open' && <Button onClick={() => setClosing(true)}>Close</Button>}
          </>
        )
      }
    >
      <Aged loaded={loaded} />
      {one === undefined ? loaded.problem === undefined && <Skeleton rows={14} /> : <CaseReport one={one} />}
      {isClosing && (
        <WordsDialog
          title="Close the case"
          label="What became of it"
          hint="Such as: 192.0.2.66 was cleaned, ticket 4711. The case stays to be shown."
          action="Close the case"
          maxCharacters={MAX_REASON}
          onSend={close}
          onClose={() => setClosing(false)}
        />
      )}
    </PageFrame>
  );
}

/** Saves the signed bundle as one archive. */
async function download(path: string, id: string): Promise<void> {
  try {
    const { files } = await get<{ readonly files: readonly ArchivedFile[] }>(`${path}/evidence`);
    const folder = `gluewall-evidence-${id.slice(0, SHORT_ID)}`;
    const archive = new Blob([composeTar(folder, files, consoleNowMs())], { type: 'application/x-tar' });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(archive);
    link.download = `${folder}.tar`;
    link.click();
    URL.revokeObjectURL(link.href);
    toast('The evidence is signed: `gluewall traceback verify` checks it.');
  } catch (error) {
    toast(asProblem(error).detail, { kind: 'problem' });
  }
}
