import { CopyText } from '../../parts/copy-text.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { remedyCommands } from './remedy-commands.ts';

/** What to do about something, with its commands ready to be copied. `of` says what it is about. */
export function Remedy({ text, of }: { readonly text: string; readonly of: string }) {
  const commands = remedyCommands(text);
  return (
    <>
      {commands[0] !== text && (
        <p class="muted">
          <Hostile text={text} />
        </p>
      )}
      {commands.map((command) => (
        <CopyText key={command} text={command} label={`What to do: ${of}`} />
      ))}
    </>
  );
}
