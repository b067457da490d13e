"""auth.py HOSTS: logs in with SASL (DIGEST-MD5) and with digests, and prints what each client may and may not do."""
import json
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import AuthFailedError, NoAuthError
from kazoo.security import ACL, Id, make_digest_acl

HOSTS = sys.argv[1]


def client(**options):
    zk = KazooClient(hosts=HOSTS, timeout=10.0, **options)
    zk.start(timeout=20)
    return zk


def sasl(user, password):
    return {'sasl_options': {'mechanism': 'DIGEST-MD5', 'username': user, 'password': password,
                             'service': 'zookeeper', 'principal': 'zk-sasl-md5'}}


def attempt(act):
    try:
        result = act()
        return result if isinstance(result, str) else 'done'
    except NoAuthError:
        return 'no permission'
    except AuthFailedError:
        return 'not let in'


anybody = client()
alice = client(**sasl('alice', 'wonderland'))
digest = client(auth_data=[('digest', 'bob:builder')])
alice.create('/alice', b'hers', acl=[ACL(31, Id('sasl', 'alice'))])
digest.create('/bob', b'his', acl=[make_digest_acl('bob', 'builder', all=True)])
late = client()
late.add_auth('digest', 'bob:builder')
print(json.dumps({
    'alice reads hers': attempt(lambda: alice.get('/alice')[0].decode()),
    'anybody reads hers': attempt(lambda: anybody.get('/alice')),
    'bob reads hers': attempt(lambda: digest.get('/alice')),
    'bob reads his': attempt(lambda: digest.get('/bob')[0].decode()),
    'alice reads his': attempt(lambda: alice.get('/bob')),
    'who says later that he is bob reads his': attempt(lambda: late.get('/bob')[0].decode()),
    'alice with a wrong password': attempt(lambda: client(**sasl('alice', 'looking-glass')).get('/')),
}))
for zk in (anybody, alice, digest, late):
    zk.stop()
