import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { HelpDialog } from './frame/help-dialog.tsx';
import { Navigation } from './frame/navigation.tsx';
import { PageView } from './frame/page-view.tsx';
import { findPage, loadSetUp, loadSignIn } from './frame/pages.ts';
import { navigate, useRoute } from './frame/route.ts';
import { loadSession, useAccess } from './frame/session.ts';
import { useShortcuts } from './frame/shortcuts.ts';
import { Empty } from './parts/empty.tsx';
import { Link } from './parts/link.tsx';
import { PageFrame } from './parts/page-frame.tsx';
import { ProblemNote } from './parts/problem.tsx';
import { Skeleton } from './parts/skeleton.tsx';
import { ToastList } from './parts/toast-list.tsx';

/** The whole page: a sign-in for strangers, else the frame with the page that the path names. */
export function App(): VNode {
  const access = useAccess();
  const { path } = useRoute();
  useEffect(() => void loadSession(), []);
  switch (access.state) {
    case 'asking':
      return <Skeleton rows={12} />;
    case 'unknown':
      return (
        <main class="alone">
          <ProblemNote problem={access.problem} onRetry={() => void loadSession()} />
        </main>
      );
    case 'signed-out':
      return (
        <main class="alone">
          <PageView load={path === '/set-up' ? loadSetUp : loadSignIn} id="" />
          <ToastList />
        </main>
      );
    case 'signed-in':
      return <Frame />;
  }
}

function Frame(): VNode {
  const [hasHelp, setHasHelp] = useState(false);
  const { path } = useRoute();
  const isSignIn = path === '/sign-in' || path === '/set-up';
  useEffect(() => {
    if (isSignIn) navigate('/', { replace: true });
  }, [isSignIn]);
  useShortcuts('everywhere', {
    '?': () => setHasHelp(true),
    'g o': () => navigate('/'),
    'g i': () => navigate('/inbox'),
    'g e': () => navigate('/events'),
    'g f': () => navigate('/findings'),
    'g h': () => navigate('/history'),
    'g t': () => navigate('/traceback'),
    'g r': () => navigate('/rules'),
    'g s': () => navigate('/switches'),
  });
  const found = findPage(path);
  return (
    <div class="frame">
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <Navigation onHelp={() => setHasHelp(true)} />
      <main id="content" class="content" tabIndex={-1}>
        {found === undefined ? <Nowhere path={path} /> : <PageView key={found.load} load={found.load} id={found.id} />}
      </main>
      <ToastList />
      {hasHelp && <HelpDialog onClose={() => setHasHelp(false)} />}
    </div>
  );
}

function Nowhere({ path }: { readonly path: string }): VNode {
  return (
    <PageFrame title="There is no such page">
      <Empty title={`Nothing is at ${path}`}>
        <p>
          Go to the <Link to="/">overview</Link> or the <Link to="/inbox">inbox</Link>.
        </p>
      </Empty>
    </PageFrame>
  );
}
