import type { VNode } from 'preact';
import { fieldsOf, type SearchPage } from '../../../src/inbox/search-fields.ts';
import { Dialog } from '../parts/dialog.tsx';

const EXAMPLES: Readonly<Record<SearchPage, readonly (readonly [string, string])[]>> = {
  inbox: [
    ['severity:high since:24h', 'the worst of the last day'],
    ['client:10.0.0.0/8 -type:A,AAAA', 'of a network, for anything but addresses'],
    ['name:*.example.org state:acknowledged', 'what lies below a name and was looked after'],
    ['verdict:"would block" printer', 'what monitor mode let pass, with a word in name, client or message'],
  ],
  events: [
    ['verdict:blocked since:1h', 'what was dropped in the last hour'],
    ['client:printer* rd:yes', 'of clients by their names, with recursion desired'],
    ['destination:198.51.100.0/24 protocol:tcp', 'to a network, over TCP'],
    ['name:none', 'queries whose name could not be read'],
  ],
};

/** The search language on one screen. */
export function SearchHelp({ page, onClose }: { readonly page: SearchPage; readonly onClose: () => void }): VNode {
  return (
    <Dialog title="How to search" onClose={onClose} isWide>
      <p>
        All words must hold. A comma is “any of”, <code>-</code> in front is “not”, quotes keep blanks. A word without a
        field is looked for in names, clients and messages.
      </p>
      <h3 class="search-help-title">Examples</h3>
      <dl class="search-help-examples">
        {EXAMPLES[page].map(([text, about]) => (
          <div key={text}>
            <dt>
              <code>{text}</code>
            </dt>
            <dd>{about}</dd>
          </div>
        ))}
      </dl>
      <h3 class="search-help-title">Fields</h3>
      <div class="table-frame">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">What it looks at</th>
              <th scope="col">Values</th>
            </tr>
          </thead>
          <tbody>
            {fieldsOf(page).map(({ name, about, examples, values }) => (
              <tr key={name}>
                <th scope="row">
                  <code>{name}:</code>
                </th>
                <td>{about}</td>
                <td>
                  {(values === undefined ? examples : Object.keys(values)).map((value) => (
                    <code key={value} class="search-help-value">
                      {value}
                    </code>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Dialog>
  );
}
