import type { Stack } from '../stack/stack.ts';
import { abortable } from './abortable.ts';
import { brokenPromises, check } from './checker.ts';
import { readDeadLetters } from './dead-letters.ts';
import { keepRunning } from './keep.ts';
import { LiveView } from './live-view.ts';
import { missingLines } from './missing.ts';
import { commandFor, type DemoOptions } from './options.ts';
import { planOf } from './plan.ts';
import { play } from './play.ts';
import { nextSteps, report } from './report.ts';
import { policy } from './service-config.ts';
import { setStage } from './stage.ts';
import { Watch } from './watch.ts';

/** Lag below which the consumers have kept up; normally it is 0. */
const LAG_ALLOWED = 500;

/** Runs the demo on a stack, and clears up behind itself. Resolves to whether every promise was kept. */
export async function runDemo(
  stack: Stack,
  options: DemoOptions,
  { out, signal }: { out: NodeJS.WriteStream; signal: AbortSignal },
): Promise<boolean> {
  const { messages, keys, seed } = options;
  const plan = planOf(options);
  const { poisonKey } = plan;
  const view = new LiveView(out);
  await using stage = await setStage(stack, { seed, poisonKey });
  const { brokers, names, topics, processes, producer, service } = stage;

  try {
    view.say('demo: starting the service and two consumers');
    await abortable(stage.startService(), signal);
    await abortable(Promise.all(['consumer-1', 'consumer-2'].map(stage.startConsumer)), signal);
    view.say(`demo: ${messages} orders of ${keys} keys, seed ${seed}; ${poisonKey} always fails`);

    const watch = new Watch({ topics, names, service, processes, producer, view, messages, signal });
    const played = await play({ stage, watch, view, signal }, plan, options);

    const { history, retried } = watch.progress;
    const ends = await topics.ends(names.deadLetters);
    const deadLetters = await readDeadLetters(brokers, names.deadLetters, ends, signal);
    const verdict = check({ ...{ sent: producer.sent, history, deadLetters, poisonKey, policy }, ...played });
    const lag = watch.totalLag;
    const released = await service.releaseLateness();
    const figures = { ...{ verdict, poisonKey, lag, retried, released }, seconds: played.seconds };
    say('', ...report(figures, options), '');

    const broken = brokenPromises(verdict);
    if (lag >= LAG_ALLOWED) broken.push(`the group's lag is ${lag}`);
    if (!played.inTime) {
      broken.push('the deadline has passed', ...(await missingLines(verdict.lost, watch.lag, service)));
    }
    if (broken.length > 0) await explain(broken);
    else say(`Every promise was kept. Seed ${seed}.`);
    say('', ...nextSteps(options));
    if (options.keep) await keepRunning({ service, producer, poisonKey, seq: plan.poisoned, say, signal });
    return broken.length === 0;
  } catch (error) {
    if (signal.aborted) throw error;
    await explain([error instanceof Error ? (error.stack ?? error.message) : String(error)]);
    return false;
  }

  function say(...lines: string[]): void {
    for (const line of lines) out.write(`${line}\n`);
  }

  async function explain(broken: readonly string[]): Promise<void> {
    const directory = await processes.keepEvidence();
    say(`BROKEN (seed ${seed}):`, ...broken.map((line) => `  ${line}`));
    say(`Logs and histories: ${directory}`, `Once more: ${commandFor(options)}`);
  }
}
