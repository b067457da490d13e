import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * A path to `target` that can be cut: while it is, connections stay open and nothing passes on them, as when a
 * network drops every packet.
 */
export class TcpPath {
  private readonly server: Server;
  private readonly target: { readonly host: string; readonly port: number };
  private readonly sockets: Set<Socket> = new Set();
  private isCut = false;

  constructor(host: string, port: number) {
    this.target = { host, port };
    this.server = createServer({ pauseOnConnect: true }, (socket) => {
      this.bridge(socket);
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.pause();
  }

  heal(): void {
    this.isCut = false;
    for (const socket of this.sockets) socket.resume();
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private bridge(near: Socket): void {
    const far = connect(this.target);
    for (const [here, there] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(here);
      here.setNoDelay(true);
      here.on('data', (bytes) => there.write(bytes));
      here.on('error', () => {});
      here.on('close', () => {
        this.sockets.delete(here);
        if (!this.isCut) there.destroy();
      });
      if (this.isCut) here.pause();
      else here.resume();
    }
  }
}
