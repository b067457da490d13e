import assert from 'node:assert/strict';
import { distinguishedName } from '../../../lib/api/zookeeper/distinguished-name.js';

// Made by OpenSSL; the names are what Java 17 prints for `getSubjectX500Principal().getName()`.

const MANY_KINDS =
  'MIIDBTCCAqugAwIBAgIUZ85XnVrb4ShI5mBkd7Eio3wLUL4wCgYIKoZIzj0EAwIwgdYxCzAJBgNVBAYTAkRFMRUwEwYDVQQIDAxT' +
  'YWNoc2VuLCBPc3QxEzARBgNVBAcMCiBHw7ZybGl0eiAxHTAbBgNVBAoMFEFjbWUgKyBTw7ZobmUgIkdtYkgiMQwwCgYDVQQLDANv' +
  'bmUxFDASBgNVBAsMCyN0d287PHg+PVx5MRowGAYJKoZIhvcNAQkBFgthQGIuZXhhbXBsZTEXMBUGCgmSJomT8ixkARkWB2V4YW1w' +
  'bGUxEjAQBgoJkiaJk/IsZAEBDAJ1MTEPMA0GA1UEAwwGY2xpZW50MCAXDTI2MTEyMzE2NTMyNVoYDzIxMjYxMDMwMTY1MzI1WjCB' +
  '1jELMAkGA1UEBhMCREUxFTATBgNVBAgMDFNhY2hzZW4sIE9zdDETMBEGA1UEBwwKIEfDtnJsaXR6IDEdMBsGA1UECgwUQWNtZSAr' +
  'IFPDtmhuZSAiR21iSCIxDDAKBgNVBAsMA29uZTEUMBIGA1UECwwLI3R3bzs8eD49XHkxGjAYBgkqhkiG9w0BCQEWC2FAYi5leGFt' +
  'cGxlMRcwFQYKCZImiZPyLGQBGRYHZXhhbXBsZTESMBAGCgmSJomT8ixkAQEMAnUxMQ8wDQYDVQQDDAZjbGllbnQwWTATBgcqhkjO' +
  'PQIBBggqhkjOPQMBBwNCAAT8whgJDS/zDptXXOnH3POhpU/RRFGVtf45v+BuN7oxOhywSTB1NO5btDNDyQicFO/JgESFh0OZvk2D' +
  'LwLLHwRno1MwUTAdBgNVHQ4EFgQUOziUykLW7+0ArP91MBfjZJyv/rkwHwYDVR0jBBgwFoAUOziUykLW7+0ArP91MBfjZJyv/rkw' +
  'DwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiB+BvrPYZA9FWqiOGRVYv8r1UIJT1SsMdJ2SSel7OfD2AIhAIk6+tne' +
  'LbG5vmLZsIHEuXypl/0Y6GwnlT4D19zp6AGI';

const TWO_IN_ONE =
  'MIIBsjCCAVmgAwIBAgIUDhw9Hspdw76mAtiIRadZ3M6vxqowCgYIKoZIzj0EAwIwLjEKMAgGA1UECgwBeDEgMA0GA1UEAwwGY2xp' +
  'ZW50MA8GCgmSJomT8ixkAQEMATcwIBcNMjYxMTIzMTY1MTM4WhgPMjEyNjEwMzAxNjUxMzhaMC4xCjAIBgNVBAoMAXgxIDANBgNV' +
  'BAMMBmNsaWVudDAPBgoJkiaJk/IsZAEBDAE3MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAENfwqb2WtAVnIQTDm8UgN8Rtdm2T4' +
  'u4+TQwOD/VixeHvHmYVwYc8TY2oGdVJZIZTKq8eX2ioeRlAACnuhVy/1QqNTMFEwHQYDVR0OBBYEFMWNrIB9DEL1a2RCNVYSQSb0' +
  '4IC2MB8GA1UdIwQYMBaAFMWNrIB9DEL1a2RCNVYSQSb04IC2MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgE4t5' +
  '0gvvjqP6CiuKbWxAJ+XqajrlOhIkN6TCAopKneQCIHlWLV5nappZ4M2vIJmGYy7FKbGkfTCbIxU3DEkIuFR6';

function nameOf(base64: string): string | null {
  return distinguishedName(Buffer.from(base64, 'base64'));
}

describe('the name of a certificate', () => {
  it('is written as Java writes it: last part first, special characters escaped, unnamed types as numbers', () => {
    assert.equal(
      nameOf(MANY_KINDS),
      'CN=client,UID=u1,DC=example,1.2.840.113549.1.9.1=#160b6140622e6578616d706c65,' +
        'OU=\\#two\\;\\<x\\>\\=\\\\y,OU=one,O=Acme \\+ Söhne \\"GmbH\\",L=\\ Görlitz\\ ,ST=Sachsen\\, Ost,C=DE',
    );
  });

  it('has a plus between parts that stand together', () => {
    assert.equal(nameOf(TWO_IN_ONE), 'CN=client+UID=7,O=x');
  });

  it('is none where the bytes are no certificate', () => {
    assert.equal(distinguishedName(Buffer.from('MIIB')), null);
    assert.equal(nameOf(TWO_IN_ONE.slice(0, 60)), null);
    assert.equal(distinguishedName(Buffer.alloc(0)), null);
  });
});
