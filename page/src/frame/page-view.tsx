import type { VNode } from 'preact';
import { useEffect, useErrorBoundary, useState } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { Empty } from '../parts/empty.tsx';
import { PageFrame } from '../parts/page-frame.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import type { Page } from './pages.ts';

interface PageViewProps {
  readonly load: () => Promise<Page>;
  readonly id: string;
}

interface Fetched {
  readonly by: () => Promise<Page>;
  /** Undefined when it could not be fetched. */
  readonly page: Page | undefined;
}

/** A page once it is fetched. A fault in one leaves the frame standing. */
export function PageView({ load, id }: PageViewProps): VNode {
  const [fetched, setFetched] = useState<Fetched>();
  const [fault] = useErrorBoundary();
  useEffect(() => {
    let isWanted = true;
    load().then(
      (page) => isWanted && setFetched({ by: load, page }),
      () => isWanted && setFetched({ by: load, page: undefined }),
    );
    return () => {
      isWanted = false;
    };
  }, [load]);
  if (fault !== undefined || (fetched?.by === load && fetched.page === undefined)) return <Fault />;
  if (fetched?.by !== load || fetched.page === undefined) return <Skeleton rows={12} />;
  const Shown = fetched.page;
  return <Shown id={id} />;
}

function Fault(): VNode {
  return (
    <PageFrame title="This page has a fault">
      <Empty title="It cannot be shown">
        <p>Perhaps gluewall was updated while the page was open: load it again.</p>
        <Button kind="main" onClick={() => window.location.reload()}>
          Load again
        </Button>
      </Empty>
    </PageFrame>
  );
}
