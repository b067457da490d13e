import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { authority, certificate } from './certificates.js';

/**
 * Three hosts of a page on this machine: each has an address (127.0.0.1, .2, .3), folders of its own for `/etc`
 * and `/var`, and a certificate. Where the system knows only 127.0.0.1 (macOS), they differ by their ports.
 */
export class Hosts {
  readonly dir: string;
  /** Why the three addresses are not used; empty when they are. */
  readonly shortcoming: string;
  private readonly offset: number;

  private constructor(dir: string, shortcoming: string, offset: number) {
    this.dir = dir;
    this.shortcoming = shortcoming;
    this.offset = offset;
  }

  static async prepare(dir: string): Promise<Hosts> {
    const usable = await Promise.all(['127.0.0.2', '127.0.0.3'].map((host) => canListen(host, 0)));
    const shortcoming = usable.every(Boolean) ? '' : 'this system has no 127.0.0.2: one address, other ports';
    for (let attempt = 0; attempt < 50; attempt++) {
      const offset = 10_000 + Math.floor(Math.random() * 40_000);
      const hosts = new Hosts(dir, shortcoming, offset);
      const doors = [1, 2, 3].flatMap((n) => [5050, 5060, 5070, 2181].map((port) => hosts.door(n, port)));
      const free = await Promise.all(doors.map(({ host, port }) => canListen(host, port)));
      if (free.every(Boolean)) return hosts;
    }
    throw new Error('no free range of ports found');
  }

  /** Where port `port` of host `n` is. */
  door(n: number, port: number): { readonly host: string; readonly port: number } {
    return this.shortcoming === ''
      ? { host: `127.0.0.${n}`, port: port + this.offset }
      : { host: '127.0.0.1', port: port + this.offset + 100 * (n - 1) };
  }

  folder(host: string): string {
    return path.join(this.dir, host);
  }

  /** Text of the page as it is on `host`: names, addresses, ports and paths. */
  translate(text: string, host: string): string {
    return text
      .replaceAll(/\b(?:10\.0\.0\.|host)(\d)(?:\.example\.org)?:(\d+)/g, (_, n: string, port: string) => {
        const door = this.door(Number(n), Number(port));
        return `${door.host}:${door.port}`;
      })
      .replaceAll(/\/(etc|var\/lib)\/tepui/g, path.join(this.folder(host), '$1'));
  }

  /** Writes a file of the page where `host` has it. */
  write(host: string, file: string, text: string): string {
    const place = this.translate(file, host);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, text);
    return place;
  }

  /** An authority, a certificate for each host, and for `client` only the authority's own. */
  giveCertificates(): void {
    const own = authority('tepui test authority');
    this.write('client', '/etc/tepui/ca.pem', own.cert.toString());
    for (const n of [1, 2, 3]) {
      const { cert, key } = certificate(`host${n}`, [this.door(n, 5060).host], own, 'tepui test authority');
      this.write(`host${n}`, '/etc/tepui/ca.pem', own.cert.toString());
      this.write(`host${n}`, '/etc/tepui/host.pem', cert.toString());
      this.write(`host${n}`, '/etc/tepui/host.key', key.toString());
    }
  }
}

function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port }, () => server.close(() => resolve(true)));
  });
}
