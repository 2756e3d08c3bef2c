import type { VNode } from 'preact';
import { Dialog } from '../parts/dialog.tsx';
import { changeSettings, useSettings } from './settings.ts';
import { activeScopes, SHORTCUTS, type ShortcutScope } from './shortcuts.ts';

const TITLES: Readonly<Record<ShortcutScope, string>> = {
  everywhere: 'Everywhere',
  inbox: 'Inbox',
  event: 'Event',
  findings: 'Findings',
};

/** All keys, those of the present page first, and the way to turn them off. */
export function HelpDialog({ onClose }: { readonly onClose: () => void }): VNode {
  const { hasKeys } = useSettings();
  const active = activeScopes();
  const scopes = (Object.keys(TITLES) as ShortcutScope[]).sort((a, b) => rank(a, active) - rank(b, active));
  return (
    <Dialog title="Keys" onClose={onClose} isWide>
      <div class="keys">
        {scopes.map((scope) => (
          <section key={scope} class="keys-scope">
            <h3 class="keys-title">{TITLES[scope]}</h3>
            <dl class="keys-list">
              {SHORTCUTS.filter((shortcut) => shortcut.scope === scope).map(({ keys, about }) => (
                <div key={keys} class="keys-row">
                  <dt>
                    {keys.split(' ').map((key) => (
                      <kbd key={key}>{key === 'X' ? 'Shift x' : key}</kbd>
                    ))}
                  </dt>
                  <dd>{about}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={hasKeys}
          onChange={(event) => changeSettings({ hasKeys: event.currentTarget.checked })}
        />
        Keys without Ctrl, Alt or Meta do what is listed here
      </label>
    </Dialog>
  );
}

/** Those of the page, then those of all pages, then the others. */
function rank(scope: ShortcutScope, active: ReadonlySet<ShortcutScope>): number {
  if (scope === 'everywhere') return 1;
  return active.has(scope) ? 0 : 2;
}
