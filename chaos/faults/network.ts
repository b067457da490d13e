import { LinkProxy } from './proxy.js';

export interface Link {
  readonly from: string;
  readonly to: string;
}

/** The proxies between masters: one for each ordered pair. */
export class Network {
  readonly members: readonly string[];
  private readonly proxies: ReadonlyMap<string, LinkProxy>;

  /** `ports` gives for each link the port that its dialler is told, `targets` where each member listens. */
  constructor(members: readonly string[], ports: readonly number[], targets: ReadonlyMap<string, number>) {
    this.members = members;
    const links = linksAmong(members);
    this.proxies = new Map(
      links.map((link, i) => [nameOf(link), new LinkProxy(ports[i]!, targets.get(link.to)!)]),
    );
  }

  async open(): Promise<void> {
    await Promise.all([...this.proxies.values()].map((proxy) => proxy.open()));
  }

  close(): void {
    for (const proxy of this.proxies.values()) proxy.close();
  }

  link(link: Link): LinkProxy {
    return this.proxies.get(nameOf(link))!;
  }

  /** What the others hear of `id`. */
  linksFrom(id: string): Link[] {
    return linksAmong(this.members).filter(({ from }) => from === id);
  }

  /** What `id` hears of the others. */
  linksTo(id: string): Link[] {
    return linksAmong(this.members).filter(({ to }) => to === id);
  }

  healAll(): void {
    for (const proxy of this.proxies.values()) proxy.heal();
  }
}

export function linksAmong(members: readonly string[]): Link[] {
  return members.flatMap((from) => members.filter((to) => to !== from).map((to) => ({ from, to })));
}

function nameOf({ from, to }: Link): string {
  return `${from}→${to}`;
}
