import RdKafka, { type Producer } from '@confluentinc/kafka-javascript';
import type * as GateModule from '../../../src/gate/index.ts';
import { LARGE_BYTES } from '../plan/load.ts';
import { SESSION_TIMEOUT_MS, topicsOf } from '../routes.ts';
import { handlerOf } from './handler.ts';
import type { HistoryWriter } from './history-writer.ts';
import type { ConsumerSettings } from './settings.ts';

const ROUTE = 'gated';

/** The consumer that asks the gate. Resolves once it consumes; what it resolves with stops it. */
export async function startGated(
  settings: ConsumerSettings,
  { producer, history }: { producer: Producer; history: HistoryWriter },
): Promise<() => Promise<void>> {
  const { Gate, rdKafkaPublisher, RdKafkaRunner } = (await import(settings.gate)) as typeof GateModule;
  const { main, retry, group } = topicsOf(ROUTE);
  /** Redelivered records that the service has not been told the success of, with their origins. */
  const unreported = new Map<string, { partition: number; offset: number }>();

  const gate = new Gate({
    service: [...settings.services],
    route: ROUTE,
    topic: main,
    publish: rdKafkaPublisher(producer, { retryTopic: retry }),
    maxRecordBytes: LARGE_BYTES,
    onEvent: (event) => {
      process.stdout.write(`${JSON.stringify({ at: Date.now(), route: ROUTE, ...event })}\n`);
      if (event.type === 'assigned' || event.type === 'revoked') {
        history.moved(event.type, ROUTE, event.partitions);
      }
      if (event.type !== 'finished') return;
      const id = `${event.partition}/${event.offset}`;
      const origin = unreported.get(id);
      unreported.delete(id);
      // Of a redelivered record `handled` means that the service has said that it knows.
      if (event.finish === 'handled' && origin !== undefined) history.recorded({ route: ROUTE, ...origin });
    },
  });

  const runner = new RdKafkaRunner({
    gate,
    handler: handlerOf({
      ...settings,
      ...{ route: ROUTE, history },
      onSuccess: ({ partition, offset }, { origin }) => {
        const { partition: first, offset: at } = origin;
        unreported.set(`${partition}/${offset}`, { partition: first, offset: at });
      },
    }),
    // Seldom, as clients do by default: who takes over from one that was killed reads again what has been retried since.
    commitEveryMs: 2_000,
    createConsumer: (callbacks) =>
      new RdKafka.KafkaConsumer(
        {
          'metadata.broker.list': settings.brokers.join(','),
          'client.id': settings.name,
          'group.id': group,
          'session.timeout.ms': SESSION_TIMEOUT_MS,
          'heartbeat.interval.ms': 1_000,
          'partition.assignment.strategy': 'cooperative-sticky',
          'fetch.queue.backoff.ms': 5,
          'fetch.wait.max.ms': 100,
          ...callbacks,
        },
        { 'auto.offset.reset': 'earliest' },
      ),
  });
  await runner.start();
  return () => runner.stop();
}
