import type { Evidence } from './checker/story.ts';
import type { LiveView } from './live-view.ts';
import type { DemoOptions } from './options.ts';
import type { Plan } from './plan.ts';
import type { Stage } from './stage.ts';
import type { Watch } from './watch.ts';

/** As long as the key that always fails needs for its messages: producing faster would end nothing sooner. */
const PRODUCING_SECONDS = 20;

export interface Played extends Pick<Evidence, 'kills' | 'serviceKills'> {
  /** False: the deadline passed before everything was resolved. */
  readonly inTime: boolean;
  readonly seconds: number;
}

/** What happens, from the first order until every one has its end. */
export async function play(
  { stage, watch, view, signal }: { stage: Stage; watch: Watch; view: LiveView; signal: AbortSignal },
  plan: Plan,
  { messages, killService }: DemoOptions,
): Promise<Played> {
  const { processes, producer } = stage;
  const kills: Played['kills'][number][] = [];
  const serviceKills: number[] = [];
  // More than a slow and busy machine needs: when it passes, something is stuck.
  const allowedMs = 120_000 + messages * 5;
  const handled = (share: number) => (): boolean => watch.progress.succeeded >= messages * share;

  watch.meanwhile(producer.produce(plan.orders, rateOf(messages), signal));
  let inTime = await watch.until('Two consumers at work', allowedMs, handled(0.5));

  await processes.kill('consumer-1');
  // Written down when it is gone, and before another consumer can have one of its partitions.
  kills.push({ consumer: 'consumer-1', at: Date.now() });
  view.say('demo: killed consumer-1 (SIGKILL), started consumer-3 in its place');
  watch.meanwhile(stage.startConsumer('consumer-3'));

  if (killService) {
    inTime &&= await watch.until('One consumer was killed', allowedMs, handled(0.7));
    await processes.kill('service');
    serviceKills.push(Date.now());
    view.say('demo: killed the service (SIGKILL), started it again');
    watch.meanwhile(stage.startService());
  }

  inTime &&= await watch.until('Until every order has its end', allowedMs, () => watch.isResolved);
  const committed = (): boolean => watch.isResolved && watch.totalLag === 0;
  if (inTime) await watch.until('Until everything is committed', 30_000, committed);
  return { kills, serviceKills, inTime, seconds: watch.seconds };
}

/** Orders a second: slow enough that there is no backlog, so that how long a message waits says something. */
function rateOf(messages: number): number {
  return Math.min(4_000, Math.max(100, messages / PRODUCING_SECONDS));
}
