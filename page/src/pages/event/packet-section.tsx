import type { VNode } from 'preact';
import type { DecodedMessage } from '../../../../src/services/decode-message.ts';
import type { EventView } from '../../../../src/services/event-services.ts';
import { apiPath } from '../../api/client.ts';
import { Hostile } from '../../parts/hostile.tsx';
import { Table } from '../../parts/table.tsx';
import { hexLines } from './hex-lines.ts';

/** The packet as it came in: decoded, octet by octet, and as a capture file. */
export function PacketSection({ event }: { readonly event: EventView }): VNode {
  const { packet, id, verdict } = event;
  return (
    <section class="panel stack" aria-labelledby="packet-title">
      <div class="row event-packet-head">
        <h2 id="packet-title">The query as it came in</h2>
        {packet !== null && (
          <a class="button button-plain button-small" href={apiPath(`/events/${id}/packet`)} download>
            Download pcap
          </a>
        )}
      </div>
      {packet === null ? (
        <p class="muted">
          {verdict === 'allow' ? 'Packets of allowed queries are not kept.' : 'The packet is not kept any more.'}
        </p>
      ) : (
        <>
          {packet.message === null ? <p>It holds no DNS message.</p> : <Message message={packet.message} />}
          <details>
            <summary>{packet.length} octets</summary>
            <Hex hex={packet.hex} />
          </details>
        </>
      )}
    </section>
  );
}

function Message({ message }: { readonly message: DecodedMessage }): VNode {
  const { id, opcode, flags, questions, records, problem } = message;
  return (
    <>
      <p>
        ID <span class="mono">{id}</span>, opcode {opcode}, flags <span class="mono">{flags.join(' ') || 'none'}</span>
      </p>
      <Table
        caption="Questions and records"
        columns={[{ name: 'Section' }, { name: 'Name' }, { name: 'Type' }, { name: 'Class or TTL' }, { name: 'Data' }]}
      >
        {questions.map((question, index) => (
          <tr key={`question ${index}`}>
            <td>question</td>
            <td class="packet-name">
              <Hostile text={question.name} />
            </td>
            <td class="mono">{question.type}</td>
            <td class="mono">{question.class}</td>
            <td />
          </tr>
        ))}
        {records.map((record, index) => (
          <tr key={`record ${index}`}>
            <td>{record.section}</td>
            <td class="packet-name">
              <Hostile text={record.name} />
            </td>
            <td class="mono">{record.type}</td>
            <td class="mono">{record.type === 'OPT' ? '' : `${record.ttl} s`}</td>
            <td class="mono">
              <Hostile text={record.data} />
            </td>
          </tr>
        ))}
      </Table>
      {problem !== null && (
        <p class="field-problem">
          <Hostile text={problem} />
        </p>
      )}
    </>
  );
}

function Hex({ hex }: { readonly hex: string }): VNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reached by keys
    <section class="hex" tabIndex={0} aria-label="Octets of the packet">
      <pre>
        {hexLines(hex)
          .map(({ offset, octets, text }) => `${offset}  ${octets.padEnd(47)}  ${text}`)
          .join('\n')}
      </pre>
    </section>
  );
}
