import { request as plainRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { HttpDoor, type HttpDoorOptions } from '../../../lib/api/index.js';
import { quiet } from '../../support/quiet.js';
import type { DoorWorld } from '../zookeeper/door-world.js';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** The door for HTTP in front of the member of a world. */
export class HttpWorld {
  private readonly door: HttpDoor;
  private port = 0;

  private constructor(door: HttpDoor) {
    this.door = door;
  }

  static async open(world: DoorWorld, options: Partial<HttpDoorOptions> = {}): Promise<HttpWorld> {
    const { member: replica } = world.process;
    const sources = { replica, zookeeper: world.door.source };
    const place = { host: '127.0.0.1', port: 0, tls: null, logger: quiet };
    const http = new HttpWorld(new HttpDoor({ ...place, ...sources, ...options }));
    http.port = await http.door.start();
    return http;
  }

  close(): Promise<void> {
    return this.door.stop();
  }

  async get(path: string): Promise<Reply> {
    return this.ask('GET', path);
  }

  ask(method: string, path: string, ca?: Buffer): Promise<Reply> {
    const options: RequestOptions = { host: '127.0.0.1', port: this.port, method, path, agent: false };
    return new Promise((resolve, reject) => {
      const request = ca === undefined ? plainRequest(options) : tlsRequest({ ...options, ca });
      request.once('error', reject);
      request.once('response', (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      });
      request.end();
    });
  }

  async command(name: string): Promise<Record<string, unknown>> {
    const { status, headers, text } = await this.get(`/commands/${name}`);
    if (status !== 200 || headers['content-type'] !== 'application/json')
      throw new Error(`${status} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }
}
