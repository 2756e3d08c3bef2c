import { counted } from '../../../../src/core/words.ts';
import type { SwitchView } from '../../../../src/services/switch-list.ts';
import { useLoaded } from '../../api/use-loaded.ts';
import { BudgetMeter } from '../../charts/budget-meter.tsx';
import { searchLink } from '../../charts/time-steps.ts';
import { useShortcuts } from '../../frame/shortcuts.ts';
import { Aged } from '../../parts/aged.tsx';
import { Badge, type BadgeKind } from '../../parts/badge.tsx';
import { ConnectHint } from '../../parts/connect-hint.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { Link } from '../../parts/link.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Ago } from '../../parts/time.tsx';
import { Remedy } from './remedy.tsx';
import './switches-page.css';

const EVERY_MS = 5_000;

/** The switches: whether they are connected and have room, and what is to be done about what is not as it should be. */
export function SwitchesPage() {
  const loaded = useLoaded<{ readonly items: readonly SwitchView[] }>('/switches', undefined, { everyMs: EVERY_MS });
  const switches = loaded.value?.items;
  useShortcuts('everywhere', { r: loaded.reload });
  return (
    <PageFrame title="Switches">
      <Aged loaded={loaded} />
      {switches === undefined ? (
        loaded.problem === undefined && <Skeleton rows={10} />
      ) : switches.length === 0 ? (
        <NoSwitch />
      ) : (
        <ul class="switches">
          {switches.map((one) => (
            <li key={one.datapathId} class="panel stack">
              <Switch one={one} />
            </li>
          ))}
        </ul>
      )}
    </PageFrame>
  );
}

function NoSwitch() {
  return (
    <Empty title="No switch is connected yet">
      <ConnectHint />
      <p>
        Then run <code>gluewall doctor</code> there: it says what else is missing (docs/operations.md).
      </p>
    </Empty>
  );
}

const STATES: Readonly<Record<SwitchView['state'], BadgeKind>> = { 'in step': 'good', coming: 'warning', away: 'bad' };
const CHECK_SIGNS: Readonly<Record<SwitchView['checks'][number]['is'], string>> = {
  good: 'good',
  warning: 'look at this',
  bad: 'put this right',
};

function Switch({ one }: { readonly one: SwitchView }) {
  const { datapathId, address, port, role, state, since, flows, waiting } = one;
  return (
    <>
      <header class="switch-head">
        <h2 class="mono">{datapathId}</h2>
        <Badge kind={STATES[state]} text={state} />
        {since !== null && (
          <span class="muted">
            since <Ago at={since} />
          </span>
        )}
        <Link to={searchLink('events', `switch:${datapathId}`)}>its events</Link>
      </header>
      <dl class="switch-facts">
        <div>
          <dt>Connection</dt>
          <dd class="mono">{address === null ? 'none' : `${address} port ${port}`}</dd>
        </div>
        <div>
          <dt>Role of gluewall</dt>
          <dd>{role}</dd>
        </div>
        <div>
          <dt>Packets that wait for a verdict</dt>
          <dd>{waiting}</dd>
        </div>
      </dl>
      <h3>Flows against their budget</h3>
      <div class="switch-meters">
        <BudgetMeter label="Allow flows" used={flows.allow} budget={flows.allowBudget} />
        <BudgetMeter label="Drop flows" used={flows.drop} budget={flows.dropBudget} />
      </div>
      <Checks checks={one.checks} />
      <Ports ports={one.ports} />
    </>
  );
}

function Checks({ checks }: { readonly checks: SwitchView['checks'] }) {
  if (checks.length === 0) return null;
  const order = ['bad', 'warning', 'good'];
  const sorted = [...checks].sort((one, other) => order.indexOf(one.is) - order.indexOf(other.is));
  return (
    <>
      <h3>Checks</h3>
      <ul class="checks">
        {sorted.map(({ is, what, remedy }) => (
          <li key={what} class="check-line">
            <Badge kind={is} text={CHECK_SIGNS[is]} />
            <div class="check-words">
              <p>
                <Hostile text={what} />
              </p>
              {remedy !== null && <Remedy text={remedy} of={what} />}
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

function Ports({ ports }: { readonly ports: SwitchView['ports'] }) {
  if (ports.length === 0) return <p class="muted">It has told of no ports yet.</p>;
  const outside = ports.filter(({ isOutside }) => isOutside).length;
  return (
    <details class="ports">
      <summary>
        {counted(ports.length, 'port')}, {outside} of them to the outside
      </summary>
      <ul class="port-list">
        {ports.map(({ name, number, isOutside }) => (
          <li key={number} class={isOutside ? 'port port-outside' : 'port'}>
            <span class="muted">{number}</span> <Hostile text={name} /> {isOutside && <strong>outside</strong>}
          </li>
        ))}
      </ul>
    </details>
  );
}
