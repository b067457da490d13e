import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { Logger } from '../../base/index.js';
import type { TlsMaterial } from '../../wire/index.js';
import { pageAt, type HttpSource, type Page } from './routes.js';

export interface HttpDoorOptions extends HttpSource {
  readonly host: string;
  readonly port: number;
  /** Null: without TLS. */
  readonly tls: TlsMaterial | null;
  readonly logger: Logger;
}

const LIMITS = {
  /** Beyond it connections are closed: people and scrapers are few. */
  connections: 256,
  headersMs: 5_000,
  requestMs: 10_000,
  idleMs: 5_000,
} as const;

const NOT_FOUND: Page = { status: 404, type: 'text/plain; charset=utf-8', body: 'there is no such page\n' };
const NOT_ALLOWED: Page = { status: 405, type: 'text/plain; charset=utf-8', body: 'only GET and HEAD\n' };
const BROKEN: Page = { status: 500, type: 'text/plain; charset=utf-8', body: 'see the log of this member\n' };

/** The door for people, scrapers and load balancers: it shows, and changes nothing but counters. */
export class HttpDoor {
  private readonly options: HttpDoorOptions;
  private readonly server: Server;

  constructor(options: HttpDoorOptions) {
    this.options = options;
    const { tls } = options;
    const answer = (request: IncomingMessage, response: ServerResponse): void =>
      this.answer(request, response);
    this.server =
      tls === null ? createServer(answer) : createTlsServer({ cert: tls.cert, key: tls.key }, answer);
    this.server.maxConnections = LIMITS.connections;
    this.server.headersTimeout = LIMITS.headersMs;
    this.server.requestTimeout = LIMITS.requestMs;
    this.server.keepAliveTimeout = LIMITS.idleMs;
  }

  /** Resolves with the port. */
  async start(): Promise<number> {
    const { host, port } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => resolve());
    });
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** Shows connections that come from now on another certificate. */
  renew({ cert, key }: TlsMaterial): void {
    if (this.server instanceof TlsServer) this.server.setSecureContext({ cert, key });
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }

  private answer({ method, url }: IncomingMessage, response: ServerResponse): void {
    const page = this.page(method ?? '', (url ?? '').replace(/\?.*$/, ''));
    const body = Buffer.from(page.body);
    response.writeHead(page.status, {
      'content-type': page.type,
      'content-length': body.length,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    response.end(method === 'HEAD' ? undefined : body);
  }

  private page(method: string, path: string): Page {
    if (method !== 'GET' && method !== 'HEAD') return NOT_ALLOWED;
    try {
      return pageAt(path, this.options) ?? NOT_FOUND;
    } catch (error) {
      // Whoever only looks must not be able to end a master.
      this.options.logger.error({ error, path }, 'a page could not be made');
      return BROKEN;
    }
  }
}
