export { addressIdentity } from './addresses.js';
export { digestId, digestIdentities } from './digest.js';
export { DigestMd5Exchange, type SaslStep, type SaslUsers } from './digest-md5.js';
