import { OP, readTexts } from '../../../lib/wire/zookeeper/index.js';
import type { CutGroup } from '../../support/cut-group.js';
import type { RawSession } from '../../support/raw-session.js';
import { ask, openSession, setRequest, statOf, textAt } from '../../support/zookeeper-client.js';

const TIMEOUT_MS = 20_000;

/** Looks at the tree of one member, after what any member had acknowledged. */
export class Witness {
  private readonly session: RawSession;

  private constructor(session: RawSession) {
    this.session = session;
  }

  static async at(group: CutGroup, id: string): Promise<Witness> {
    const session = await openSession(group.door(id), TIMEOUT_MS);
    await ask(session, { op: OP.sync, path: '/' });
    return new Witness(session);
  }

  /** Null: there is no such node. */
  async data(path: string): Promise<string | null> {
    return (await statOf(this.session, path)) === null ? null : textAt(this.session, path);
  }

  /** The session that owns the node, sixteen hexadecimal digits; null when it is not there. */
  async owner(path: string): Promise<string | null> {
    return (await statOf(this.session, path))?.ephemeralOwner ?? null;
  }

  async children(path: string): Promise<string[]> {
    return readTexts(await ask(this.session, { op: OP.getChildren, path, watch: false }))
      .map((name) => name ?? '')
      .sort();
  }

  async set(path: string, text: string): Promise<void> {
    await ask(this.session, setRequest(path, text));
  }

  close(): void {
    this.session.destroy();
  }
}
