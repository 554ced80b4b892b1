import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** What `promtool check metrics` says about an exposition; empty: nothing is wrong with it. */
export async function complaints(exposition: string): Promise<string> {
  const promtool = spawn('promtool', ['check', 'metrics']);
  promtool.stdin.end(exposition);
  const [said, cried] = await Promise.all([
    text(promtool.stdout),
    text(promtool.stderr),
    once(promtool, 'close'),
  ]);
  if (promtool.exitCode !== 0 && said + cried === '') return `promtool ended with ${promtool.exitCode}`;
  return said + cried;
}
