import type { ComponentChildren } from 'preact';
import type { OverviewView } from '../../../../src/services/overview.ts';
import { searchLink } from '../../charts/time-steps.ts';
import { Badge, type BadgeKind } from '../../parts/badge.tsx';
import { Link } from '../../parts/link.tsx';
import { Ago } from '../../parts/time.tsx';

type Now = OverviewView['now'];

/** How things stand, one tile for each thing, which leads to its list. */
export function StateTiles({ now }: { readonly now: Now }) {
  const { openHigh, openMedium, openLow, escalated } = now;
  return (
    <ul class="tiles" aria-label="How things stand">
      <ModeTile now={now} />
      <SwitchesTile count={now.switches} />
      <CaptureTile now={now} />
      <CountTile kind="high" name="Open, high" count={openHigh} search="state:open severity:high">
        look at these first
      </CountTile>
      <CountTile kind="medium" name="Open, medium" count={openMedium} search="state:open severity:medium">
        nothing is known of the server
      </CountTile>
      <CountTile kind="low" name="Open, low" count={openLow} search="state:open severity:low">
        known, but not well enough
      </CountTile>
      <CountTile kind="escalated" name="Escalated" count={escalated} search="state:escalated">
        somebody asked for help
      </CountTile>
    </ul>
  );
}

function ModeTile({ now: { mode, warmupEnds, enforced } }: { readonly now: Now }) {
  const search = enforced ? 'verdict:blocked' : 'verdict:"would block"';
  return (
    <Tile
      name="Mode"
      to={searchLink('events', search)}
      value={<Badge kind={enforced ? 'good' : 'warning'} text={warmupEnds === null ? mode : 'warm-up'} />}
    >
      {warmupEnds !== null ? (
        <>
          enforces <Ago at={warmupEnds} />
        </>
      ) : enforced ? (
        'what is unknown is blocked'
      ) : (
        'verdicts are only told'
      )}
    </Tile>
  );
}

function SwitchesTile({ count }: { readonly count: number }) {
  return (
    <Tile name="Switches" to="/switches" value={<Badge kind={count > 0 ? 'good' : 'bad'} text={String(count)} />}>
      {count > 0 ? 'connected' : 'none: connect one'}
    </Tile>
  );
}

const CAPTURES: Readonly<Record<Now['capture'], { kind: BadgeKind; words: string }>> = {
  on: { kind: 'good', words: 'responses are learned' },
  off: { kind: 'neutral', words: 'no capture is configured' },
  lost: { kind: 'bad', words: 'responses are not seen' },
};

function CaptureTile({ now: { capture, learnsNothing } }: { readonly now: Now }) {
  const { kind, words } = CAPTURES[capture];
  return (
    <Tile name="Capture" to="/history" value={<Badge kind={learnsNothing ? 'bad' : kind} text={capture} />}>
      {learnsNothing ? 'nothing has been learned of late' : words}
    </Tile>
  );
}

interface CountTileProps {
  readonly kind: BadgeKind;
  readonly name: string;
  readonly count: number;
  readonly search: string;
  /** What they are, where there are any. */
  readonly children: string;
}

function CountTile({ kind, name, count, search, children }: CountTileProps) {
  return (
    <Tile
      name={name}
      to={searchLink('inbox', search)}
      value={<Badge kind={count === 0 ? 'neutral' : kind} text={count.toLocaleString('en')} />}
    >
      {count === 0 ? 'nothing to do' : children}
    </Tile>
  );
}

interface TileProps {
  readonly name: string;
  readonly to: string;
  readonly value: ComponentChildren;
  readonly children: ComponentChildren;
}

function Tile({ name, to, value, children }: TileProps) {
  return (
    <li class="tile">
      <Link to={to} class="tile-link">
        <span class="tile-name">{name}</span>
        <span class="tile-value">{value}</span>
        <span class="tile-words">{children}</span>
      </Link>
    </li>
  );
}
