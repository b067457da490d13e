import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { LinkProxy } from '../../chaos/faults/proxy.js';
import { freePorts } from '../../bench/support/ports.js';
import { until } from '../support/system-ports.js';

/** A server that answers every byte with itself. */
class Echo {
  readonly server: Server;
  readonly sockets: Set<Socket> = new Set();
  heard = '';

  constructor() {
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('data', (data: Buffer) => {
        this.heard += data.toString();
        socket.write(data);
      });
    });
  }

  async listen(port: number): Promise<number> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** Resolves at the end of the connection, however it came. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

describe('the proxy of a link', () => {
  let echo: Echo;
  let proxy: LinkProxy;
  let clients: Socket[] = [];

  beforeEach(async () => {
    echo = new Echo();
    const [port] = await freePorts(1);
    proxy = new LinkProxy(port!, await echo.listen(0));
    await proxy.open();
  });

  afterEach(() => {
    for (const client of clients) client.destroy();
    clients = [];
    proxy.close();
    echo.close();
  });

  async function dial(): Promise<Socket> {
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    clients.push(socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  }

  async function answer(socket: Socket): Promise<string> {
    const [data] = (await once(socket, 'data')) as [Buffer];
    return data.toString();
  }

  it('passes bytes in both directions', async () => {
    const socket = await dial();
    socket.write('one');
    assert.equal(await answer(socket), 'one');
    assert.equal(proxy.counters.bytesForwarded, 6);
  });

  it('passes nothing while it is cut, counts what it holds back, and delivers it at the heal', async () => {
    const socket = await dial();
    socket.write('one');
    await answer(socket);
    proxy.cut();
    socket.write('two');
    await until('the bytes are held back', () => proxy.counters.bytesBlocked === 3);
    assert.equal(echo.heard, 'one');
    proxy.heal();
    assert.equal(await answer(socket), 'two');
  });

  it('stays cut until the last of two cuts is undone', async () => {
    const socket = await dial();
    socket.write('one');
    await answer(socket);
    const [undoFirst, undoSecond] = [proxy.cut(), proxy.cut()];
    undoFirst();
    undoFirst();
    socket.write('two');
    await until('the bytes are held back', () => proxy.counters.bytesBlocked === 3);
    undoSecond();
    assert.equal(await answer(socket), 'two');
  });

  it('holds back what comes from behind it, too', async () => {
    const socket = await dial();
    socket.write('one');
    await answer(socket);
    let heard = '';
    socket.on('data', (data: Buffer) => (heard += data.toString()));
    proxy.cut();
    for (const far of echo.sockets) far.write('late');
    await until('the bytes are held back', () => proxy.counters.bytesBlocked === 4);
    assert.equal(heard, '');
    proxy.heal();
    await until('they arrive', () => heard === 'late');
  });

  it('accepts a connection while it is cut, and serves it after the heal', async () => {
    proxy.cut();
    const socket = await dial();
    socket.write('one');
    await until('the bytes are held back', () => proxy.counters.bytesBlocked === 3);
    assert.equal(echo.sockets.size, 0);
    proxy.heal();
    assert.equal(await answer(socket), 'one');
  });

  it('keeps the end of a connection from the other side while it is cut', async () => {
    const socket = await dial();
    socket.write('one');
    await answer(socket);
    let ended = false;
    socket.on('close', () => (ended = true));
    proxy.cut();
    const [far] = echo.sockets;
    far!.destroy();
    await once(far!, 'close');
    // What is sent afterwards is held back like the end before it, which so had its time to arrive.
    socket.write('two');
    await until('the bytes are held back', () => proxy.counters.bytesBlocked === 3);
    assert.equal(ended, false);
    proxy.heal();
    await until('the end arrives', () => ended);
  });

  it('resets what stands, and counts it', async () => {
    const socket = await dial();
    socket.write('one');
    await answer(socket);
    const failed = closed(socket);
    proxy.reset();
    await failed;
    assert.equal(proxy.counters.connectionsReset, 1);
  });

  it('turns new connections away while it refuses, and counts them', async () => {
    proxy.refuse();
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    clients.push(socket);
    socket.on('error', () => undefined);
    await closed(socket);
    assert.equal(proxy.counters.connectionsRefused, 1);
    proxy.heal();
    const again = await dial();
    again.write('one');
    assert.equal(await answer(again), 'one');
  });

  it('refuses as its target does when nobody listens there, and serves again when somebody does', async () => {
    const socket = await dial();
    socket.write('one');
    await answer(socket);
    const { port } = echo.server.address() as AddressInfo;
    const ended = closed(socket);
    echo.close();
    await ended;
    await assert.rejects(
      new Promise((resolve, reject) => {
        const refused = connect({ port: proxy.port, host: '127.0.0.1' });
        refused.once('connect', resolve);
        refused.once('error', reject);
      }),
      { code: 'ECONNREFUSED' },
    );
    echo = new Echo();
    await echo.listen(port);
    let back: Socket | null = null;
    await until('the proxy listens again', () => {
      const attempt = connect({ port: proxy.port, host: '127.0.0.1' });
      clients.push(attempt);
      attempt.on('error', () => undefined);
      attempt.once('connect', () => (back ??= attempt));
      return back !== null;
    });
    back!.write('two');
    assert.equal(await answer(back!), 'two');
  });
});
