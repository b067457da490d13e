import { connect } from 'node:net';

const ANSWER_MS = 500;

/** Asks one of ZooKeeper's four-letter words; null when there is no answer. */
export function fourLetterWord(address: string, word: string): Promise<string | null> {
  return new Promise((resolve) => {
    const [host, port] = address.split(':');
    const socket = connect({ host: host!, port: Number(port) });
    let text = '';
    const finish = (answer: string | null) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(null), ANSWER_MS);
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', () => finish(null));
    socket.on('close', () => finish(text));
    socket.write(word);
  });
}
