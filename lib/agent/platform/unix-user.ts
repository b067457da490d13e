import fs from 'node:fs';

/** passwd(5): name:password:uid:gid:comment:home:shell. Users of a directory service are not found. */
export function unixUser(user: string): { uid: number; gid: number; home: string } | undefined {
  for (const line of fs.readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid, , home] = line.split(':');
    if (uid === undefined || gid === undefined || home === undefined) continue;
    if (name === user || uid === user) return { uid: Number(uid), gid: Number(gid), home };
  }
  return undefined;
}
