import type { HostAxesView } from '../../../../src/services/host-axes.ts';
import { useLoaded } from '../../api/use-loaded.ts';
import { AxesPicture } from '../../charts/axes-picture.tsx';
import { navigate, useRoute, withQuery } from '../../frame/route.ts';
import { Aged } from '../../parts/aged.tsx';
import { Button } from '../../parts/button.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Time } from '../../parts/time.tsx';

/** The queries of a host on ten axes, read from the query log when somebody asks for it. */
export function HostAxes({ address }: { readonly address: string }) {
  const { query } = useRoute();
  const isOpen = query.get('axes') === 'open';
  const path = `/hosts/${encodeURIComponent(address)}/axes`;
  const loaded = useLoaded<HostAxesView>(isOpen && address !== '' ? path : undefined);
  const toggle = () => navigate(withQuery({ axes: isOpen ? undefined : 'open' }), { replace: true });
  return (
    <section class="panel stack">
      <h2>Queries on ten axes</h2>
      <p class="muted">
        Each line is a query: the host's port and address on the left, the server's on the right. One bundle is a host
        with one resolver; a fan is a host that asks many.
      </p>
      <Button class="axes-toggle" onClick={toggle} aria-expanded={isOpen}>
        {isOpen ? 'Close the picture' : 'Draw the picture'}
      </Button>
      {isOpen && <Picture loaded={loaded} address={address} />}
    </section>
  );
}

function Picture({
  loaded,
  address,
}: {
  readonly loaded: ReturnType<typeof useLoaded<HostAxesView>>;
  readonly address: string;
}) {
  const { value, problem } = loaded;
  if (problem?.code === 'no-query-log') {
    return (
      <Empty title="There is no query log">
        <p>
          Set <code>query_log</code> in the configuration, so that gluewall keeps the queries of its hosts
          (docs/query-log.md).
        </p>
      </Empty>
    );
  }
  return (
    <>
      <Aged loaded={loaded} />
      {value === undefined ? (
        problem === undefined && <Skeleton rows={12} />
      ) : value.axes.length === 0 ? (
        <Empty title="The query log has no queries of it">
          <p>
            Nothing of this host is in the log since <Time at={value.since} />.
          </p>
        </Empty>
      ) : (
        value.axes.map((axes) => <AxesPicture key={axes.family} axes={axes} host={address} />)
      )}
    </>
  );
}
