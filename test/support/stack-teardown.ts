import failOnLeak from './fail-on-leak.ts';
import { stackOfThisRun } from './stack-of-this-run.ts';

export default async function tearDownStack(): Promise<void> {
  for (const stack of stackOfThisRun.splice(0)) await stack[Symbol.asyncDispose]();
  failOnLeak();
}
