import type { VNode } from 'preact';
import { useLoaded } from '../api/use-loaded.ts';
import { CopyText } from './copy-text.tsx';

const SOMEWHERE = [
  'ovs-vsctl set bridge BRIDGE protocols=OpenFlow13',
  'set-fail-mode BRIDGE secure',
  'set-controller BRIDGE tcp:ADDRESS-OF-GLUEWALL:6653',
].join(' -- ');

/** How to connect the first switch: a command to be pasted on its machine, and what it does. */
export function ConnectHint(): VNode {
  const { value } = useLoaded<{ readonly connect?: string }>('/status');
  return (
    <>
      <p>Put a bridge of Open vSwitch under control, on its machine:</p>
      <CopyText text={value?.connect ?? SOMEWHERE} label="Command that connects a bridge" />
      <p>BRIDGE is its name. Its flows are removed, and traffic stops until gluewall has set its own.</p>
    </>
  );
}
