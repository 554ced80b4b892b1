// Applications around the service that run until they are told to stop, each in a container of its own: see compose.yaml.
import { Producer } from '../demo/produce.ts';
import { ROUTE } from '../demo/service-config.ts';
import { namesWith } from '../demo/topics.ts';
import { sendOrders } from '../watch/send-orders.ts';
import { Warehouse } from '../watch/warehouse.ts';
import { weatherAt } from '../watch/weather.ts';
import { createMainTopic } from './main-topic.ts';

const usage = `node dev/orders/main.ts topic | shop | warehouse

  topic      makes the topic of the orders, once Kafka answers
  shop       sends orders, a hundred a second
  warehouse  handles them, through the gate; now and then it is down

KAFKA_BROKERS and SERVICE_URL in the environment say where Kafka and the service are; TOPIC_PREFIX what the names of the
topics and of the group begin with.`;

const brokers = (process.env['KAFKA_BROKERS'] ?? 'localhost:9092').split(',');
const service = process.env['SERVICE_URL'] ?? 'http://localhost:8080';
const names = namesWith(process.env['TOPIC_PREFIX'] ?? '');
const role = process.argv[2];

const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    abort.abort();
  });
}

const roles: Readonly<Record<string, () => Promise<void>>> = {
  topic: () => createMainTopic(brokers, names.main, abort.signal),
  shop: async () => {
    await using producer = await Producer.connect(brokers, names.main);
    say('sending orders');
    await sendOrders(producer, abort.signal, () => undefined);
  },
  warehouse: async () => {
    let seen = weatherAt(0);
    await using _warehouse = await Warehouse.open({
      ...{ brokers, names, route: ROUTE, service },
      // By the time of day, so that every warehouse has the same.
      weather: () => {
        const now = weatherAt(Date.now() / 1_000);
        if (now !== seen) say(now.name);
        seen = now;
        return now;
      },
    });
    say('handling orders');
    await aborted(abort.signal);
  },
};

const play = roles[role ?? ''];
if (play === undefined) {
  process.stderr.write(`${usage}\n`);
  process.exit(2);
}
await play();
say('stopped');
process.exit(0);

function say(line: string): void {
  process.stdout.write(`${role}: ${line}\n`);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => {
    // Nothing else may keep the process alive meanwhile.
    const alive = setInterval(() => undefined, 60_000);
    signal.addEventListener('abort', () => {
      clearInterval(alive);
      resolve(undefined);
    });
  });
}
