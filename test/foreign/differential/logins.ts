import { createHash } from 'node:crypto';
import { below, chance, pick, type Random } from '../../../lib/base/index.js';
import { readDirectives } from '../../../lib/coordination/auth/directives.js';

/** Whom both systems know. */
export const SASL_USERS: ReadonlyMap<string, string> = new Map([
  ['alice', 'wonderland'],
  ['bob', 'builder'],
]);

/** How a client tries to log in with SASL. */
export interface Login {
  readonly user: string;
  readonly password: string;
  /** What is wrong with the token that answers the challenge. */
  readonly flaw: 'none' | 'not directives' | 'another nonce' | 'used nonce' | 'no challenge';
}

const FLAWS = ['not directives', 'another nonce', 'used nonce', 'no challenge'] as const;

/** Nobody acts for somebody else: to ZooKeeper everybody may. */
export function drawLogin(random: Random): Login {
  const user = pick(random, ['alice', 'bob', 'nobody']);
  const password = chance(random, 0.8) ? (SASL_USERS.get(user) ?? '') : 'wrong';
  return { user, password, flaw: chance(random, 0.7) ? 'none' : FLAWS[below(random, FLAWS.length)]! };
}

/** The client's side of one exchange (RFC 2831). */
export class LoginAttempt {
  private readonly login: Login;
  private sent = { secret: '', nonce: '', uri: '' };

  constructor(login: Login) {
    this.login = login;
  }

  first(): Uint8Array {
    return Buffer.from(this.login.flaw === 'no challenge' ? this.response('nonce="none"') : '');
  }

  /** Answers a challenge. */
  response(challenge: string): string {
    const { user, password, flaw } = this.login;
    const asked = readDirectives(challenge);
    const realm = asked.get('realm') ?? '';
    const nonce = flaw === 'another nonce' ? 'other' : (asked.get('nonce') ?? '');
    const nc = flaw === 'used nonce' ? '00000002' : '00000001';
    const [cnonce, uri] = ['cnonce', 'zookeeper/zk-sasl-md5'];
    const inner = createHash('md5').update(`${user}:${realm}:${password}`).digest();
    const secret = createHash('md5').update(inner).update(`:${nonce}:${cnonce}`).digest('hex');
    this.sent = { secret, nonce: `${nonce}:${nc}:${cnonce}`, uri };
    if (flaw === 'not directives') return 'username="';
    const response = this.proof('AUTHENTICATE');
    return (
      `charset=utf-8,username="${user}",realm="${realm}",nonce="${nonce}",nc=${nc},cnonce="${cnonce}",` +
      `digest-uri="${uri}",maxbuf=65536,response=${response},qop=auth`
    );
  }

  /** A token of the server, as text that two servers must agree on. */
  read(token: string): string {
    if (token.startsWith('rspauth='))
      return `rspauth ${token === `rspauth=${this.proof('')}` ? 'right' : 'wrong'}`;
    const directives = [...readDirectives(token)].map(([name, text]) =>
      name === 'nonce' ? 'nonce' : `${name}=${text}`,
    );
    return directives.sort().join(',');
  }

  private proof(prefix: string): string {
    const { secret, nonce, uri } = this.sent;
    return md5(`${secret}:${nonce}:auth:${md5(`${prefix}:${uri}`)}`);
  }
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
