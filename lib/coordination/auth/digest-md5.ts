import { createHash, timingSafeEqual } from 'node:crypto';
import { MalformedError } from '../../base/index.js';
import { readDirectives } from './directives.js';

/** What ZooKeeper's servers call themselves towards SASL clients. */
const REALM = 'zk-sasl-md5';
const FIRST_USE = '00000001';
const QOP = 'auth';

/** Passwords of those who may log in, by user. */
export type SaslUsers = ReadonlyMap<string, string>;

export type SaslStep =
  /** Send the token; the client goes on. */
  | { readonly kind: 'challenge'; readonly token: Uint8Array }
  /** The client proved to be `user`; send the token, by which it can tell that we know the password. */
  | { readonly kind: 'done'; readonly token: Uint8Array; readonly user: string }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * The server of one DIGEST-MD5 exchange (RFC 2831), the mechanism that ZooKeeper's clients speak. `nonce` is random
 * text that was never used before. One response is judged; then the exchange is over.
 */
export class DigestMd5Exchange {
  private readonly users: SaslUsers;
  private readonly nonce: string;
  private phase: 'fresh' | 'challenged' | 'over' = 'fresh';

  constructor(users: SaslUsers, nonce: string) {
    this.users = users;
    this.nonce = nonce;
  }

  step(token: Uint8Array): SaslStep {
    if (this.phase === 'over') return failed('the exchange is over');
    if (this.phase === 'fresh') {
      this.phase = 'challenged';
      // A token that hopes to go on from an earlier exchange is answered like an empty one (RFC 2831, 2.2).
      // No qop, as from ZooKeeper: that means "auth" (RFC 2831, 2.1.1).
      const challenge = `realm="${REALM}",nonce="${this.nonce}",charset=utf-8,algorithm=md5-sess`;
      return { kind: 'challenge', token: Buffer.from(challenge) };
    }
    return this.end(this.judge(Buffer.from(token).toString('utf8')));
  }

  private end(step: SaslStep): SaslStep {
    this.phase = 'over';
    return step;
  }

  private judge(text: string): SaslStep {
    let sent: ReadonlyMap<string, string>;
    try {
      sent = readDirectives(text);
    } catch (cause) {
      if (cause instanceof MalformedError) return failed(cause.message);
      throw cause;
    }
    const user = sent.get('username') ?? '';
    const password = this.users.get(user);
    const uri = sent.get('digest-uri') ?? '';
    if (sent.get('nonce') !== this.nonce) return failed('another nonce');
    if (sent.get('nc') !== FIRST_USE) return failed('the nonce was used before');
    if ((sent.get('qop') ?? QOP) !== QOP) return failed('only authentication is offered');
    const authzid = sent.get('authzid');
    if (authzid !== undefined && authzid !== '' && authzid !== user) {
      return failed(`${user} may not act for another`);
    }
    // An unknown user costs what a wrong password does.
    const secret = secretOf({
      user,
      realm: sent.get('realm') ?? '',
      password: password ?? this.nonce,
      nonce: this.nonce,
      cnonce: sent.get('cnonce') ?? '',
      authzid: authzid ?? '',
    });
    const proof = (prefix: string): string =>
      md5Hex(
        `${secret}:${this.nonce}:${FIRST_USE}:${sent.get('cnonce') ?? ''}:${QOP}:${md5Hex(`${prefix}:${uri}`)}`,
      );
    const right = equalText(proof('AUTHENTICATE'), sent.get('response') ?? '');
    if (!right || password === undefined) return failed('wrong user or password');
    return { kind: 'done', token: Buffer.from(`rspauth=${proof('')}`), user };
  }
}

interface Secrets {
  readonly user: string;
  readonly realm: string;
  readonly password: string;
  readonly nonce: string;
  readonly cnonce: string;
  readonly authzid: string;
}

/** HEX(H(A1)) of RFC 2831, 2.1.2.1. */
function secretOf({ user, realm, password, nonce, cnonce, authzid }: Secrets): string {
  const inner = createHash('md5').update(`${user}:${realm}:${password}`).digest();
  const outer = createHash('md5').update(inner).update(`:${nonce}:${cnonce}`);
  return (authzid === '' ? outer : outer.update(`:${authzid}`)).digest('hex');
}

function md5Hex(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function equalText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

function failed(reason: string): SaslStep {
  return { kind: 'failed', reason };
}
