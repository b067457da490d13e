import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { WORDS } from '../../../lib/api/index.js';
import { saslUsersOf, wordsOf, zookeeperSchema } from '../../../lib/node/config/zookeeper.js';
import { tempFolder } from '../../support/temp-folder.js';

function wrong(value: object): string[] {
  const { error } = zookeeperSchema.safeParse(value);
  return (error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

describe('the configuration of the door for ZooKeeper clients', () => {
  it('refuses a range of timeouts that is empty', () => {
    assert.deepEqual(wrong({ minSessionTimeoutMs: 50_000 }), [
      'maxSessionTimeoutMs: 40000 is below minSessionTimeoutMs, 50000',
    ]);
  });

  it('refuses words that are not answered, and takes a star for all', () => {
    assert.match(wrong({ words: ['rouk'] }).join(), /^words\.0: /);
    assert.deepEqual(wordsOf(zookeeperSchema.parse({ words: ['*'] })), WORDS);
    assert.deepEqual(wordsOf(zookeeperSchema.parse({ words: ['ruok'] })), ['ruok']);
  });

  it('takes for the super user what zkServer prints, and nothing else', () => {
    assert.deepEqual(wrong({ superDigest: 'super:xQJmxLMiHGwaqBvst5y6rkB6HQs=' }), []);
    assert.match(wrong({ superDigest: 'super:secret' }).join(), /^superDigest: must be a user/);
  });

  const folder = tempFolder();

  after(() => folder.remove());

  it('has passwords in the open or in files, without the end of their line', () => {
    const file = path.join(folder.path, 'password');
    writeFileSync(file, 'from a file\n');
    const config = zookeeperSchema.parse({ saslUsers: { a: 'in the open', b: { file } } });
    assert.deepEqual(
      [...saslUsersOf(config)],
      [
        ['a', 'in the open'],
        ['b', 'from a file'],
      ],
    );
  });

  it('names a file that is not there, and one that is empty', () => {
    const file = path.join(folder.path, 'another password');
    const config = zookeeperSchema.parse({ saslUsers: { b: { file } } });
    assert.throws(() => saslUsersOf(config), {
      code: 'CONFIG',
      message: /saslUsers\.b: .*password cannot be read/,
    });
    writeFileSync(file, '\n');
    assert.throws(() => saslUsersOf(config), {
      code: 'CONFIG',
      message: /saslUsers\.b: .*password is empty/,
    });
  });
});
