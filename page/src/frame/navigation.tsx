import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { useLive, useNow } from '../api/live.ts';
import { asProblem } from '../api/use-loaded.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Hostile } from '../parts/hostile.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { Link } from '../parts/link.tsx';
import { Ago } from '../parts/time.tsx';
import { toast } from '../parts/toast.ts';
import { useRoute } from './route.ts';
import { may, type Role, signOut, useSession } from './session.ts';

interface Place {
  readonly to: string;
  readonly text: string;
  readonly icon: IconName;
  readonly role?: Role;
}

const PLACES: readonly Place[] = [
  { to: '/', text: 'Overview', icon: 'overview' },
  { to: '/inbox', text: 'Inbox', icon: 'inbox' },
  { to: '/events', text: 'Events', icon: 'events' },
  { to: '/findings', text: 'Findings', icon: 'findings' },
  { to: '/history', text: 'NS history', icon: 'history' },
  { to: '/traceback', text: 'Traceback', icon: 'traceback' },
  { to: '/rules', text: 'Rules', icon: 'rules' },
  { to: '/switches', text: 'Switches', icon: 'switches' },
  { to: '/users', text: 'Users', icon: 'users', role: 'admin' },
  { to: '/changes', text: 'Changes', icon: 'changes', role: 'admin' },
];
/** What the bar at the foot of a narrow page has, besides `More`. */
const ON_BAR = 4;

/** The places of the console: at the left, or in a bar at the foot where the page is narrow. */
export function Navigation({ onHelp }: { readonly onHelp: () => void }): VNode {
  const [hasMore, setHasMore] = useState(false);
  const { path } = useRoute();
  const places = PLACES.filter(({ role }) => role === undefined || may(role));
  const isBehind = !places.slice(0, ON_BAR).some(({ to }) => to === path || path.startsWith(`${to}/`));
  return (
    <>
      <nav class="side" aria-label="Pages">
        <Link to="/" class="brand">
          <img src="/icon.svg" alt="" width="24" height="24" />
          gluewall
        </Link>
        <PlaceList places={places} />
        <Standing onHelp={onHelp} />
      </nav>
      <nav class="bar" aria-label="Pages">
        {places.slice(0, ON_BAR).map((place) => (
          <PlaceLink key={place.to} place={place} />
        ))}
        <button type="button" class="place" aria-current={isBehind} onClick={() => setHasMore(true)}>
          <Icon name="more" />
          More
        </button>
      </nav>
      {hasMore && (
        <Dialog title="Pages" onClose={() => setHasMore(false)}>
          {/* biome-ignore lint/a11y/noStaticElementInteractions: closes behind the links and buttons inside */}
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: those have keys */}
          <div onClick={(event) => event.target instanceof Element && event.target.closest('a') && setHasMore(false)}>
            <PlaceList places={places.slice(ON_BAR)} />
            <Standing onHelp={onHelp} />
          </div>
        </Dialog>
      )}
    </>
  );
}

function PlaceList({ places }: { readonly places: readonly Place[] }): VNode {
  return (
    <ul class="places">
      {places.map((place) => (
        <li key={place.to}>
          <PlaceLink place={place} />
        </li>
      ))}
    </ul>
  );
}

function PlaceLink({ place }: { readonly place: Place }): VNode {
  const now = useNow();
  const open = place.to === '/inbox' && now !== undefined ? now.openHigh + now.openMedium + now.openLow : 0;
  return (
    <Link to={place.to} isPlace class="place">
      <Icon name={place.icon} />
      <span class="place-text">{place.text}</span>
      {open > 0 && (
        <span class="place-count">
          {open > 999 ? '999+' : open}
          <span class="unseen"> open</span>
        </span>
      )}
    </Link>
  );
}

/** Whether the page is live, and who is signed in. */
function Standing({ onHelp }: { readonly onHelp: () => void }): VNode {
  const { user, role } = useSession();
  const onSignOut = () => signOut().catch((error: unknown) => toast(asProblem(error).detail, { kind: 'problem' }));
  return (
    <div class="standing">
      <LiveSign />
      <Link to="/account" isPlace class="standing-user">
        <Hostile text={user} />
        <span class="standing-role">{role}</span>
      </Link>
      <div class="standing-buttons">
        <Button isSmall kind="quiet" onClick={onHelp} shortcut="?">
          Keys
        </Button>
        <Button isSmall kind="quiet" onClick={onSignOut}>
          Sign out
        </Button>
      </div>
    </div>
  );
}

function LiveSign(): VNode {
  const live = useLive();
  return (
    <p class={`live live-${live.state}`} role="status">
      <span class="live-sign" aria-hidden="true" />
      {live.state === 'live' && 'Live'}
      {live.state === 'joining' && 'Connecting'}
      {live.state === 'lost' && (
        <span>
          Lost <Ago at={new Date(live.sinceMs).toISOString()} />
        </span>
      )}
    </p>
  );
}
