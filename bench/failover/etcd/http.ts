import { request, type Agent } from 'node:http';

/** One call through etcd's JSON gateway (https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/); rejects unless it is answered with 200. */
export function post(
  address: string,
  path: string,
  body: object,
  options: { readonly timeoutMs: number; readonly agent?: Agent },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const [hostname, port] = address.split(':');
    const { agent, timeoutMs } = options;
    const call = request({ hostname, port, path, method: 'POST', ...(agent === undefined ? {} : { agent }) });
    const timer = setTimeout(() => call.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    call.once('close', () => clearTimeout(timer));
    call.on('error', reject);
    call.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`etcd answered ${response.statusCode}: ${text}`));
      });
    });
    call.end(JSON.stringify(body));
  });
}
