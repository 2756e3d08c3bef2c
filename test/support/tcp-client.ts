/** A TCP client of the kernel that sends what a test says, in the pieces it says. */

/**
 * Arguments: the server, seconds to wait for it, options, then pieces in hexadecimal, each with the milliseconds to wait
 * behind it. Prints what the server answered first, in hexadecimal, or why it did not.
 */
const CLIENT = `
import socket, sys, time
server, seconds, options, *pieces = sys.argv[1:]
sock = socket.socket(socket.AF_INET6 if ':' in server else socket.AF_INET, socket.SOCK_STREAM)
sock.settimeout(float(seconds))
options = options.split(',')
try:
    if 'nodelay' in options: sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if 'fastopen' not in options: sock.connect((server, 53))
    for index, piece in enumerate(pieces):
        text, pause = piece.split('/')
        if index == 0 and 'fastopen' in options: sock.sendto(bytes.fromhex(text), socket.MSG_FASTOPEN, (server, 53))
        else: sock.send(bytes.fromhex(text))
        if pause != '0': time.sleep(int(pause) / 1000)
    if 'end' in options: sock.shutdown(socket.SHUT_WR)
    print(sock.recv(65535).hex() or 'end')
except ConnectionRefusedError: print('refused')
except ConnectionResetError: print('reset')
except BrokenPipeError: print('reset')
except TimeoutError: print('silence')
`;

/** How the client sends. `pieces`: octets, and milliseconds to wait behind them. */
export interface TcpExchange {
  readonly server: string;
  readonly pieces: readonly (readonly [Buffer, number])[];
  readonly options?: readonly ('nodelay' | 'fastopen' | 'end')[];
  readonly seconds?: number;
}

/** The command; it prints a message with its length before it, in hexadecimal, or `reset`, `refused`, `silence`, `end`. */
export function tcpClientCommand({ server, pieces, options = [], seconds = 8 }: TcpExchange): string[] {
  const sent = pieces.map(([octets, pauseMs]) => `${octets.toString('hex')}/${pauseMs}`);
  return ['/usr/bin/python3', '-c', CLIENT, server, String(seconds), options.join(','), ...sent];
}

/** The pieces of a stream that is sent octet by octet. */
export function octetByOctet(stream: Buffer, pauseMs: number): TcpExchange['pieces'] {
  return [...stream].map((octet) => [Buffer.from([octet]), pauseMs]);
}
