import type { Schema } from '../schema.ts';

/** One entry of `routes`. The defaults of the two topics, and which backoff it is, are decided in route.ts. */
export const routeSettings = {
  name: { format: 'route name', doc: 'the name of the route, in URLs, metrics and headers.', default: null },
  topic: { format: 'topic', doc: 'the main topic, that the application reads.', default: null },
  consumerGroup: { format: 'consumer group', doc: "the application's consumer group.", default: null },
  retryTopic: {
    format: 'topic',
    nullable: true,
    doc: 'Where failures and what waits behind them is published. It has as many partitions as `topic`; checked at start.',
    default: null,
    defaultDoc: '`<topic>.retry`',
  },
  deadLetterTopic: {
    format: 'topic',
    nullable: true,
    doc: 'Where messages go that are given up.',
    default: null,
    defaultDoc: '`<topic>.dlq`',
  },
  ordering: {
    format: 'ordering',
    doc: '`key`: the messages of a key keep their order, and wait for one that fails. `none`: each for itself.',
    default: 'key',
  },
  gate: {
    format: 'boolean',
    doc: 'Whether the consumer asks the gate. `false`: outcomes are inferred from committed offsets. Ignored with `ordering: none`.',
    default: true,
  },
  backoff: {
    initial: { format: 'duration', doc: 'The delay after the first failure.', default: '1s' },
    multiplier: {
      format: 'number',
      min: 1,
      doc: 'What the delay grows by with each further failure.',
      default: 2,
    },
    max: { format: 'duration', doc: 'The longest delay, before jitter.', default: '5m' },
    jitter: {
      format: 'number',
      min: 0,
      max: 1,
      doc: 'A delay of d becomes one in [d, d·(1 + jitter)]: never shorter.',
      default: 0.2,
    },
    schedule: {
      format: 'schedule',
      nullable: true,
      doc: 'Instead of `initial`, `multiplier` and `max`: the delay after each failure; the last one repeats.',
      default: null,
    },
  },
  maxAttempts: {
    format: 'integer',
    min: 1,
    doc: 'How often the handler is tried before the message is dead-lettered, the first time included.',
    default: 7,
  },
  maxAge: {
    format: 'duration',
    min: 1,
    nullable: true,
    doc: 'A message is dead-lettered when its first failure is so long ago. `null`: never for its age.',
    default: '24h',
  },
  afterDeadLetter: {
    format: 'after dead letter',
    doc: '`continue`: the key goes on with its next message. `hold`: it is parked for an operator.',
    default: 'continue',
  },
  deadLetters: {
    allowEdit: {
      format: 'boolean',
      doc: 'Whether a message may be redriven with another value or other headers than it had.',
      default: false,
    },
    indexLimit: {
      format: 'integer',
      min: 1,
      doc: 'The most dead letters that the index in Redis has in detail, about 0.8 KiB each; beyond it the oldest are only counted.',
      default: 100_000,
    },
  },
  undeliverable: {
    attempts: {
      format: 'integer',
      min: 1,
      doc: 'How often in a row Kafka may refuse a redelivery for its own sake (forbidden topic, invalid timestamp, invalid record) before it is dead-lettered as `undeliverable`. Too large is final at once.',
      default: 3,
    },
  },
  redelivery: {
    window: {
      format: 'integer',
      min: 1,
      doc: 'The most messages of one key that are on their way to the consumer at once.',
      default: 64,
    },
    maxPerSecond: {
      format: 'integer',
      min: 1,
      doc: 'The most redeliveries of the route in a second; each replica has the share of the shards that it owns.',
      default: 500,
    },
    startPerSecond: {
      format: 'integer',
      min: 1,
      doc: 'What the rate begins at after a start, an outage, and when the circuit breaker has closed; it doubles every 5 s while that goes well.',
      default: 50,
    },
    topic: {
      format: 'topic',
      nullable: true,
      doc: "A topic of the group's own for redeliveries, where other groups read `topic` and can't be taught to pass them over.",
      default: null,
    },
  },
  deliveryTimeout: {
    format: 'duration',
    min: 1,
    doc: 'When to look for evidence about a redelivery without an outcome, whose consumer was not seen alive.',
    default: '60s',
  },
  claimTtl: {
    format: 'duration',
    min: 1,
    doc: 'How long a claim counts as alive after its last renewal.',
    default: '10s',
  },
  journalInterval: {
    format: 'duration',
    min: 1,
    doc: 'How soon outcomes are in the retry topic, and so the most that are repeated when Redis loses its data.',
    default: '200ms',
  },
  carryForward: {
    age: {
      format: 'duration',
      min: 1,
      doc: 'Retry records of messages that still wait after this time are appended anew. Well below the retention of the retry topic.',
      default: '1h',
    },
    distance: {
      format: 'integer',
      min: 1,
      doc: 'The same where so many records lie behind them: the most that a rebuild reads besides what is held.',
      default: 100_000,
    },
  },
  payload: {
    inlineUpTo: {
      format: 'size',
      doc: 'Headers and value of larger messages are not kept in Redis: they are read from the retry topic again when they are due.',
      default: '64KiB',
    },
  },
  limits: {
    heldBytes: {
      format: 'size',
      doc: 'Above this, payloads of held messages stay in Kafka and are read again when they are due.',
      default: '1GiB',
    },
    lockedKeys: {
      format: 'integer',
      min: 1,
      doc: 'Above this, the circuit breaker opens: new failures stop their partition instead of locking their key.',
      default: 100_000,
    },
  },
  breaker: {
    failureShare: {
      format: 'number',
      min: 0.1,
      max: 1,
      doc: 'The circuit breaker opens where so much of what is handled fails.',
      default: 0.9,
    },
    window: {
      format: 'duration',
      min: 10_000,
      doc: 'How far back it looks at most. New failures of many keys show in 2 s.',
      default: '30s',
    },
    minimum: {
      format: 'integer',
      min: 1,
      doc: 'Fewer outcomes than this in the window never open it.',
      default: 50,
    },
    keys: {
      format: 'integer',
      min: 1,
      max: 1_000,
      doc: 'Failures of fewer different keys than this never open it.',
      default: 20,
    },
    probes: {
      format: 'integer',
      min: 1,
      doc: 'While it is open: the most attempts under way at once, over all replicas; and successes in a row that close it.',
      default: 5,
    },
  },
  gateListLimit: {
    format: 'integer',
    min: 0,
    doc: 'The most keys that a claim lists; with more, the consumer asks about every key.',
    default: 10_000,
  },
} satisfies Schema;
