// One instance of the application `orders-service`, in a process of its own so that it can be killed. Nothing here knows
// of retries but the gate.
import { setTimeout as sleep } from 'node:timers/promises';
import RdKafka from '@confluentinc/kafka-javascript';
import {
  Gate,
  type GateEvent,
  type GateRecord,
  type HandlerContext,
  rdKafkaPublisher,
  RdKafkaRunner,
} from '../../src/gate/index.ts';
import { called } from './called.ts';
import type { ConsumerSettings } from './consumer-settings.ts';
import { HistoryWriter } from './history.ts';
import { failuresOf, type Order } from './plan.ts';

const settings = JSON.parse(process.argv[2] ?? '') as ConsumerSettings;
const { brokers, names } = settings;
const history = new HistoryWriter(settings.historyFile, settings.name);

const connection = { 'metadata.broker.list': brokers.join(','), 'client.id': settings.name };

const producer = new RdKafka.Producer({
  ...connection,
  dr_cb: true,
  acks: -1,
  'enable.idempotence': true,
  'linger.ms': 1,
});
await called((done) => producer.connect({}, done));
producer.setPollInBackground(true);

/** Redelivered records that the service has not been told the success of, with the offset of their origin. */
const unreported = new Map<string, number>();

const gate = new Gate({
  service: settings.service,
  route: settings.route,
  topic: names.main,
  publish: rdKafkaPublisher(producer, { retryTopic: names.retry }),
  onEvent: (event) => {
    process.stdout.write(`${JSON.stringify({ at: Date.now(), ...event })}\n`);
    note(event);
  },
});

const runner = new RdKafkaRunner({
  gate,
  handler: handle,
  commitEveryMs: 250,
  createConsumer: (callbacks) =>
    new RdKafka.KafkaConsumer(
      {
        ...connection,
        'group.id': names.consumerGroup,
        'session.timeout.ms': settings.sessionTimeoutMs,
        'heartbeat.interval.ms': 500,
        // The partitions of the consumers that live go on while those of a killed one are handed over.
        'partition.assignment.strategy': 'cooperative-sticky',
        'fetch.queue.backoff.ms': 5,
        'fetch.wait.max.ms': 50,
        ...callbacks,
      },
      { 'auto.offset.reset': 'earliest' },
    ),
});
await runner.start();

async function handle(record: GateRecord, { attempt, redelivered, origin }: HandlerContext): Promise<void> {
  const order = JSON.parse(String(record.value)) as Order;
  const { key, seq } = order;
  const call = history.begun({
    ...{ key, seq, attempt, redelivered },
    ...{ partition: origin.partition, offset: origin.offset },
  });
  // Some work, so that there is always a message in a handler when the process is killed.
  await sleep(1);
  if (attempt <= failuresOf(order, settings)) {
    history.ended(call, 'failed');
    throw new Error(`the warehouse does not answer for ${key}`);
  }
  if (redelivered) unreported.set(`${record.partition}/${record.offset}`, origin.offset);
  history.ended(call, 'succeeded');
}

function note(event: GateEvent): void {
  if (event.type === 'assigned') history.assigned(event.partitions);
  if (event.type !== 'finished') return;
  const id = `${event.partition}/${event.offset}`;
  const origin = unreported.get(id);
  unreported.delete(id);
  // Of a redelivered record `handled` means that the service has said that it knows.
  if (event.finish === 'handled' && origin !== undefined) history.recorded(event.partition, origin);
}
