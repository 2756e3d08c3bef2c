/** Plays the capture process for LiveCapture's tests; the first interface of the order says what to do. */
/** @param {object} message */
const send = (message) => process.send?.(message);

process.on('disconnect', () => process.exit(0));
process.once('message', (message) => {
  const order = /** @type {{ interfaces: string[] }} */ (message);
  const [part] = order.interfaces;
  if (part === 'fail') {
    process.stderr.write('no pcap here', () => process.exit(1));
    return;
  }
  if (part === 'stubborn') process.on('SIGTERM', () => {});
  send({ kind: 'error', interface: part, reason: 'it is away', remedy: 'bring it back' });
  send({ kind: 'ready' });
  const exchange = {
    atMs: 5000,
    transport: 'udp',
    client: 1,
    clientPort: 2,
    server: '\xff'.repeat(16),
    serverPort: 53,
    id: 7,
  };
  const question = { name: '\x01\xe4\0', type: 1, class: 1 };
  send({ kind: 'observations', observations: [{ ...exchange, kind: 'query', question }] });
  send({
    kind: 'statistics',
    openInterfaces: [part],
    receivedByKernel: 3,
    droppedByKernel: 2,
    droppedByBackpressure: 1,
    counters: { frames: 3, order: JSON.stringify(order).length },
  });
  if (part === 'once') setTimeout(() => process.exit(1), 20);
});
